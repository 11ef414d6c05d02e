"""What the linter says of a program's options, by its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from proc_jail import _core
from proc_jail._described import name_at, names_of, sub_table
from proc_jail._lint import Finding

Data = Mapping[str, Any]
Row = Mapping[str, Any]


class Effect(NamedTuple):
    """What is said of an option that can do something."""

    code: str
    severity: str
    capability: str
    does: str
    remedy: str


EFFECTS = {
    "exec": Effect(
        "OptionExecutes",
        "error",
        "execute",
        "can run another program",
        "leave it out, or declare its rules by type, with run_nothing",
    ),
    "write": Effect(
        "OptionWrites",
        "error",
        "write",
        "can write files",
        "leave it out, or give it a write_path with roots",
    ),
    "read": Effect(
        "OptionReads",
        "warning",
        "read",
        "can read other files than the operands",
        "leave it out, or give it a read_path with roots",
    ),
    "network": Effect(
        "OptionConnects",
        "error",
        "network",
        "can reach the network",
        "leave it out, or deny the network in the sandbox",
    ),
    "config": Effect(
        "OptionConfigures",
        "error",
        "config",
        "can load a configuration, and with it other options",
        "leave it out",
    ),
    "input": Effect(
        "OptionReadsInput",
        "warning",
        "input",
        "takes names or commands from the standard input",
        "leave it out: rules hold arguments only",
    ),
    "endless": Effect(
        "OptionEndless",
        "note",
        "time",
        "can go on until the deadline",
        "leave it out, or set a short timeout",
    ),
}


class Level(NamedTuple):
    """The rules of a program or of a subcommand, and what is known of it."""

    path: str
    rules: Data
    table: Row | None
    # Tables in which else a flag may be found: that of a pinned subcommand.
    more: tuple[Row, ...] = ()


def levels_of(path: str, rules: Data, table: Row | None) -> Iterator[Level]:
    """The rules of a program, and of its subcommands."""
    inner = rules.get("subcommand", ())
    if isinstance(inner, str):
        sub = sub_table(table, inner)
        yield Level(path, rules, table, () if sub is None else (sub,))
        return
    yield Level(path, rules, table)
    for one in inner:
        yield from levels_of(path, one, sub_table(table, one["word"]))


def option_findings(path: str, program: Data, data: Data) -> Iterator[Finding]:
    """What a program's rules let its options do."""
    levels = list(levels_of(path, program, _core._program(name_at(path))))
    held = _held(levels, data.get("sandbox", {}))
    for level in levels:
        if level.table is None:
            yield from _unknown_program(level)
            continue
        for token in level.rules.get("flags", ()):
            yield from _flag(level, token, held)
        for names in level.rules.get("flag", ()):
            first = names if isinstance(names, str) else names[0]
            yield from _typed(level, first, None, held)
        for option in level.rules.get("option", ()):
            yield from _typed(level, option["names"][0], option["value"], held)
        yield from _operands(level, held)
        yield from _double_dash(level)


def _unknown_program(level: Level) -> Iterator[Finding]:
    rules = level.rules
    if not any(rules.get(key) for key in ("flags", "flag", "option")):
        return
    yield Finding(
        "ProgramUnknown",
        "note",
        None,
        level.path,
        "what its options can do is not known here",
        "no table in csrc/programs",
        "read its manual for options that run, write or read",
    )


# -------------------------------------------------- what holds an option


def _held(levels: list[Level], sandbox: Data) -> set[str]:
    """Capabilities that the kernel takes away, or bounds by roots.

    The roots of typed rules are the kernel's too, but with compat.
    """
    strict = sandbox.get("preset") == "strict"
    compat = sandbox.get("preset") == "compat"
    held = {key for key in ("read", "write") if strict or key in sandbox}
    if not compat and any(list(roots_of(level)) for level in levels):
        held |= {"read", "write"}
    runs_nothing = any(level.rules.get("run_nothing") for level in levels)
    if strict or runs_nothing or "execute" in sandbox:
        held.add("execute")
    network = sandbox.get("network", "deny" if strict else "inherit")
    if network == "deny":
        held.add("network")
    return held


def _by_value(value: Data | None) -> str | None:
    """The capability that the type of a value bounds."""
    kinds = {"write_path": "write", "read_path": "read"}
    return None if value is None else kinds.get(value["type"])


# --------------------------------------------------------------- options


def _flag(level: Level, token: str, held: set[str]) -> Iterator[Finding]:
    """A token that plain rules allow as it is."""
    tables = [*level.more, level.table]
    found = [
        (table, row)
        for table in tables
        if table is not None
        for row in rows_of(table, token)
    ]
    for table, row in found:
        yield from _effect(level, table, row, token, held)
    if not found:
        yield Finding(
            "OptionUnknown",
            "note",
            None,
            level.path,
            f"the flag {token} is none that its table has",
            _source(level.table),
            "take it out, or look it up in the program's manual",
        )


def _typed(
    level: Level, name: str, value: Data | None, held: set[str]
) -> Iterator[Finding]:
    """A declared option; build() has seen that the program has it."""
    assert level.table is not None
    bounded = _by_value(value)
    held = held if bounded is None else held | {bounded}
    for row in rows_of(level.table, name):
        yield from _effect(level, level.table, row, name, held)


def _effect(
    level: Level, table: Row, row: Row, token: str, held: set[str]
) -> Iterator[Finding]:
    if row["effect"] == "none":
        return
    effect = EFFECTS[row["effect"]]
    is_held = effect.capability in held
    bounds = ", within what the kernel allows" if is_held else ""
    yield Finding(
        effect.code,
        "note" if is_held else effect.severity,
        effect.capability,
        level.path,
        f"the option {name_of(row)} {effect.does}{bounds}"
        + (f" (allowed as {token})" if token != name_of(row) else ""),
        f"{_source(table)}: {name_of(row)}",
        effect.remedy,
    )


def _source(table: Row | None) -> str:
    return "" if table is None else f"csrc/programs/{table['name']}.def"


def name_of(row: Row) -> str:
    """The full name of an option, as it is written."""
    return names_of(row)[-1]


def rows_of(table: Row, token: str) -> list[Row]:
    """The options that a program reads out of one token."""
    rows = table["options"]
    exact = [r for r in rows if r["form"] != "option" and name_of(r) == token]
    if exact or not token.startswith("-"):
        return exact
    if token.startswith("--"):
        name = token[2:].partition("=")[0]
        long = [r for r in rows if r["form"] == "option" and r["name"]]
        same = [r for r in long if r["name"] == name]
        return same or [r for r in long if r["name"].startswith(name)]
    return list(_bundle(rows, token[1:]))


def _bundle(rows: list[Row], letters: str) -> Iterator[Row]:
    """-abc: up to the first that takes the rest as its value."""
    for letter in letters:
        row = next((r for r in rows if r["letter"] == f"-{letter}"), None)
        if row is None:
            return
        yield row
        if row["arity"] != "no_value":
            return


# ----------------------------------------------------------- positionals


def _operands(level: Level, held: set[str]) -> Iterator[Finding]:
    """Operands that are options, which plain rules do not look at."""
    table = level.table
    if table is None or not level.rules.get("max_positionals"):
        return
    for row in table["options"]:
        if row["form"] == "operand":
            yield from _effect(level, table, row, name_of(row), held)
    traits = table["traits"].split(" | ")
    if "SCRIPT" in traits:
        yield Finding(
            "OperandExecutes",
            "note" if "execute" in held else "error",
            "execute",
            level.path,
            "the first operand is a script, which can run other programs",
            _source(table),
            "declare its rules by type, or use the profile",
        )
    if "OLD_STYLE" in traits and not level.rules.get("double_dash"):
        yield Finding(
            "OptionsWithoutDash",
            "error",
            "execute",
            level.path,
            "a first word without a dash is read as a bundle of options",
            _source(table),
            "declare its rules by type, or use the profile",
        )


def _double_dash(level: Level) -> Iterator[Finding]:
    rules = level.rules
    if not rules.get("max_positionals") or rules.get("double_dash"):
        return
    pinned = isinstance(rules.get("subcommand"), str)
    treats = level.table["dashdash"] if level.table else "ignored"
    if treats == "ends_options" or (treats == "subcommand" and pinned):
        yield Finding(
            "DoubleDashMissing",
            "warning",
            None,
            level.path,
            "no -- parts the positionals from its options",
            f"{_source(level.table)}: it honours --",
            "put -- before the positionals: double_dash",
        )


# ----------------------------------------------------------------- roots


def rule_roots(program: Data) -> Iterator[tuple[str, str, str]]:
    """Directories that typed rules let be read or written."""
    for level in levels_of("", program, None):
        for path, capability, source in roots_of(level):
            if path is not None:
                yield path, capability, source


def roots_of(level: Level) -> Iterator[tuple[str | None, str, str]]:
    """The roots of one level; a path type without one has None."""
    for key, capability in (("may_read", "read"), ("may_write", "write")):
        for path in level.rules.get(key, ()):
            yield path, capability, key
    for key in ("option", "positional"):
        for one in level.rules.get(key, ()):
            bounded = _by_value(one["value"])
            for path in one["value"]["roots"] or [None] if bounded else ():
                yield path, str(bounded), f"{key} {_title(one)}"


def _title(one: Data) -> str:
    return str(one["name"] if "name" in one else one["names"][0])

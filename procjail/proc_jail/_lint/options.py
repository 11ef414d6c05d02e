"""What the linter says about a program's options, by its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from proc_jail._core import ReadPath, WritePath
from proc_jail._policy.model import names_of, sub_table

if TYPE_CHECKING:
    from proc_jail._core import AllowedProgram, _Value
    from proc_jail._policy.model import Level, Option, Plain, Program

Row = Mapping[str, Any]


class Finding(NamedTuple):
    """Something that a policy allows, or lacks.

    `severity` is error, warning or note; `capability` what it can be used
    for (execute, write, read, network, config, input, time), or None;
    `program` its path, or None; `source` the fact or the entry behind it;
    `remedy` what to change.
    """

    code: str
    severity: str
    capability: str | None
    program: str | None
    message: str
    source: str
    remedy: str


Finding.__module__ = "proc_jail"  # where users import it from


class Effect(NamedTuple):
    """What is said about an option that can do something."""

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
        "can read files other than the operands",
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
        "takes names or commands from standard input",
        "leave it out: rules check arguments only",
    ),
    "endless": Effect(
        "OptionEndless",
        "note",
        "time",
        "can go on until the deadline",
        "leave it out, or set a short timeout",
    ),
}


class Part(NamedTuple):
    """The rules of a program or a subcommand, and what is known about it."""

    path: str
    rules: Level
    table: Row | None
    # Other tables that may have a flag: that of a pinned subcommand.
    more: tuple[Row, ...] = ()


def parts_of(path: str, rules: Level, table: Row | None) -> Iterator[Part]:
    """The rules of a program, and of its subcommands."""
    pinned = None if rules.plain is None else rules.plain.subcommand
    sub = None if pinned is None else sub_table(table, pinned)
    yield Part(path, rules, table, () if sub is None else (sub,))
    for word, inner in rules.subcommands.items():
        yield from parts_of(path, inner, sub_table(table, word))


def option_findings(program: Program) -> Iterator[Finding]:
    """What a program's rules let its options do."""
    held = set(_held(program.allowed))
    for part in parts_of(program.path, program.level, program.table):
        if part.table is None:
            yield from _unknown_program(part)
            continue
        if part.rules.plain is not None:
            yield from _plain(part, part.rules.plain, held)
        for option in part.rules.options:
            yield from _typed(part, part.table, option, held)


def _unknown_program(part: Part) -> Iterator[Finding]:
    plain = part.rules.plain
    if not part.rules.options and (plain is None or not plain.flags):
        return
    yield Finding(
        "ProgramUnknown",
        "note",
        None,
        part.path,
        "it is not known what its options can do",
        "no table in csrc/programs",
        "read its manual for options that run, write or read",
    )


def _held(program: AllowedProgram) -> Iterator[str]:
    """Capabilities that the kernel takes away, or bounds by roots."""
    for capability, roots in (
        ("read", program.read_roots),
        ("write", program.write_roots),
        ("execute", program.execute_roots),
    ):
        if roots is not None:
            yield capability
    if "network_deny" in program.sandbox.enforced:
        yield "network"


# --------------------------------------------------------------- options


def _plain(part: Part, plain: Plain, held: set[str]) -> Iterator[Finding]:
    for token in plain.flags:
        yield from _flag(part, token, held)
    if plain.max_positionals:
        yield from _operands(part, plain, held)
        yield from _double_dash(part, plain)


def _flag(part: Part, token: str, held: set[str]) -> Iterator[Finding]:
    """A token that plain rules allow as it is."""
    tables = [*part.more, part.table]
    found = [
        (table, row)
        for table in tables
        if table is not None
        for row in rows_of(table, token)
    ]
    for table, row in found:
        yield from _effect(part, table, row, token, held)
    if not found:
        yield Finding(
            "OptionUnknown",
            "note",
            None,
            part.path,
            f"its table has no flag {token}",
            _source(part.table),
            "take it out, or look it up in the program's manual",
        )


def _typed(
    part: Part, table: Row, option: Option, held: set[str]
) -> Iterator[Finding]:
    """A declared option; build() has seen that the program has it."""
    for row in rows_of(table, option.names[0]):
        yield from _effect(
            part, table, row, option.names[0], held, option.value
        )


# How a value of a type is checked to be used.
CHECKED: dict[type, str] = {ReadPath: "read", WritePath: "write"}


def _effect(
    part: Part,
    table: Row,
    row: Row,
    token: str,
    held: set[str],
    value: _Value | None = None,
) -> Iterator[Finding]:
    if row["effect"] == "none":
        return
    effect = EFFECTS[row["effect"]]
    severity, bounds = effect.severity, ""
    if effect.capability in held:
        severity, bounds = "note", ", within what the kernel allows"
    elif effect.capability == CHECKED.get(type(value)):
        severity = "warning"
        bounds = ", below its roots, which the kernel does not hold it to"
    yield Finding(
        effect.code,
        severity,
        effect.capability,
        part.path,
        f"the option {name_of(row)} {effect.does}{bounds}"
        + (f" (allowed as {token})" if token != name_of(row) else ""),
        f"{_source(table)}: {name_of(row)}",
        effect.remedy,
    )


def _source(table: Row | None) -> str:
    if table is None:
        return ""
    # Those of other makers have folders: busybox_grep.
    called = table["called"]
    folder = table["name"].removesuffix(called).replace("_", "/")
    return f"csrc/programs/{folder}{called}.def"


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


def _operands(part: Part, plain: Plain, held: set[str]) -> Iterator[Finding]:
    """Operands that are options, which plain rules do not look at."""
    table = part.table
    assert table is not None
    for row in table["options"]:
        if row["form"] == "operand":
            yield from _effect(part, table, row, name_of(row), held)
    traits = table["traits"].split(" | ")
    if "SCRIPT" in traits:
        yield Finding(
            "OperandExecutes",
            "note" if "execute" in held else "error",
            "execute",
            part.path,
            "the first operand is a script, which can run other programs",
            _source(table),
            "declare its rules by type, or use the profile",
        )
    if "OLD_STYLE" in traits and not plain.double_dash:
        yield Finding(
            "OptionsWithoutDash",
            "error",
            "execute",
            part.path,
            "a first word without a dash is read as a bundle of options",
            _source(table),
            "declare its rules by type, or use the profile",
        )


def _double_dash(part: Part, plain: Plain) -> Iterator[Finding]:
    assert part.table is not None
    treats = part.table["dashdash"]
    pinned = plain.subcommand is not None
    if plain.double_dash or not (
        treats == "ends_options" or (treats == "subcommand" and pinned)
    ):
        return
    yield Finding(
        "DoubleDashMissing",
        "warning",
        None,
        part.path,
        "no -- separates the positionals from its options",
        f"{_source(part.table)}: it honours --",
        "put -- before the positionals: double_dash",
    )


# ----------------------------------------------------------------- roots


def rule_roots(program: Program) -> Iterator[tuple[str, str, str]]:
    """Directories that typed rules let be read or written."""
    for level in program.level.all():
        for path in level.may_read:
            yield path, "read", "may_read"
        for path in level.may_write:
            yield path, "write", "may_write"
        named = [(o.value, f"option {o.names[0]}") for o in level.options]
        named += [(p.value, f"positional {p.name}") for p in level.positionals]
        for value, source in named:
            if isinstance(value, ReadPath | WritePath):
                for path in value.roots:
                    yield path, CHECKED[type(value)], source

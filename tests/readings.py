"""What a build reads in argument lists, and what it says of them.

For changes that must not change either.  The lists are made once, by the
build before the change, because they are made from its tables; each build
then reads them, and what the two wrote is compared:

    python tests/readings.py lists 1 100000 > lists
    python tests/readings.py read lists > before
    (change, install)
    python tests/readings.py read lists > after
    diff before after

Besides the readings `read` writes every row of every table and every rule
of every profile, in no order but the alphabet's: a fact that is new is a
line of the comparison.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from argv_fuzz import OPERANDS, Maker
from proc_jail import (
    ArgRules,
    ArgRulesInvalid,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    _core,
)

HOSTS = ["example.com"]
URL = "https://example.com/"


class AnyMaker(Maker):
    """A maker that knows words too, and takes only `names` of options."""

    def __init__(
        self, program: str, seed: int, names: set[str] | None = None
    ) -> None:
        super().__init__(program, seed)
        table = _core._program(program)
        assert table is not None

        def kept(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if names is None:
                return rows
            return [row for row in rows if names & set(names_of(row))]

        words = [row for row in table["options"] if row["form"] == "word"]
        self._words = kept(words)
        self._rows, self._pairs = kept(self._rows), kept(self._pairs)
        self._letters = kept(self._letters)

    def _piece(self) -> list[str]:
        if self._words and self._chance(0.5):
            row = self._random.choice(self._words)
            takes = {"no_value": 0, "name_value": 2, "value_text": 2}
            count = takes.get(row["arity"], 1)
            return [row["name"], *(self._value() for _ in range(count))]
        return super()._piece() if self._rows else self._operand()


def names_of(row: dict[str, Any]) -> list[str]:
    """The names of a row, as rules write them."""
    if row["form"] != "option":
        return [row["name"] + ("=" if row["form"] == "operand" else "")]
    long = [] if row["name"] is None else ["--" + row["name"]]
    return long if row["letter"] is None else [row["letter"], *long]


def profiles() -> list[str]:
    try:
        ProcPolicyBuilder().profile("?")
    except LookupError as error:
        return str(error).rstrip("'\"").rpartition(": ")[2].split()
    raise AssertionError("there is a profile for ?")


def id_of(program: str, word: str = "") -> str:
    """The id of the table of a program or of its subcommand."""
    table = _core._program(program)
    assert table is not None
    return "_".join([table["name"], *word.replace("-", "_").split()])


# ---- making lists ----


def lists(seed: int, count: int, build: Builds) -> Iterator[dict[str, Any]]:
    """Plain rules for each program, then lists that are read by all."""
    chance = random.Random(seed)
    programs = _core._program_names()
    for program in programs:
        table = _core._program(program)
        assert table is not None
        names = sorted(n for row in table["options"] for n in names_of(row))
        flags = [n for n in names if n[0] == "-" and chance.random() < 0.5]
        yield {"program": program, "flags": flags}
    makers = [(name, AnyMaker(name, seed)) for name in programs]
    for name, word, level in levels_of_profiles(build):
        rules = [*level.get("flag", ()), *level.get("option", ())]
        own = {n for rule in rules for n in names_in(rule)}
        program = id_of(name, word)
        makers.append((program, AnyMaker(program, seed, own)))
    for number in range(count):
        program, maker = makers[number % len(makers)]
        argv = maker.make()
        if program == "curl" and chance.random() < 0.8:
            argv.append(URL)
        if program == "git" and chance.random() < 0.5:
            argv += [chance.choice(["log", "diff", "push"]), *maker.make()]
        yield {"program": program, "argv": argv}


def names_in(rule: Any) -> list[str]:
    """The names of a flag or an option in a described policy."""
    if isinstance(rule, dict):
        rule = rule["names"]
    return [rule] if isinstance(rule, str) else list(rule)


def levels_of_profiles(
    build: Builds,
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in profiles():
        (rules,) = build.profile(name, True).to_dict()["program"]
        yield name, "", rules
        for level in rules.get("subcommand", ()):
            yield name, level["word"], level


# ---- reading them ----


class Builds:
    """Policies for programs that need not be here: all are true(1)."""

    def __init__(self, root: Path) -> None:
        self.root, self.places = root, root / "programs"
        self.places.mkdir()
        for name in OPERANDS:
            (root / name).write_text("")
        self.profile = cache(self._profile)

    def program(self, name: str) -> Path:
        place = self.places / name
        if not place.exists():
            shutil.copy(shutil.which("true") or "/bin/true", place)
        return place

    def _profile(self, name: str, write: bool) -> ProcPolicy:
        return (
            ProcPolicyBuilder()
            .profile(
                name,
                read=[self.root],
                write=[self.root] if write else [],
                path=self.program(name),
                hosts=HOSTS,
            )
            .cwd(self.root)
            .build()
        )

    def plain(self, program: str, flags: list[str]) -> ProcPolicy | str:
        name, _, word = program.partition("_")
        path = self.program(name)
        rules = ArgRules().allowed_flags(flags).max_flags(8)
        rules = rules.max_positionals(4)
        if word:
            rules = rules.subcommand(word.replace("_", "-"))
        builder = ProcPolicyBuilder().allow_bin(path).cwd(self.root)
        try:
            return builder.arg_rules(path, rules).build()
        except ArgRulesInvalid as error:
            return str(error)


def outcome(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:
        # The names that are allowed come in the order of the tables.
        return [
            type(error).__name__,
            str(error).partition("; allowed are:")[0],
        ]


def facts() -> Iterator[Any]:
    """The rows of the tables, and what else is known of a program."""
    for program in _core._program_names():
        table = _core._program(program)
        assert table is not None
        rows = table.pop("options")
        yield ["table", program, table]
        yield from sorted((["row", program, row] for row in rows), key=str)


def rules(build: Builds) -> Iterator[Any]:
    """What every profile is made of."""
    for name in profiles():
        for write in (False, True):
            data = build.profile(name, write).to_dict()
            levels = data.pop("program")
            for level in levels:
                yield from rules_of(name, write, level)


def rules_of(name: str, write: bool, level: dict[str, Any]) -> Iterator[Any]:
    inner = level.pop("subcommand", ())
    yield from sorted(
        (
            ["rule", name, write, key, one]
            for key in ("flag", "option")
            for one in level.pop(key, ())
        ),
        key=str,
    )
    yield ["rules", name, write, level]
    for one in inner:
        yield from rules_of(f"{name} {one['word']}", write, one)


def read(path: str, build: Builds) -> Iterator[Any]:
    yield from facts()
    yield from rules(build)
    plain: dict[str, ProcPolicy | str] = {}
    by_table: dict[str, list[str]] = {}
    for name in profiles():
        by_table.setdefault(id_of(name), []).append(name)
    with open(path) as file:
        for line in file:
            one = json.loads(line)
            program = one["program"]
            if "flags" in one:
                plain[program] = build.plain(program, one["flags"])
                continue
            yield answers(build, by_table, plain, program, one["argv"])


def answers(
    build: Builds,
    by_table: dict[str, list[str]],
    plain: dict[str, ProcPolicy | str],
    program: str,
    argv: list[str],
) -> Any:
    """How one list is read, and what each policy says of it."""
    found: list[Any] = [
        outcome(partial(_core._read_argv, program, argv, posix))
        for posix in (False, True)
    ]
    name, _, word = program.partition("_")
    words = [*([word.replace("_", "-")] if word else []), *argv]

    def verdict(policy: ProcPolicy, name: str) -> Any:
        request = ProcRequest(str(build.program(name)), words)
        return outcome(lambda: policy.prepare(request).argv)

    rules = plain[program]
    found.append(rules if isinstance(rules, str) else verdict(rules, name))
    for profile in by_table.get(name, ()):
        for write in (False, True):
            found.append(verdict(build.profile(profile, write), profile))
    return [program, argv, found]


def main(argv: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        build = Builds(Path(folder).resolve())
        if argv[:1] == ["lists"]:
            lines = lists(int(argv[1]), int(argv[2]), build)
        else:
            lines = read(argv[1], build)
        for line in lines:
            text = json.dumps(line, sort_keys=True)
            print(text.replace(str(build.root), "ROOT"))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Our reading of an argument list against the program's own.

PJ_DIFFERENTIAL says how many lists are compared in all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import spied
from argv_fuzz import Maker
from conftest import LINUX
from proc_jail import Violation, _core
from proc_jail._profiles import which

TOTAL = int(os.environ.get("PJ_DIFFERENTIAL", "6000"))
# Parsers of their own, which no spy can stand in for.
OWN_PARSER = {
    "curl": "its own",
    "dd": "its own, of operands",
    "find": "its own, an expression",
    "getconf": "its own",
    "git": "its own, per subcommand",
    "jq": "its own",
    "printf": "its own",
    "ps": "its own, of three languages",
    "unzip": "its own",
    "xxd": "its own",
    "zipinfo": "its own",
}
PROGRAMS = [
    name
    for name in _core._program_names()
    if name not in OWN_PARSER and not name.startswith("git_")
]
# They stop by themselves at their first operand under POSIXLY_CORRECT.
STOPS = {"sort", "uniq"}
DIGITS = frozenset(str(ord(digit)) for digit in "0123456789")
NUMBER_FIRST = {
    "fmt": DIGITS,
    "head": DIGITS,
    "tail": DIGITS | {str(ord("f"))},
}
Ids = frozenset[str]
# What the argp of libc adds to every program, and hides.
HIDDEN = {"--HANG", "--program-name"}
LEFT_OUT = {"getent": HIDDEN, "iconv": HIDDEN, "locale": HIDDEN}

pytestmark = pytest.mark.skipif(not LINUX, reason="LD_PRELOAD is of Linux")


@pytest.fixture(scope="module")
def spy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spied.build(tmp_path_factory.mktemp("spy"))


def look_into(spy: Path, name: str) -> tuple[spied.Spied, dict[str, Ids]]:
    """A program with the spy, and the ids of each row's spellings."""
    place = which(name)
    if not spied.exists(place):
        pytest.skip(f"no {name} here")
    program = spied.Spied(spy, place)
    table = program.table()
    if not table:
        pytest.skip(f"{name} cannot be spied on here")
    ids: dict[str, Ids] = {}
    for row in rows_of(name):
        spellings = spellings_of(row)
        known = frozenset(table[s][1] for s in spellings if s in table)
        # Our reading names an option by its long name, if it has one.
        ids[spellings[-1]] = known
    return program, ids


def rows_of(name: str) -> list[dict[str, Any]]:
    table = _core._program(name)
    assert table is not None
    return [row for row in table["options"] if row["form"] == "option"]


def spellings_of(row: dict[str, Any]) -> list[str]:
    names = [row["letter"]] if row["letter"] else []
    return names + (["--" + row["name"]] if row["name"] else [])


@dataclass
class Mine:
    """Our own reading: the ids that each option may have, and its value."""

    options: list[tuple[Ids, str | None]] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)


def ours(
    name: str, argv: list[str], posix: bool, ids: dict[str, Ids]
) -> Mine | None:
    """Our own reading; None for what we refuse, or the spy cannot tell."""
    try:
        items = _core._read_argv(name, argv, posix)
    except Violation:
        return None
    found = Mine()
    for kind, _, option, value, _ in items:
        if kind == "operand":
            found.operands.append(value or "")
        elif kind == "option":
            assert option is not None
            found.options.append((ids[option], value))
    # Of getopt's answer "?" nobody can tell whether it is the option -?.
    return None if any("63" in known for known, _ in found.options) else found


def same(name: str, mine: Mine, theirs: spied.Reading) -> bool:
    options = mine.options
    # -5, and tail's -5f, are taken out before the parser is called.
    if name in NUMBER_FIRST and len(options) > len(theirs.options):
        while options and options[0][0] <= NUMBER_FIRST[name]:
            options = options[1:]
    return (
        mine.operands == theirs.operands
        and [v for _, v in options] == [v for _, v in theirs.options]
        and all(
            real in known
            for (known, _), (real, _) in zip(
                options, theirs.options, strict=True
            )
        )
    )


@pytest.mark.parametrize("posix", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_both_read_the_same(name: str, posix: bool, spy: Path) -> None:
    program, ids = look_into(spy, name)
    maker = Maker(name, seed=int(posix))
    lists = [maker.make() for _ in range(TOTAL // len(PROGRAMS) // 2 + 1)]
    theirs = program.read(lists, posix=posix, stops=name in STOPS)
    accepted = both = 0
    for argv, real in zip(lists, theirs, strict=True):
        accepted += real is not None
        mine = ours(name, argv, posix, ids)
        if mine is None:
            continue
        assert real is not None, (argv, mine)
        assert same(name, mine, real), (argv, mine, real)
        both += 1
    # Refusing everything would agree with everything.
    assert both * 3 >= accepted or accepted < 10, (both, accepted)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_table_is_the_program_s(name: str, spy: Path) -> None:
    """Every option of ours is one of the program's, with its arity."""
    program, _ = look_into(spy, name)
    arities = {"no_value": 0, "required": 1, "optional": 2}
    mine = {
        spelling: arities[row["arity"]]
        for row in rows_of(name)
        for spelling in spellings_of(row)
    }
    real = {spelling: row[0] for spelling, row in program.table().items()}
    assert {s: a for s, a in mine.items() if real.get(s) != a} == {}
    # A name that is missing here could make another one look unique.
    missing = {s for s in real if s.startswith("--")} - set(mine)
    assert missing <= LEFT_OUT.get(name, set())


def test_most_programs_can_be_spied_on(spy: Path) -> None:
    found = [
        name
        for name in PROGRAMS
        if spied.exists(which(name)) and spied.Spied(spy, which(name)).table()
    ]
    assert len(found) > 60

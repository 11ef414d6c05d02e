"""Our reading of an argument list against the program's own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spied
from argv_fuzz import Maker
from conftest import LINUX, share
from conftest import program as installed
from proc_jail import Violation, _core
from spied import Reading, Spied, Table

TOTAL = share(100_000)
# Parsers of their own, which no spy can stand in for.
OWN_PARSER = {
    "bzip2": "compares whole words",
    "curl": "looks names up in any case, values never after '='",
    "find": "an expression",
    "getconf": "compares the first word",
    "git": "one parser for itself, others for its subcommands",
    "jq": "compares whole words",
    "printf": "asks getopt about a single word only",
    "ps": "options of three languages",
    "unzip": "letters, with a dash each to turn them off",
    "xxd": "compares beginnings of words",
    "zipinfo": "as unzip",
}
PROGRAMS = [
    name
    for name in _core._program_names()
    if name not in OWN_PARSER and "_" not in name
]


def rows_of(name: str) -> list[dict[str, Any]]:
    table = _core._program(name)
    assert table is not None
    return [row for row in table["options"] if row["form"] == "option"]


# Of BusyBox; those that are left out ask no parser, or have their own.
APPLETS = [
    name
    for name in _core._program_names()
    if name.startswith("busybox_")
    and rows_of(name)
    and name.removeprefix("busybox_")
    not in {"dd", "dirname", "factor", "find", "printf", "realpath", "whoami"}
]
ARITIES = {"no_value": 0, "required": 1, "optional": 2}
# What the argp of libc adds to every program, and hides.
HIDDEN = {"--HANG", "--program-name"}
# Left out of the tables: the parser knows it, the program then refuses it.
REFUSED = {
    "cksum": {"-b", "-t"},
    "nm": {"-J"},
    "printenv": {"-i", "-u"},
    "readelf": {"-i"},
    "sed": {"-V"},
    "tar": {f"-{digit}" for digit in range(10)},
}

pytestmark = pytest.mark.skipif(not LINUX, reason="LD_PRELOAD is of Linux")
every_program = pytest.mark.parametrize("name", PROGRAMS)

# An option by the ids that it may have, or None for an operand; and value.
Mine = tuple[frozenset[str] | None, str | None]


@pytest.fixture(scope="module")
def spy() -> Path:
    return spied.build()


def spellings_of(row: dict[str, Any]) -> list[str]:
    names = [row["letter"]] if row["letter"] else []
    return names + (["--" + row["name"]] if row["name"] else [])


def ids_of(name: str, table: Table) -> dict[str, frozenset[str]]:
    """The ids of a row, by the name that our reading has for it."""
    return {
        spellings_of(row)[-1]: frozenset(
            # Digits may be taken before the parser is asked.
            table.options.get(s, (0, str(ord(s[-1]))))[1]
            for s in spellings_of(row)
        )
        for row in rows_of(name)
    }


# ---- operands that the program takes for something else ----


def uniq_skips(real: Reading) -> bool:
    return any(re.fullmatch(r"\+\d+", word) for word in real.handed)


def pr_pages(real: Reading) -> bool:
    return any(re.fullmatch(r"\+\d+(:\d+)?", w) for w in real.handed)


def od_offset(real: Reading) -> bool:
    """od [FILE] [[+]OFFSET], unless an option of the modern ones is used."""
    operands = [value or "" for option, value in real.items if option is None]
    modern = {str(ord(letter)) for letter in "AjStvw"}
    if any(option in modern for option, _ in real.items):
        return False
    offset = r"\+?(0[xX][0-9a-fA-F]+|\d+)\.?[bB]?"
    if not operands or not re.fullmatch(offset, operands[-1]):
        return False
    return len(operands) == 2 or operands[-1][0] == "+"


def join_field(real: Reading) -> bool:
    """join -o 1.1 2.2 A B: a word behind a value, where two words are left.

    The value of -o, or one of 1 or 2 that is attached to -j.
    """
    operands = sum(option is None for option, _ in real.items)
    handed, behind = len(real.handed), False
    for option, value in real.items:
        if option is not None:
            behind = option == str(ord("o")) or (
                option == str(ord("j")) and value in ("1", "2")
            )
        elif handed > 0 and behind:
            return operands > 2
        else:
            handed, behind = handed - 1, False
    return False


def fold_width(real: Reading) -> bool:
    """A word -5 anywhere has become -w5 before the parser was asked."""
    return any(re.match(r"-w\d", value or "") for _, value in real.items)


def tail_lines(real: Reading) -> bool:
    return any(word[0] == "+" for word in real.early)


OTHERWISE: dict[str, Callable[[Reading], bool]] = {
    "busybox_fold": fold_width,
    "busybox_od": od_offset,
    "busybox_tail": tail_lines,
    "join": join_field,
    "od": od_offset,
    "pr": pr_pages,
    "tail": tail_lines,
    "uniq": uniq_skips,
}


def is_otherwise(name: str, real: Reading | None) -> bool:
    return real is not None and name in OTHERWISE and OTHERWISE[name](real)


# ---- the comparison ----


class Comparison:
    """One program, and our reading of its arguments, side by side."""

    def __init__(
        self, name: str, spy: Path, posix: bool, path: str | None = None
    ) -> None:
        self.name = name
        self.posix = posix
        self.program = Spied(spy, path or spied.known(name))
        self.table = self.program.table()
        self.ids = ids_of(name, self.table)

    def mine(self, argv: list[str]) -> list[tuple[int, Mine]] | None:
        """Our own reading, with the index of each token."""
        try:
            items = _core._read_argv(self.name, argv, self.posix)
        except Violation:
            return None
        found: list[tuple[int, Mine]] = []
        for kind, index, name, value, _ in items:
            if name is None:
                found += [(index, (None, value))] * (kind == "operand")
            elif name.endswith("="):
                found.append((index, (None, f"{name}{value}")))
            else:
                found.append((index, (self.ids[name], value)))
        return found

    def agree(
        self, mine: list[tuple[int, Mine]], real: Reading | None
    ) -> bool:
        if real is None or is_otherwise(self.name, real):
            return False
        taken = len(real.early)
        early = [item for index, item in mine if index < taken]
        later = [item for index, item in mine if index >= taken]
        return is_early(real.early, early) and self._same(later, real.items)

    def _same(self, mine: list[Mine], real: list[spied.Item]) -> bool:
        """Operands among options are in their place only where it counts."""
        if self.table.order != "-":
            mine = sorted(mine, key=lambda item: item[0] is None)
            real = sorted(real, key=lambda item: item[0] is None)
        return len(mine) == len(real) and all(
            value == real_value
            and (ids is None) == (option is None)
            and (ids is None or option in ids)
            for (ids, value), (option, real_value) in zip(
                mine, real, strict=True
            )
        )


def is_early(words: list[str], mine: list[Mine]) -> bool:
    """Whether we read the words as options, letter by letter."""
    if any(word[:1] not in ("", "-") for word in words):
        return False
    letters = "".join(word[1:] for word in words)
    return mine == [(frozenset({str(ord(one))}), None) for one in letters]


def compare(
    name: str, posix: bool, count: int, spy: Path, path: str | None = None
) -> tuple[int, int]:
    """How many lists of so many the program accepts, and we of those."""
    both_sides = Comparison(name, spy, posix, path)
    maker = Maker(name, seed=int(posix))
    lists = [maker.make() for _ in range(count)]
    # An applet is not asked about this.
    lists = [argv for argv in lists if argv != ["--help"] or path is None]
    readings = both_sides.program.read(lists, posix)
    accepted = both = 0
    for argv, real in zip(lists, readings, strict=True):
        accepted += real is not None
        mine = both_sides.mine(argv)
        if mine is None or is_otherwise(name, real):
            continue
        assert both_sides.agree(mine, real), (argv, mine, real)
        both += 1
    assert both > 0
    return accepted, both


@pytest.mark.parametrize("posix", [False, True])
@every_program
def test_both_read_the_same(name: str, posix: bool, spy: Path) -> None:
    count = TOTAL // len(PROGRAMS) // 2 + 1
    accepted, both = compare(name, posix, count, spy)
    # Refusing everything would agree with everything.
    assert accepted < 100 or both * 3 > accepted, (both, accepted)


@pytest.fixture(scope="module")
def applets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to a BusyBox that the spy can be preloaded into."""
    box = os.environ.get("PJ_BUSYBOX") or installed("busybox")
    if b"/ld-" not in Path(box).read_bytes()[:4096]:
        pytest.skip("this BusyBox is static")
    folder = tmp_path_factory.mktemp("applets")
    for name in APPLETS:
        (folder / name.removeprefix("busybox_")).symlink_to(box)
    return folder


@pytest.mark.parametrize("posix", [False, True])
@pytest.mark.parametrize("name", APPLETS)
def test_an_applet_reads_the_same(
    name: str, posix: bool, spy: Path, applets: Path
) -> None:
    count = TOTAL // len(APPLETS) // 2 + 1
    path = str(applets / name.removeprefix("busybox_"))
    accepted, both = compare(name, posix, count, spy, path)
    assert accepted < 100 or both * 3 > accepted, (both, accepted)


def test_most_of_what_programs_accept_is_accepted(spy: Path) -> None:
    made = accepted = both = 0
    for name in ("grep", "sort", "tar", "ls", "diff", "cut", "tr", "wc"):
        found = compare(name, False, 200, spy)
        made += 200
        accepted += found[0]
        both += found[1]
    assert accepted * 2 > made
    assert both * 2 > accepted


@pytest.mark.parametrize("posix", [False, True])
@pytest.mark.parametrize(
    ("name", "argv"),
    [
        ("join", ["-o", "1.1", "2.2", "a", "b"]),
        ("od", ["x", "10"]),
        ("pr", ["+5", "x"]),
        ("tail", ["+5", "x"]),
        ("uniq", ["+5", "x", "y"]),
    ],
)
def test_a_word_that_is_no_operand_is_refused(
    name: str, argv: list[str], posix: bool, spy: Path
) -> None:
    both_sides = Comparison(name, spy, posix)
    (real,) = both_sides.program.read([argv], posix)
    assert is_otherwise(name, real)
    assert both_sides.mine(argv) is None


# ---- the tables ----


@every_program
def test_the_table_is_the_program_s(name: str, spy: Path) -> None:
    """The same options, spelled the same, with as many values."""
    real = Spied(spy, spied.known(name)).table()
    mine = {
        spelling: ARITIES[row["arity"]]
        for row in rows_of(name)
        for spelling in spellings_of(row)
    }
    theirs = {name: arity for name, (arity, _) in real.options.items()}
    for left_out in REFUSED.get(name, set()) | (HIDDEN - set(mine)):
        theirs.pop(left_out, None)
    assert mine == theirs
    table = _core._program(name)
    assert table is not None
    assert (table["order"] == "ordered") == (real.order == "+")


@every_program
def test_the_names_of_a_row_are_one_option(name: str, spy: Path) -> None:
    """A long name that sets a flag of the program may be anything."""
    table = Spied(spy, spied.known(name)).table()
    for row, ids in ids_of(name, table).items():
        assert len([one for one in ids if one[0] != "&"]) < 2, row


@every_program
def test_names_of_one_option_do_the_same(name: str, spy: Path) -> None:
    """Rows that the program cannot tell apart, ours does not either."""
    table = Spied(spy, spied.known(name)).table()
    known: dict[tuple[str, bool], tuple[str, str]] = {}
    for row in rows_of(name):
        valued = row["kind"] != "no_kind"
        for spelling in spellings_of(row):
            said = (row["kind"], row["effect"])
            option = table.options[spelling][1]
            assert known.setdefault((option, valued), said) == said, spelling


@pytest.mark.parametrize(
    ("name", "alias"),
    [(name, alias) for name in PROGRAMS for alias in spied.aliases(name)],
)
def test_an_alias_takes_the_same_options(
    name: str, alias: str, spy: Path
) -> None:
    table = Spied(spy, spied.known(name)).table()
    other = Spied(spy, spied.binary(alias)).table()
    assert other.order == table.order
    assert {spelling: row[0] for spelling, row in other.options.items()} == {
        spelling: row[0] for spelling, row in table.options.items()
    }


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_a_table_leaves_out_is_refused(name: str) -> None:
    path = spied.known(name)
    for option in REFUSED[name]:
        run = subprocess.run(
            [path, option, "/dev/null"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert run.returncode != 0, option
        assert run.stderr, option


@pytest.mark.parametrize("name", sorted(OWN_PARSER))
def test_a_parser_of_its_own_cannot_be_spied_on(name: str, spy: Path) -> None:
    """What is left out of the comparison is left out for a reason."""
    with pytest.raises(AssertionError, match="asks no parser"):
        Spied(spy, installed(name)).table()

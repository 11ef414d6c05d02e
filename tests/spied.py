"""How real programs read their arguments, asked by a spy in their parser.

tests/helpers/spy.c is preloaded into the program and drives the program's
own getopt or argp, with the program's own option table, over many argument
lists; nothing that the program would do with them happens.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from conftest import HELPERS, compiled, program

TABLES = Path(__file__).parent.parent / "csrc" / "programs"
ENDS = {".", "?", "!"}
# These are handed their operands in order, among the options, but stop by
# themselves at the first one under POSIXLY_CORRECT.
STOPS = {"sort", "uniq"}
# Looks at a word itself before it asks its parser about it, or does not.
NOT_ALWAYS = {"seq"}

# An option by what tells the program which one it is, or None for an
# operand; then the option's value, or the operand.
Item = tuple[str | None, str | None]


@dataclass(frozen=True)
class Reading:
    """How a program reads one list of arguments."""

    items: list[Item] = field(default_factory=list)
    # The operands that getopt handed over before the options had ended.
    handed: list[str] = field(default_factory=list)
    # The words that the program took before it called its parser: head -5.
    early: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """The options that a program hands to its parser."""

    order: str  # "+", "-" or ""
    # -x or --name: how many values (2: optional), and which option it is.
    options: dict[str, tuple[int, str]]


def build() -> Path:
    """Compile the library that is preloaded; skip where that cannot be."""
    if shutil.which("cc") is None or os.uname().sysname != "Linux":
        pytest.skip("needs a C compiler and LD_PRELOAD")
    if "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""):
        pytest.skip("needs the GNU C library")
    sources = HELPERS / "spy.c", HELPERS / "spy_parsers.c"
    return Path(compiled("spy.so", *sources, shared=True))


def binary(name: str) -> str:
    """The path of a program that the spy can be preloaded into, or skip."""
    path = program(name)
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            pytest.skip(f"{name} is a script")
    return path


@cache
def known(name: str) -> str:
    """The path of a program, if it is as its table knows it; else skip."""
    path = binary(name)
    head = (TABLES / f"{name}.def").read_text().partition("*/")[0]
    version = re.match(r"/\* \S+: .*?(\d[\w.]*)[;,\s]", head)
    assert version is not None, f"{name}.def does not begin with a version"
    run = subprocess.run(
        [path, "--version"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    first = run.stdout.decode().partition("\n")[0]
    if version[1] not in re.findall(r"\d[\w.]*\w|\d", first):
        pytest.skip(f"{name}'s table is of {version[1]}; this is {first!r}")
    return path


def aliases(name: str) -> list[str]:
    """The other programs that a table is for."""
    text = (TABLES / f"{name}.def").read_text()
    return re.findall(r'^PJ_ALIAS\(\w+, "([^"]+)"\)', text, re.MULTILINE)


def _words(lists: Sequence[Sequence[str]]) -> bytes:
    words = [word for one in lists for word in [str(len(one)), *one]]
    return b"".join(os.fsencode(word) + b"\0" for word in words)


class Spied:
    """One program with the spy in it."""

    def __init__(self, spy: Path, path: str) -> None:
        self._spy = spy
        self._path = path
        self.name = os.path.basename(path)

    def _ask(
        self, lists: Sequence[Sequence[str]], mode: str, posix: bool = False
    ) -> list[list[str]]:
        """The words of each answer, the end among them."""
        env = {"LD_PRELOAD": str(self._spy), "SPY": mode, "LC_ALL": "C"}
        if posix:
            env["POSIXLY_CORRECT"] = "1"
        run = subprocess.run(
            [self._path],
            input=_words(lists),
            env=env,
            stdout=subprocess.PIPE,
            check=True,
        )
        answers: list[list[str]] = [[]]
        for word in os.fsdecode(run.stdout).split("\0")[:-1]:
            answers[-1].append(word)
            if word in ENDS:
                answers.append([])
        assert len(answers) == len(lists) + 1, self._path
        return answers[:-1]

    @cache  # noqa: B019
    def table(self) -> Table:
        """The program's own table; of two like names the first counts."""
        # Some show nothing to a parser where there is nothing to show.
        (answer,) = self._ask([["x"]], "table")
        assert answer[-1] == ".", f"{self.name} asks no parser"
        options: dict[str, tuple[int, str]] = {}
        for name, row in _rows(answer):
            options.setdefault(name, row)
        return Table(answer[0][1:], options)

    def read(
        self, lists: Sequence[Sequence[str]], posix: bool = False
    ) -> list[Reading | None]:
        """How the program reads each list; None for one that it refuses."""
        mode = "stops" if posix and self.name in STOPS else "lists"
        pairs = zip(lists, self._ask(lists, mode, posix), strict=True)
        return [self._reading(argv, answer) for argv, answer in pairs]

    def _reading(
        self, argv: Sequence[str], answer: list[str]
    ) -> Reading | None:
        if answer[-1] != ".":
            asked = answer[-1] == "?" or self.name in NOT_ALWAYS
            assert asked, f"{self.name} asks no parser about {argv}"
            return None
        got = [word[1:] for word in answer if word[0] == "w"]
        # More than there were: each letter of tar's first word is one now.
        taken = len(argv) - len(got) if answer[0][0] == "p" else 0
        early = list(argv[: max(taken, 0)])
        assert not early or list(argv[taken:]) == got
        handed = [word[1:] for word in answer if word[0] == "i"]
        return Reading(list(_items(answer)), handed, early)


def _rows(answer: list[str]) -> Iterator[tuple[str, tuple[int, str]]]:
    for at in range(1, len(answer) - 1, 3):
        name, arity, option = (word[1:] for word in answer[at : at + 3])
        yield name, (int(arity), option)


def _items(answer: list[str]) -> Iterator[Item]:
    for word, following in pairwise(answer):
        if word[0] == "o":
            value = following[1:] if following[0] == "v" else None
            yield word[1:], value
        elif word[0] in "ia":
            yield None, word[1:]

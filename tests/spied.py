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
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

HELPERS = Path(__file__).parent / "helpers"
TABLES = Path(__file__).parent.parent / "csrc" / "programs"
PLACES = "/usr/bin:/bin:/usr/sbin:/sbin"
# These take operands in their place among the options (their getopt string
# starts with '-'), and stop at the first one under POSIXLY_CORRECT.
STOP_BY_THEMSELVES = {"sort", "uniq"}

# An option by what tells the program which it is, or None for an operand;
# then the option's value, or the operand.
Item = tuple[str | None, str | None]


@dataclass(frozen=True)
class Reading:
    """How a program reads one list of arguments."""

    items: list[Item] = field(default_factory=list)
    # What getopt handed over as operands among the options.
    handed: list[str] = field(default_factory=list)
    # Words that the program took before it called its parser: head -5.
    early: int = 0


@dataclass(frozen=True)
class Table:
    """The options that a program hands to its parser."""

    order: str  # "+", "-" or ""
    # -x or --name: how many values (2: optional), and which option it is.
    options: dict[str, tuple[int, str]]


@cache
def library() -> str:
    """Compile the spy, once; skip the test where that cannot be."""
    if shutil.which("cc") is None or os.uname().sysname != "Linux":
        pytest.skip("needs a C compiler and LD_PRELOAD")
    if "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""):
        pytest.skip("needs the GNU C library")
    target = Path(tempfile.mkdtemp(prefix="spy-")) / "spy.so"
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
    sources = [HELPERS / "spy.c", HELPERS / "spy_parsers.c"]
    subprocess.run(
        ["cc", *flags, "-shared", "-fPIC", "-o", target, *sources, "-ldl"],
        check=True,
    )
    return str(target)


def installed(name: str) -> str:
    """The path of a program in the version of its table, or skip."""
    path = shutil.which(name, path=PLACES)
    if path is None:
        pytest.skip(f"{name} is not installed")
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            pytest.skip(f"{name} is a script")
    return path


def is_of_version(name: str, path: str) -> str:
    """Skip the test when the program is not the one that the table knows."""
    head = (TABLES / f"{name}.def").read_text().partition("*/")[0]
    known = re.match(r"/\* \S+: .*?(\d[\w.]*\d)[;,\s]", head)
    assert known is not None, f"{name}.def does not begin with a version"
    run = subprocess.run(
        [path, "--version"], stdout=subprocess.PIPE, text=True, check=False
    )
    words = run.stdout.partition("\n")[0].replace("-", " ").split()
    if known[1] not in words:
        pytest.skip(f"{name} is not the {known[1]} that its table is of")
    return path


def _ask(
    path: str, wanted: str, argvs: Sequence[Sequence[str]], posix: bool
) -> list[list[str]]:
    """The spy's answer to each list: its words, the last one included."""
    sent = b"".join(
        b"%d\0" % len(argv)
        + b"".join(os.fsencode(word) + b"\0" for word in argv)
        for argv in argvs
    )
    env = {"LC_ALL": "C", "LD_PRELOAD": library(), "SPY": wanted}
    if posix:
        env["POSIXLY_CORRECT"] = "1"
    run = subprocess.run(
        [path], env=env, input=sent, stdout=subprocess.PIPE, check=True
    )
    answers: list[list[str]] = [[]]
    for word in run.stdout.split(b"\0")[:-1]:
        answers[-1].append(os.fsdecode(word))
        if word in (b".", b"?", b"!"):
            answers.append([])
    assert len(answers) == len(argvs) + 1, f"{path} ended early"
    return answers[:-1]


def _reading(argv: Sequence[str], answer: list[str]) -> Reading | None:
    assert answer[-1] != "!", f"no parser was asked about {argv!r}"
    if answer[-1] == "?":
        return None
    items: list[Item] = []
    prepared, early = [], 0
    for tag, text in ((word[0], word[1:]) for word in answer[:-1]):
        if tag == "o":
            items.append((text, None))
        elif tag == "v":
            items[-1] = (items[-1][0], text)
        elif tag in "ia":
            items.append((None, text))
        elif tag == "w":
            prepared.append(text)
    if answer[0][0] == "p" and len(prepared) < len(argv):
        early = len(argv) - len(prepared)
        assert list(argv[early:]) == prepared
    handed = [word[1:] for word in answer if word[0] == "i"]
    return Reading(items, handed, early)


def read(
    path: str, argvs: Sequence[Sequence[str]], posix: bool = False
) -> list[Reading | None]:
    """How the program reads each list; None for one that it refuses."""
    stops = posix and os.path.basename(path) in STOP_BY_THEMSELVES
    answers = _ask(path, "stops" if stops else "lists", argvs, posix)
    return [_reading(*pair) for pair in zip(argvs, answers, strict=True)]


def _rows(answer: list[str]) -> Iterator[tuple[str, tuple[int, str]]]:
    for at in range(1, len(answer) - 1, 3):
        name, arity, option = (word[1:] for word in answer[at : at + 3])
        yield name, (int(arity), option)


@cache
def table(path: str) -> Table:
    """The program's own option table; the first of two like names counts."""
    (answer,) = _ask(path, "table", [[]], False)
    assert answer[-1] == ".", f"{path} never calls a parser"
    options: dict[str, tuple[int, str]] = {}
    for name, row in _rows(answer):
        options.setdefault(name, row)
    return Table(answer[0][1:], options)

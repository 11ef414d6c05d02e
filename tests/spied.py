"""Real programs' own reading of their arguments, through tests/helpers/spy.c.

A Spied program is started once for many argument lists; none of them has an
effect.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

HELPERS = Path(__file__).parent / "helpers"
ENDS = {".", "?", "!"}


@dataclass
class Reading:
    """What a program made of one argument list.

    Options are pairs of an id, by which the program tells them apart, and a
    value or None.
    """

    options: list[tuple[str, str | None]] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)
    # Whether the program had looked at the list, and changed it, before.
    prepared: bool = False


def build(folder: Path) -> Path:
    """Compile the library that is preloaded."""
    target = folder / "spy.so"
    command = ["cc", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"]
    command += ["-D_GNU_SOURCE", "-o", str(target), str(HELPERS / "spy.c")]
    subprocess.run([*command, "-ldl"], check=True)
    return target


class Spied:
    """One program with the spy in it."""

    def __init__(self, spy: Path, program: str) -> None:
        self._spy = spy
        self._program = program

    def _ask(
        self, lists: list[list[str]], mode: str, posix: bool
    ) -> list[list[str]]:
        """The words of each answer, the end among them."""
        words = [word for one in lists for word in [str(len(one)), *one]]
        data = "".join(word + "\0" for word in words)
        env = {"LD_PRELOAD": str(self._spy), "SPY": mode, "LC_ALL": "C"}
        if posix:
            env["POSIXLY_CORRECT"] = "1"
        done = subprocess.run(
            [self._program],
            input=data.encode(errors="surrogateescape"),
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            check=False,
        )
        answers: list[list[str]] = [[]]
        said = done.stdout.decode(errors="surrogateescape")
        for word in said.split("\0")[:-1]:
            answers[-1].append(word)
            if word in ENDS:
                answers.append([])
        return answers[:-1]

    def table(self) -> dict[str, tuple[int, str]]:
        """Every spelling with its arity (0, 1, 2: optional) and its id."""
        answers = self._ask([[]], "table", False)
        if len(answers) != 1 or answers[0][-1] != ".":
            return {}
        rows = [word for word in answers[0][:-1] if word[0] in "nro"]
        found: dict[str, tuple[int, str]] = {}
        for name, arity, number in zip(
            rows[::3], rows[1::3], rows[2::3], strict=True
        ):
            # The program's own come before what its parser adds.
            found.setdefault(name[1:], (int(arity[1:]), number[1:]))
        return found

    def read(
        self,
        lists: list[list[str]],
        *,
        posix: bool = False,
        stops: bool = False,
    ) -> list[Reading | None]:
        """How the program reads each list; None where it refuses."""
        mode = "stops" if stops and posix else "lists"
        answers = self._ask(lists, mode, posix)
        assert len(answers) == len(lists), self._program
        return [parse(answer) for answer in answers]


def parse(words: list[str]) -> Reading | None:
    if words[-1] != ".":
        return None
    found = Reading()
    for word, following in pairwise(words):
        tag, text = word[:1], word[1:]
        if tag == "w":
            found.prepared = True
        elif tag == "o":
            has_value = following[:1] == "v"
            found.options.append((text, following[1:] if has_value else None))
        elif tag in ("i", "a"):
            found.operands.append(text)
    return found


def exists(program: str) -> bool:
    return os.path.exists(program)

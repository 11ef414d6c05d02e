"""Argument lists made at random from an option table."""

from __future__ import annotations

import random
from typing import Any

from proc_jail import _core

WORDS = ["x", "1", "file", "a=b", "", "-", "+1", "-5", "-5x", "x y", "é", "n1"]
ODD = ["--", "-x", "--x", "--help=1", "-", "--=", "-=", "--no-", "-?", "@f"]


class Maker:
    """A source of argument lists for one program."""

    def __init__(self, program: str, seed: int) -> None:
        table = _core._program(program)
        assert table is not None
        self._rows: list[dict[str, Any]] = [
            row for row in table["options"] if row["form"] == "option"
        ]
        self._letters = [r["letter"][1] for r in self._rows if r["letter"]]
        self._random = random.Random(f"{program} {seed}")
        self._old_style = program == "tar"

    def make(self) -> list[str]:
        """One list."""
        argv: list[str] = []
        pick = self._random
        if self._old_style and pick.random() < 0.2:
            argv.append("".join(pick.choices(self._letters, k=3)))
        for _ in range(pick.randrange(6)):
            argv += self._piece()
        return argv

    def _piece(self) -> list[str]:
        pick = self._random
        roll = pick.random()
        if roll < 0.25:
            return [pick.choice(WORDS)]
        if roll < 0.32:
            return [pick.choice(ODD)]
        if roll < 0.45:
            return self._bundle()
        row = pick.choice(self._rows)
        if row["letter"] and (not row["name"] or pick.random() < 0.4):
            return self._letter(row)
        return self._long(row)

    def _value(self) -> str:
        return self._random.choice([*WORDS, "v"])

    def _letter(self, row: dict[str, Any]) -> list[str]:
        if row["arity"] == "no_value":
            return [row["letter"]]
        ways = [
            [row["letter"] + self._value()],
            [row["letter"], self._value()],
        ]
        return self._random.choice([*ways, [row["letter"]]])

    def _long(self, row: dict[str, Any]) -> list[str]:
        pick = self._random
        name = row["name"]
        if pick.random() < 0.4:
            name = name[: pick.randrange(1, len(name) + 1)]
        roll = pick.random()
        if row["arity"] == "no_value" and roll < 0.9:
            return [f"--{name}"]
        if roll < 0.5:
            return [f"--{name}={self._value()}"]
        if roll < 0.9:
            return [f"--{name}", self._value()]
        return [f"--{name}"]

    def _bundle(self) -> list[str]:
        if not self._letters:
            return ["-"]
        letters = self._random.choices(
            self._letters, k=self._random.randrange(2, 5)
        )
        token = "-" + "".join(letters)
        return (
            [token, self._value()] if self._random.random() < 0.3 else [token]
        )

"""Argument lists made at random from an option table."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from proc_jail import _core

Row = dict[str, Any]

OPERANDS = ["x", "1", "file", "a=b", "x y", "é", "n1", "./-x"]
VALUES = ["v", "1", "5k", "a=b", "x y", "a,b", "é", "always"]
ODD_OPERANDS = ["", "-", "+1", "+x", "-5", "-5x", "@f", "=", "+", "a\nb"]
ODD_VALUES = ["", "-", "--", "-n", "-5", "+5", "--help", "=", "-x=1", "\udcff"]
UNKNOWN = ["--x", "--=", "-=", "--no-", "-?", "---", "-é", "--help=1", "-\n"]


class Maker:
    """A source of argument lists for one program.

    Half of the lists hold what is likely to be accepted, half anything.
    """

    def __init__(self, name: str, seed: int) -> None:
        table = _core._program(name)
        assert table is not None
        options = table["options"]
        self._rows: list[Row] = [
            row for row in options if row["form"] == "option"
        ]
        self._pairs = [row for row in options if row["form"] == "operand"]
        self._letters = [row for row in self._rows if row["letter"]]
        self._names: list[str] = sorted(
            r["name"] for r in self._rows if r["name"]
        )
        self._random = random.Random(f"{name} {seed}")
        self._old_style = name == "tar"
        self._wild = False

    def make(self) -> list[str]:
        """One list."""
        self._wild = self._chance(0.5)
        argv: list[str] = []
        if self._old_style and self._chance(0.2):
            letters = self._random.choices(self._letters, k=3)
            argv.append("".join(row["letter"][1] for row in letters))
        for _ in range(self._random.randint(1, 6)):
            argv += self._piece()
        return argv

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _piece(self) -> list[str]:
        ways: list[tuple[int, Callable[[], list[str]]]] = [
            (30, self._operand),
            (35, self._long),
            (20, self._letter),
            (15, self._bundle),
            (3, lambda: ["--"]),
        ]
        if self._wild:
            ways.append((7, lambda: [self._random.choice(UNKNOWN)]))
            ways.append((7, lambda: [self._value()]))
        weights = [weight for weight, _ in ways]
        ((_, make),) = self._random.choices(ways, weights)
        return make()

    def _operand(self) -> list[str]:
        odd = self._chance(0.3 if self._wild else 0.05)
        operand: str = self._random.choice(ODD_OPERANDS if odd else OPERANDS)
        if self._pairs and self._chance(0.7):
            operand = f"{self._random.choice(self._pairs)['name']}={operand}"
        return [operand]

    def _value(self) -> str:
        odd = self._chance(0.5 if self._wild else 0.05)
        if odd and self._names and self._chance(0.2):
            return "--" + self._random.choice(self._names)
        value: str = self._random.choice(ODD_VALUES if odd else VALUES)
        return value

    def _spelling(self, name: str) -> str:
        """The name, or a beginning of it, of any length."""
        if self._chance(0.5):
            return name
        shortest = 0 if self._wild else self._unique(name)
        return name[: self._random.randint(shortest, len(name))]

    def _unique(self, name: str) -> int:
        """The least length at which no other name begins so."""
        others = [other for other in self._names if other != name]
        for length in range(1, len(name)):
            if not any(o.startswith(name[:length]) for o in others):
                return length
        return len(name)

    def _long(self) -> list[str]:
        row = self._random.choice(self._rows)
        if row["name"] is None:
            return self._of_letter(row)
        token = "--" + self._spelling(row["name"])
        return self._with_value(token, "=", row)

    def _letter(self) -> list[str]:
        if not self._letters:
            return self._operand()
        return self._of_letter(self._random.choice(self._letters))

    def _of_letter(self, row: Row) -> list[str]:
        return self._with_value(row["letter"], "", row)

    def _with_value(self, token: str, join: str, row: Row) -> list[str]:
        """The token and what may follow: a value, attached or not, or none.

        Where the program wants something else, only some of the time.
        """
        ways = ["none"]
        if row["arity"] == "required":
            ways = ["attached", "next"]
        elif row["arity"] == "optional":
            ways = ["attached", "none"]
        if self._wild and self._chance(0.2):
            ways = ["attached", "next", "none"]
        way = self._random.choice(ways)
        if way == "attached":
            return [token + join + self._value()]
        return [token, self._value()] if way == "next" else [token]

    def _bundle(self) -> list[str]:
        if not self._letters:
            return self._operand()
        rows = self._random.choices(
            self._letters, k=self._random.randrange(2, 5)
        )
        letters = "".join(row["letter"][1] for row in rows[:-1])
        last = self._of_letter(rows[-1])
        return [f"-{letters}{last[0][1:]}", *last[1:]]

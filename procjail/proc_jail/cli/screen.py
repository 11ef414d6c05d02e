"""What the command line prints: colours and columns on a terminal only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

from proc_jail._escape import one_line

# Keyed by the words that are coloured.
COLOURS = {
    "ok": "32",
    "allowed": "32",
    "DENIED": "1;31",
    "error": "1;31",
    "warning": "33",
    "note": "36",
}
BOLD = "1"


class Screen:
    """A stream, and whether it is a terminal that shows colours."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty()
        self.has_colours = (
            self.is_terminal
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )

    def line(self, text: str = "") -> None:
        print(text, file=self._stream)

    def paint(self, text: str, colour: str | None) -> str:
        if not self.has_colours or colour is None:
            return text
        return f"\x1b[{colour}m{text}\x1b[0m"

    def bold(self, text: str) -> str:
        return self.paint(text, BOLD)

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> None:
        """Columns under a head on a terminal, otherwise lines with tabs."""
        texts = [[one_line(cell) for cell in row] for row in rows]
        if not self.is_terminal:
            for row in texts:
                self.line("\t".join(row))
            return
        columns = list(zip(head, *texts, strict=True))
        widths = [max(map(len, column)) for column in columns]
        self.line(self.bold(_padded(head, widths)))
        for row in texts:
            cells = [
                self.paint(cell, COLOURS.get(cell)) + " " * (width - len(cell))
                for cell, width in zip(row, widths, strict=True)
            ]
            self.line("  ".join(cells).rstrip())


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(cells, widths, strict=True)
    return "  ".join(cell.ljust(width) for cell, width in pairs).rstrip()

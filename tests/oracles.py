"""Tables of dangerous things that were made independently of ours.

tests/data has them as they were found: names of programs, of variables, and
options with what they can do.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parent / "data"


def rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def id_of(program: str) -> str:
    """The id of the table of "git log"."""
    return program.replace(" ", "_").replace("-", "_")


def options() -> Iterator[tuple[str, str, str]]:
    """A program ("git log"), an option of it, and what it can do."""
    for row in rows("risky_flags"):
        for token in re.findall(
            r"(?<![\w-])--?[A-Za-z0-9][\w-]*|\b(?:if|of)=", row["flag"]
        ):
            yield row["binary"], token, row["capability"]

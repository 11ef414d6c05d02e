"""The table of docs/platforms.md, from the results of real runs."""

from __future__ import annotations

from pathlib import Path


def write_table(results: Path, page: Path) -> None:
    raise NotImplementedError

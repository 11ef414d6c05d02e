"""The table of docs/platforms.md, from the results of whole runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kernels import KERNELS

BEGIN, END = "<!-- kernels -->\n", "<!-- end -->\n"
USERS = ("root", "user")


def either(root: str, user: str) -> str:
    """What is said of both, once where it is the same."""
    return root if root == user else f"root: {root}; user: {user}"


def names(controls: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in controls) or "nothing"


def lacking(told: dict[str, Any], preset: str) -> str:
    return either(
        *(names(told["presets"][user][preset]["missing"]) for user in USERS)
    )


def counted(told: dict[str, Any], part: str) -> str:
    """Passed, and what was not."""
    cells = []
    for user in USERS:
        one = told[part][user]
        cell = f"{one['passed']}"
        if failed := len(one.get("failed", {})):
            cell += f", **{failed} failed**"
        if skipped := sum(one.get("skipped", {}).values()):
            cell += f", {skipped} skipped"
        cells.append(cell)
    return either(*cells)


def read(results: Path) -> dict[str, dict[str, Any]]:
    return {
        name: json.loads(path.read_text())
        for name in KERNELS
        if (path := results / f"{name}.json").exists()
    }


def rows(kernels: dict[str, dict[str, Any]]) -> list[list[str]]:
    first = next(iter(kernels.values()))
    presets = [*first["presets"]["root"]]
    presets = [name for name in presets if name not in ("failed", "seconds")]
    head = ["", *(f"Linux {told['release']}" for told in kernels.values())]
    table = [head, ["---"] * len(head)]

    def row(title: str, *cells: str) -> None:
        table.append([title, *cells])

    row(
        "Landlock ABI",
        *(
            str(told["presets"]["root"]["default"]["landlock"] or "none")
            for told in kernels.values()
        ),
    )
    for preset in presets:
        row(
            f"{preset} lacks",
            *(lacking(told, preset) for told in kernels.values()),
        )
    for part, title in (
        ("start", "first example, ways to start it"),
        ("unit", "the core's test programs in C"),
        ("tests", "tests in Python"),
    ):
        row(title, *(counted(told, part) for told in kernels.values()))
    return table


def write_table(results: Path, page: Path) -> None:
    kernels = read(results)
    text = "".join(f"| {' | '.join(row)} |\n" for row in rows(kernels))
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + BEGIN + text + END + after)

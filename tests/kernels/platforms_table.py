"""The table of docs/platforms.md, from the results of whole runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kernels import KERNELS

BEGIN, END = "<!-- kernels -->\n", "<!-- end -->\n"
USERS = ("root", "user")
NOT_RUN = "not run"
ARCHES = {"amd64": "x86-64", "arm64": "arm64"}
LABELS = {
    "default": "no sandbox named",
    "Sandbox()": "`Sandbox()`",
    "pid namespace": "`.tree(Tree.PidNamespace)`",
    "no network": "`.network(Network.Deny)`",
    "a profile": "rules with roots and `run_nothing()`",
    "strict": "`Sandbox.strict()`",
    "compat": "`Sandbox.compat()`",
}
PARTS = {
    "start": "ways to start the first example",
    "unit": "test programs of the core, in C",
    "tests": "tests in Python",
}


def either(root: str, user: str) -> str:
    """What is said of both, once where it is the same."""
    return root if root == user else f"root: {root}; user: {user}"


def names(controls: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in controls) or "nothing"


def lacking(told: dict[str, Any], preset: str) -> str:
    """What a command misses, having been allowed to."""
    missing = []
    for user in USERS:
        one = told["presets"][user].get(preset)
        if one is None:
            return NOT_RUN
        missing.append(names(one["missing"]))
    return either(*missing)


def landlock(told: dict[str, Any]) -> str:
    default = told["presets"]["root"].get("default")
    return str(default["landlock"] or "none") if default else NOT_RUN


def counted(told: dict[str, Any], part: str) -> str:
    """Passed, and what was not."""
    if part not in told:
        return NOT_RUN
    cells = []
    for user in USERS:
        one = told[part][user]
        cell = f"{one['passed']} passed"
        if failed := len(one.get("failed", {})):
            cell += f", **{failed} failed**"
        if skipped := sum(one.get("skipped", {}).values()):
            cell += f", {skipped} skipped"
        cells.append(cell)
    return either(*cells)


def read(results: Path) -> dict[str, dict[str, Any]]:
    """What the last run of each kernel told."""
    found = {}
    for name in KERNELS:
        path = results / f"{name}.json"
        if path.exists():
            told = json.loads(path.read_text())
            if "presets" in told:
                found[name] = told
    return found


def title(name: str, told: dict[str, Any]) -> str:
    """Without what Debian says of itself: its build, its kind."""
    release = told["release"].partition("-")[0].partition("+")[0]
    return f"{release}, {ARCHES[KERNELS[name].arch]}"


def rows(kernels: dict[str, dict[str, Any]]) -> list[list[str]]:
    first = next(iter(kernels.values()))["presets"]["root"]
    presets = [name for name in first if name not in ("failed", "seconds")]
    head = ["Linux", *(title(*pair) for pair in kernels.items())]
    every = kernels.values()
    return [
        head,
        ["---"] * len(head),
        ["Landlock ABI", *(landlock(told) for told in every)],
        *(
            [f"{LABELS[name]} lacks", *(lacking(told, name) for told in every)]
            for name in presets
        ),
        *(
            [text, *(counted(told, part) for told in every)]
            for part, text in PARTS.items()
        ),
    ]


def write_table(kernels: dict[str, dict[str, Any]], page: Path) -> None:
    """Between the marks of the page; with nothing run it stays as it is."""
    if not kernels:
        raise SystemExit("no results: run tests/kernels/run first")
    text = "".join(f"| {' | '.join(row)} |\n" for row in rows(kernels))
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + BEGIN + text + END + after)

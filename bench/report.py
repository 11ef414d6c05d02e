"""results.json and results.md."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

from results import Row

Soak = dict[str, tuple[float, float]]


def machine() -> str:
    """The kind of machine, without its name."""
    release = ".".join(platform.release().split(".")[:2])
    return (
        f"{os.cpu_count()}-core {platform.machine()}, "
        f"{platform.system()} {release}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def bar_text(row: Row) -> str:
    if row.bar is None:
        return ""
    return f"{'≤' if row.less_is_better else '≥'} {row.bar:.2f}"


def met_text(row: Row) -> str:
    return {None: "", True: "yes", False: "**no**"}[row.met]


def table(rows: list[Row]) -> list[str]:
    lines = [
        "| what | against | ours | peer | ratio (quartiles) | bar | met? |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        cells = [
            row.what,
            row.against,
            f"{number(row.ours)} {row.unit}",
            f"{number(row.peer)} {row.unit}",
            f"**{row.ratio:.2f}** ({row.low:.2f} to {row.high:.2f})",
            bar_text(row),
            met_text(row),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def soak_table(soak: Soak) -> list[str]:
    spawns = soak["spawns"][1]
    lines = [f"| {spawns:,.0f} spawns | before | after |", "|---|--:|--:|"]
    for name, (before, after) in soak.items():
        if name != "spawns":
            lines.append(f"| {name} | {before:.4g} | {after:.4g} |")
    return lines


def markdown(rows: list[Row], soak: Soak, idle: float) -> str:
    lines = [
        f"Measured on a {machine()}, {idle:.0%} idle at the start.",
        "",
        "The ratio is ours divided by the peer's: the median of interleaved",
        "rounds, so it need not be the quotient of the two columns.",
        "",
    ]
    if rows:
        lines += [*table(rows), ""]
    if soak:
        lines += [*soak_table(soak), ""]
    return "\n".join(lines)


def write(directory: Path, rows: list[Row], soak: Soak, idle: float) -> str:
    """Write both files; returns the Markdown."""
    document = {
        "machine": machine(),
        "idle": idle,
        "rows": [{**asdict(row), "met": row.met} for row in rows],
        "soak": soak,
    }
    text = markdown(rows, soak, idle)
    (directory / "results.json").write_text(
        json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    (directory / "results.md").write_text(text, encoding="utf-8")
    return text

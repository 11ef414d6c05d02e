"""What is written: results.json with every number, tables of Markdown."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import quiet
from measures import HYGIENE, Setting
from results import QUANTILES, Ratio, Row

BEGIN = "<!-- figures: written by run.py --readme -->"
END = "<!-- end of the figures -->"


def processor(cpuinfo: str) -> str:
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def commit() -> str:
    """Of the sources around this file, which should be what is installed."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine() -> dict[str, Any]:
    """What the numbers depend on; not the machine's name."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu": processor(Path("/proc/cpuinfo").read_text()),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "proc_jail": version("proc_jail"),
        "commit": commit(),
        "load": quiet.load_now().strip(),
    }


def machine_text(where: dict[str, Any]) -> str:
    return (
        f"{where['cpus']} processors ({where['cpu']}), {where['kernel']}, "
        f"CPython {where['python']}, proc_jail {where['commit']}, "
        f"{where['date'][:10]}"
    )


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def ratio_text(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def bar_text(row: Row) -> str:
    if row.bar is None:
        return ""
    met = {None: "unclear", True: "met", False: "**not met**"}[row.met]
    return f"{'≤' if row.less_is_better else '≥'} {row.bar:.2f}: {met}"


def in_order(rows: list[Row]) -> list[Row]:
    """By group; what is contained comes first."""
    groups = list(dict.fromkeys(row.group for row in rows))
    return sorted(
        rows, key=lambda row: (groups.index(row.group), row.what == HYGIENE)
    )


def table(rows: list[Row]) -> list[str]:
    lines = [
        "| what | as | against | ours, p50 | peer, p50 | ratio, p50 | p90 "
        "| p99 | bar | others |",
        "|---|---|---|--:|--:|--:|--:|--:|---|---|",
    ]
    for row in in_order(rows):
        middle, *others = [row.ratios.get(q) for q in QUANTILES]
        cells = [
            row.what,
            row.who,
            row.against,
            f"{number(row.median.ours)} {row.unit}",
            f"{number(row.median.peer)} {row.unit}",
            *(ratio_text(ratio) for ratio in (middle, *others)),
            bar_text(row),
            "idle" if row.busy is None else f"**busy**: {row.busy}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def soak_table(who: str, counts: dict[str, tuple[float, float]]) -> list[str]:
    spawns = counts["spawns"][1]
    lines = [
        f"| {spawns:,.0f} spawns as {who} | before | after |",
        "|---|--:|--:|",
    ]
    for name, (before, after) in counts.items():
        if name != "spawns":
            lines.append(f"| {name} | {before:.4g} | {after:.4g} |")
    return lines


def markdown(where: dict[str, Any], rows: list[Row], setting: Setting) -> str:
    lines = [f"Measured on {machine_text(where)}.", ""]
    if rows:
        lines += [*table(rows), ""]
    for who, counts in setting.soak.items():
        lines += [*soak_table(who, counts), ""]
    return "\n".join(lines)


def write(
    directory: Path, where: dict[str, Any], rows: list[Row], setting: Setting
) -> str:
    """Write both files; returns the Markdown."""
    document = {
        "machine": where,
        "rows": [{**asdict(row), "met": row.met} for row in rows],
        "soak": setting.soak,
        "series": setting.raw,
    }
    text = markdown(where, rows, setting)
    (directory / "results.json").write_text(
        json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (directory / "results.md").write_text(text, encoding="utf-8")
    return text


def put_figures(readme: str, figures: str) -> str:
    """The text with other figures between its markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the README has no place for figures")
    return f"{before}{begin}\n\n{figures.strip()}\n\n{end}{after}"

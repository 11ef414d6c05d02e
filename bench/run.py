"""Measure the installed proc_jail against its peers, in one command.

    python bench/run.py [--quick] [--only NAME] [--output DIR]

README.md says what the numbers mean.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import report
from measures import MEASURES, Setting
from results import Row
from tools import idle_share, make_floor, make_wheel, note


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Benchmarks of proc_jail.")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, more noise"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        default=Path(__file__).parent / "results",
        help="where the results go (bench/results)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(MEASURES),
        metavar="NAME",
        help=f"measure only this; repeatable: {', '.join(MEASURES)}",
    )
    return parser.parse_args(argv)


def draw(directory: Path, rows: list[Row], idle: float) -> None:
    try:
        import plot
    except ImportError:
        note("no matplotlib, so no plot: pip install 'proc_jail[bench]'")
        return
    where = f"{report.machine()}, {idle:.0%} idle at the start"
    plot.write(directory, rows, where)


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    if not sys.platform.startswith("linux"):
        note("these benchmarks read /proc: they run on Linux only")
        return 1
    output: Path = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    setting = Setting(make_floor(output), make_wheel(output), options.quick)
    idle = idle_share()
    if idle < 0.9:
        note(f"only {idle:.0%} idle: other programs are in the numbers")
    rows: list[Row] = []
    for name in options.only or MEASURES:
        note(f"measuring {name}")
        rows += MEASURES[name](setting)
    print(report.write(output, rows, setting.soak, idle))
    if rows:
        draw(output, rows, idle)
    return 0


if __name__ == "__main__":
    sys.exit(main())

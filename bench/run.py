"""Measure the installed proc_jail against its peers, in one command.

    python bench/run.py [--quick] [--only NAME] [--output DIR]
    python bench/run.py --gate [--strict]
    python bench/run.py --store

README.md says what the numbers mean.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import gate
import quiet
import report
from measures import AS_STARTED, MEASURES, PATIENCE, Busy, Setting
from results import Row
from tools import Who, compile_program, note, people

HERE = Path(__file__).parent
BUSY = 3  # the status of a run that was not made, or not to its end


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Benchmarks of proc_jail.")
    add = parser.add_argument
    add("--quick", action="store_true", help="fewer rounds, more noise")
    add("--busy", action="store_true", help="measure on a busy machine too")
    add(
        "--output",
        type=Path,
        metavar="DIR",
        default=HERE / "results",
        help="where the results go (bench/results)",
    )
    add(
        "--only",
        action="append",
        choices=list(MEASURES),
        metavar="NAME",
        help=f"measure only this; repeatable: {', '.join(MEASURES)}",
    )
    add("--readme", action="store_true", help="put the figures into README.md")
    add("--gate", action="store_true", help="fail if a stored ratio is lost")
    add("--strict", action="store_true", help="fail where that is not judged")
    add("--store", action="store_true", help="store the ratios of now")
    options = parser.parse_args(argv)
    gated = options.gate or options.store
    if options.readme and (
        options.quick or options.busy or options.only or gated
    ):
        parser.error("--readme is of whole runs on an idle machine")
    if options.strict and not options.gate:
        parser.error("--strict is of --gate")
    return options


def draw(directory: Path, rows: list[Row], where: str) -> None:
    try:
        import plot
    except ImportError:
        note("no matplotlib, so no plot: pip install --group bench")
        return
    plot.write(directory, rows, where)


def measure(setting: Setting, some: list[Who], names: list[str]) -> list[Row]:
    """All that can be measured until others want the processors."""
    rows: list[Row] = []
    for name in names:
        for who in some[:1] if name in AS_STARTED else some:
            note(f"measuring {name} as {who.name}")
            try:
                rows += MEASURES[name](setting, who)
            except Busy as busy:
                setting.stopped = str(busy)
                return rows
    return rows


def whole_run(options: argparse.Namespace, setting: Setting) -> int:
    where: dict[str, Any] = report.machine()
    complaint = quiet.busy_before()
    if complaint is not None and not setting.busy:
        note(f"busy: {complaint}; wait, or say --busy")
        return BUSY
    output: Path = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    rows = measure(setting, people(), options.only or list(MEASURES))
    print(report.write(output, where, rows, setting))
    if rows:
        draw(output, rows, report.machine_text(where))
    if setting.stopped is not None:
        note(f"busy: {setting.stopped}; wait, or say --busy")
        return BUSY
    return write_readme(rows, where) if options.readme else 0


def write_readme(rows: list[Row], where: dict[str, Any]) -> int:
    if any(row.busy is not None for row in rows):
        note("busy: others are in these numbers, so README.md stays as it is")
        return BUSY
    readme = HERE / "README.md"
    text = [f"Measured on {report.machine_text(where)}.", ""]
    figures = "\n".join([*text, *report.table(rows)])
    readme.write_text(
        report.put_figures(readme.read_text(encoding="utf-8"), figures),
        encoding="utf-8",
    )
    return 0


def main(argv: list[str] | None = None) -> int:
    options = parse(argv)
    if not sys.platform.startswith("linux"):
        note("these benchmarks read /proc: they run on Linux only")
        return 1
    with tempfile.TemporaryDirectory(prefix="proc-jail-bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # for the other user
        setting = Setting(
            floor=compile_program("floor", place),
            allow=compile_program("allow", place),
            quick=options.quick or options.gate or options.store,
            busy=options.busy,
            patience=gate.PATIENCE if options.gate else PATIENCE,
        )
        if options.store:
            return gate.store(setting, people())
        if options.gate:
            return gate.judge(setting, people(), options.strict)
        return whole_run(options, setting)


if __name__ == "__main__":
    sys.exit(main())

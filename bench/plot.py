"""results.png: every ratio, with its spread and its bar."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullLocator

from results import Row

MET, MISSED, PLAIN = "#1a7f5a", "#c8442c", "#5b6573"
ZONE, RULE = "#dcefe6", "#d5d9de"
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def color(row: Row) -> str:
    return {None: PLAIN, True: MET, False: MISSED}[row.met]


def limits(rows: list[Row]) -> tuple[float, float]:
    values = [1.0]
    for row in rows:
        values += row.median[2:]
        if row.bar is not None:
            values.append(row.bar)
    return min(values) / 1.25, max(values) * 1.25


def draw_row(axes: Axes, row: Row, y: int, ends: tuple[float, float]) -> None:
    """One line: the zone that meets the bar, the interval, the ratio."""
    if row.bar is not None:
        edge = ends[0] if row.less_is_better else ends[1]
        left, right = sorted((edge, row.bar))
        axes.barh(y, right - left, left=left, height=0.8, color=ZONE)
        axes.plot([row.bar] * 2, [y - 0.4, y + 0.4], color=MET, lw=2)
    middle = row.median
    axes.plot([middle.low, middle.high], [y, y], color=color(row), lw=2.5)
    axes.plot(middle.value, y, "o", ms=8, color=color(row), mec="white")
    values = f"{middle.ours:,.0f} vs {middle.peer:,.0f} {row.unit}"
    axes.annotate(
        f"{middle.value:.2f}   {values}",
        (1.01, y),
        xycoords=("axes fraction", "data"),
        va="center",
        color=color(row),
        fontweight="bold" if row.bar is not None else "normal",
    )


def draw_panel(axes: Axes, rows: list[Row], title: str) -> None:
    ends = limits(rows)
    axes.set_xscale("log")
    axes.set_xlim(*ends)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(1, color="black", lw=1)
    for y, row in enumerate(rows):
        draw_row(axes, row, y, ends)
    names = [
        f"{'busy: ' if row.busy else ''}{row.what}  vs  {row.against}, "
        f"{row.who}"
        for row in rows
    ]
    axes.set_yticks(range(len(rows)), names)
    shown = [tick for tick in TICKS if ends[0] <= tick <= ends[1]]
    axes.set_xticks(shown)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.grid(axis="x", color=RULE, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def legend(figure: Figure) -> None:
    def dot(shade: str, label: str) -> Line2D:
        return Line2D([], [], marker="o", color=shade, lw=2.5, label=label)

    figure.legend(
        handles=[
            dot(MET, "meets its bar"),
            dot(MISSED, "misses it"),
            dot(PLAIN, "has none, or too large an error"),
            Patch(color=ZONE, label="where the bar is met"),
        ],
        loc="outside lower center",
        ncols=4,
        frameon=False,
    )


def write(directory: Path, rows: list[Row], machine: str) -> None:
    """One panel for what should be small, one for what should be large."""
    panels = [
        ("Time and memory, ours / peer  (← less is better)", True),
        ("Throughput, ours / peer  (more is better →)", False),
    ]
    chosen = [
        (title, [row for row in rows if row.less_is_better is less])
        for title, less in panels
    ]
    chosen = [(title, part) for title, part in chosen if part]
    heights = [len(part) + 1.5 for _, part in chosen]
    with mpl.rc_context({"font.size": 9.5}):
        figure = Figure(
            figsize=(11.5, 0.29 * sum(heights) + 1.1), layout="constrained"
        )
        grid = figure.subplots(
            len(chosen), 1, squeeze=False, height_ratios=heights
        )
        for axes, (title, part) in zip(grid[:, 0], chosen, strict=True):
            draw_panel(axes, part, title)
        figure.suptitle(
            "proc_jail against its peers: ratio of medians, "
            f"line = 95 % interval\n{machine}",
            fontsize=10,
        )
        legend(figure)
        figure.savefig(directory / "results.png", dpi=130)

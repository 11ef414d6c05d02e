"""The short mode: a few robust ratios against those that were stored."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from measures import (
    TRIES,
    Busy,
    Setting,
    capture,
    programs,
    spawn,
    threads,
    typed,
)
from report import machine, machine_text
from results import Row
from tools import Who, note

BASELINE = Path(__file__).parent / "baseline.json"
TOLERANCE = 0.15
PATIENCE = 5.0  # for each of seven series, so a minute for all at most

Check = Callable[[Setting, Who], list[Row]]
# The first row of each counts.  Others than the first two cost as much for
# one user as for another.
CHECKS: list[tuple[Check, bool]] = [
    (spawn, True),
    (functools.partial(threads, numbers=(8,)), True),
    (functools.partial(programs, names=("dd",)), False),
    (capture, False),
    (typed, False),
]


def loss(ratio: float, stored: float, less_is_better: bool) -> float:
    """How much worse a ratio is than the stored one; negative: better."""
    return (ratio / stored if less_is_better else stored / ratio) - 1


def name_of(row: Row) -> str:
    return f"{row.what} as {row.who}, against {row.against}"


def one_row(check: Check, setting: Setting, who: Who) -> Row:
    row = check(setting, who)[0]
    if row.busy is not None and not setting.busy:
        raise Busy(row.busy)
    return row


def passes(
    attempt: Callable[[], Row], ratios: dict[str, dict[str, float]]
) -> bool:
    """Whether one of three tries loses no more than is tolerated."""
    for number in range(TRIES):
        row = attempt()
        name, value = name_of(row), row.median.value
        stored = ratios.get(name)
        if stored is None:
            note(f"{name}: {value:.2f}; none is stored, so not judged")
            return True
        lost = loss(value, stored["ratio"], row.less_is_better)
        good = lost <= stored["tolerance"]
        note(
            f"{name}: {value:.2f}, stored {stored['ratio']:.2f}, "
            f"{abs(lost):.0%} {'worse' if lost > 0 else 'better'}"
            f"{'' if good else f': try {number + 1} fails'}"
        )
        if good:
            return True
    return False


def checks(people: list[Who]) -> list[tuple[Check, Who]]:
    return [
        (check, who)
        for check, everybody in CHECKS
        for who in (people if everybody else people[:1])
    ]


def judge(setting: Setting, people: list[Who], strict: bool) -> int:
    stored = json.loads(BASELINE.read_text(encoding="utf-8"))
    note(f"here: {machine_text(machine())}")
    note(f"stored: {machine_text(stored['machine'])}")
    if not stored["idle"]:
        note("stored on a busy machine: not to be relied on")
    failed = 0
    try:
        for check, who in checks(people):
            attempt = functools.partial(one_row, check, setting, who)
            failed += not passes(attempt, stored["ratios"])
    except Busy as busy:
        print(f"busy: not judged ({busy})", flush=True)
        # What was measured before the neighbour came is judged.
        return int(strict or failed > 0)
    print(f"bench gate: {f'{failed} lost' if failed else 'passed'}")
    return int(failed > 0)


def store(setting: Setting, people: list[Who]) -> int:
    """Measure all three times, and keep the ratios in the middle."""
    where: dict[str, Any] = machine()
    ratios: dict[str, dict[str, float]] = {}
    try:
        for check, who in checks(people):
            rows = [one_row(check, setting, who) for _ in range(TRIES)]
            ratio = round(median(row.median.value for row in rows), 3)
            ratios[name_of(rows[0])] = {
                "ratio": ratio,
                "tolerance": TOLERANCE,
            }
            note(f"{name_of(rows[0])}: {ratio:.2f}")
    except Busy as busy:
        print(f"busy: not stored ({busy})")
        return 1
    document = {"machine": where, "idle": not setting.busy, "ratios": ratios}
    BASELINE.write_text(json.dumps(document, indent=2) + "\n")
    return 0

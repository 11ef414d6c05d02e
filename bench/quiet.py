"""Whether the machine is idle, and who took its processors.

A busy machine flatters: whoever waits for a processor anyway hides what a
sandbox costs.  So nothing is measured on one, unless that is asked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

LIMIT = 0.05  # of all processors, by others or by a virtual machine's host
LOAD_LIMIT = 0.5  # runnable programs a processor, over a minute
SLACK = 6  # ticks: the counters are sampled, and their unit is 10 ms
WINDOW = 1.0  # seconds


class Ticks(NamedTuple):
    """Time of all processors since the start of the machine."""

    spent: int
    stolen: int
    total: int

    def __sub__(self, other: Ticks) -> Ticks:
        return Ticks(*(a - b for a, b in zip(self, other, strict=True)))


def read_ticks(stat: str) -> Ticks:
    """The first line of /proc/stat; guests are in the time of users."""
    words = [int(word) for word in stat.partition("\n")[0].split()[1:9]]
    user, nice, system, idle, waiting, irq, soft, stolen = words
    spent = user + nice + system + irq + soft
    return Ticks(spent, stolen, spent + idle + waiting + stolen)


def read_own(stats: Iterable[str]) -> int:
    """Ticks of processes and of their children, from /proc/PID/stat."""
    # The name, in parentheses, may have blanks and parentheses in it.
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(word) for words in fields for word in words[11:15])


class Use(NamedTuple):
    """Who used the processors between two moments."""

    others: float  # shares of all processors
    stolen: float
    ticks: int  # of all processors together

    @property
    def complaint(self) -> str | None:
        if self.stolen > LIMIT:
            return f"the host took {self.stolen:.0%} of the processors"
        if self.others > LIMIT:
            return f"others used {self.others:.0%} of the processors"
        return None


def use(spent: Ticks, own: int, slack: int = SLACK) -> Use:
    """What `own` ticks leave of what was spent."""
    total = max(1, spent.total)
    others = max(0, spent.spent - own - slack)
    stolen = max(0, spent.stolen - 1)
    return Use(others / total, stolen / total, total)


def load_complaint(loadavg: str, processors: int) -> str | None:
    """What a text of /proc/loadavg says of the minute before."""
    load = float(loadavg.split(maxsplit=1)[0])
    if load <= LOAD_LIMIT * processors:
        return None
    return f"the load of the last minute is {load:.2f}"


def load_now() -> str:
    return Path("/proc/loadavg").read_text()


def own_stats() -> list[str]:
    """This process and its children, those of which have none now."""
    here = Path("/proc/self/task")
    children = " ".join(
        file.read_text() for file in here.glob("*/children")
    ).split()
    files = [Path("/proc") / pid / "stat" for pid in ("self", *children)]
    return [file.read_text() for file in files]


class Watch:
    """From now on, until use() is asked for."""

    def __init__(self) -> None:
        self._own = read_own(own_stats())
        self._ticks = read_ticks(Path("/proc/stat").read_text())

    def use(self) -> Use:
        spent = read_ticks(Path("/proc/stat").read_text()) - self._ticks
        return use(spent, read_own(own_stats()) - self._own)


def wait_for_idle(seconds: float) -> str | None:
    """None as soon as one window was idle, else the last complaint."""
    until = time.monotonic() + seconds
    while True:
        watch = Watch()
        time.sleep(WINDOW)
        complaint = watch.use().complaint
        if complaint is None or time.monotonic() >= until:
            return complaint


def busy_before() -> str | None:
    """What speaks against the first series."""
    return load_complaint(load_now(), os.cpu_count() or 1)

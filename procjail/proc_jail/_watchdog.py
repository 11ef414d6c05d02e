"""One thread that holds every deadline when an event loop is too busy to.

A command that is driven by an event loop is looked at when the loop has
time. If it has none, because a coroutine computes, a deadline would pass
unseen; this thread kills the tree then. It lives as long as commands run.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from proc_jail._core import _Process

# The owner's own look at the clock comes first, if it comes at all.
HEAD_START = 0.05


class Watchdog:
    """Kills the trees of processes whose deadline passed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, ref[Watched]]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def watch(self, process: _Process, seconds: float) -> Watched:
        """Guard a process until the returned object is closed or gone."""
        watched = Watched(process)
        due = time.monotonic() + seconds + HEAD_START
        with self._changed:
            entry = (due, next(self._numbers), ref(watched))
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="proc_jail-watchdog", daemon=True
                )
                self._thread.start()
            elif self._due[0] is entry:
                self._changed.notify()
        return watched

    def forget(self) -> None:
        """Drop what is no longer guarded; end the thread if nothing is."""
        with self._changed:
            self._due = [
                entry
                for entry in self._due
                if (watched := entry[2]()) is not None and watched.active
            ]
            heapq.heapify(self._due)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._due:
                    self._thread = None
                    return
                wait = self._due[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, reference = heapq.heappop(self._due)
            watched = reference()
            if watched is not None and watched.active:
                watched.expire()


class Watched:
    """A guarded process."""

    __slots__ = ("__weakref__", "_process", "active")

    def __init__(self, process: _Process) -> None:
        self._process = process
        self.active = True

    def expire(self) -> None:
        """Kill the tree; try again while its owner is at it."""
        while self.active and not self._process.expire():
            time.sleep(0.001)


_watchdog = Watchdog()
_closed = itertools.count(1)


def watch(process: _Process, seconds: float) -> Watched:
    """Guard a process for this many seconds, and then kill its tree."""
    return _watchdog.watch(process, seconds)


def release(watched: Watched) -> None:
    """End the guard of a process that is being finished."""
    watched.active = False
    # Entries are swept now and then, not one by one: that would be a
    # search for each of a thousand commands.
    if next(_closed) % 256 == 0 or _watchdog_is_idle():
        _watchdog.forget()


def _watchdog_is_idle() -> bool:
    """Whether the guard that ended may have been the last one."""
    return len(_watchdog._due) <= 1


def reset() -> None:
    """Start afresh in a fork of the host, which has no such thread."""
    global _watchdog  # noqa: PLW0603
    _watchdog = Watchdog()

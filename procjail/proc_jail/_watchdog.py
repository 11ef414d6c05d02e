"""One thread that holds every deadline when an event loop is too busy to.

A command that is driven by an event loop is looked at when the loop has
time. If it has none, because a coroutine computes, a deadline would pass
unseen; this thread kills the tree then. It ends a moment after the last
command, and starts again with the next one.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proc_jail._core import _Process

# The owner's own look at the clock comes first, if it comes at all.
HEAD_START = 0.05
# How long the thread sleeps at most, and stays when there is nothing to guard:
# a program that runs one command after the other pays for one start.
LINGER = 0.5
RETRY = 0.001


class Watchdog:
    """Kills the trees of processes whose deadline has passed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[_Process, float] = {}
        self._wakes_at = 0.0
        self._running = False

    def guard(self, process: _Process, seconds: float) -> None:
        """Kill the tree of a process after this time, unless released."""
        due = time.monotonic() + seconds + HEAD_START
        with self._changed:
            self._due[process] = due
            if not self._running:
                threading.Thread(
                    target=self._run, name="proc_jail-watchdog", daemon=True
                ).start()
                self._running = True
            elif due < self._wakes_at:
                self._changed.notify()

    def release(self, process: _Process) -> None:
        """End the guard of a process that is being finished."""
        with self._changed:
            self._due.pop(process, None)

    def _run(self) -> None:
        with self._changed:
            while self._guard_once():
                pass
            self._running = False

    def _guard_once(self) -> bool:
        """Wait for the next deadline; whether there is more to guard."""
        now = time.monotonic()
        next_due = min(self._due.values(), default=now + LINGER)
        # No process is held here meanwhile: it may be finished and freed.
        if next_due > now:
            self._wakes_at = min(next_due, now + LINGER)
            self._changed.wait(self._wakes_at - now)
            return bool(self._due)
        for process in [p for p, due in self._due.items() if due <= now]:
            if process.expire():
                del self._due[process]
            else:
                # Its owner is at it right now, or it was asked to end.
                self._due[process] = now + max(RETRY, self._left(process))
        return True

    @staticmethod
    def _left(process: _Process) -> float:
        try:
            return process.remaining()
        except RuntimeError:
            return 0


_watchdog = Watchdog()


def guard(process: _Process, seconds: float) -> None:
    """Kill the tree of a process after this time, unless released."""
    _watchdog.guard(process, seconds)


def release(process: _Process) -> None:
    """End the guard of a process that is being finished."""
    _watchdog.release(process)


def reset() -> None:
    """Start afresh in a fork of the host, which has no such thread."""
    _watchdog.__init__()  # type: ignore[misc]

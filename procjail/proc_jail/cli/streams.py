"""The standard streams of the command line: closed ones, slow readers."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable

# How long to wait after the deadline for a reader that takes nothing.
GRACE = 1.0
RETRY = 0.001
# A write of this size does not block if select reports the pipe writable.
MOST = select.PIPE_BUF


def fill_streams() -> None:
    """Open standard streams that are closed, so that their numbers are taken.

    They are opened in the wrong direction, so that reading and writing still
    fail. What is written to a closed standard error is lost, which is not a
    failure.
    """
    for fd, name, flags in (
        (0, "stdin", os.O_WRONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        if getattr(sys, name) is not None:
            continue
        with contextlib.suppress(OSError):
            os.fstat(fd)
            continue
        # open() takes the lowest free number; those below are open.
        opened = os.open(os.devnull, flags)
        if opened != fd:
            os.dup2(opened, fd)
            os.close(opened)
        mode = "r" if fd == 0 else "w"
        setattr(sys, name, open(fd, mode, closefd=False))  # noqa: SIM115


def drop_stdout() -> None:
    """Discard what standard output did not take; exit would try again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


class Sink:
    """A standard stream whose reader is waited for, until a deadline.

    After it, writing continues as long as the reader keeps reading.
    """

    def __init__(self, fd: int, deadline: float) -> None:
        self._fd = fd
        self._deadline = deadline
        # Called once when the deadline passes here.
        self.at_deadline: Callable[[], None] = lambda: None
        self.expired = False
        self.lost = 0

    def write(self, data: bytes) -> None:
        """Write all of it; bytes that are not taken count as lost."""
        view = memoryview(data)
        while view and not self.lost and self._wait():
            try:
                view = view[os.write(self._fd, view[:MOST]) :]
            except BlockingIOError:
                time.sleep(RETRY)
        self.lost += len(view)

    def _wait(self) -> bool:
        left = self._deadline - time.monotonic()
        if left > 0 and self._is_writable(left):
            return True
        if left <= 0 and self._is_writable(0):
            return True
        if not self.expired:
            self.expired = True
            self.at_deadline()
        return self._is_writable(GRACE)

    def _is_writable(self, seconds: float) -> bool:
        # The longest time that select accepts on every system.
        seconds = min(seconds, 1e6)
        return bool(select.select([], [self._fd], [], seconds)[1])

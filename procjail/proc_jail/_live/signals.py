"""The signals that end a host, which has to end its commands first."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import Any

# Signals that end the host, and must end its commands too.
ENDING = ("SIGTERM", "SIGHUP", "SIGINT")


class Ended(BaseException):
    """One of the signals arrived; `status` is the exit status."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


def ending_signals() -> list[signal.Signals]:
    """The signals that are not ignored, as under nohup or behind `&`."""
    known = [getattr(signal, name) for name in ENDING]
    return [n for n in known if signal.getsignal(n) != signal.SIG_IGN]


@contextlib.contextmanager
def signals_raise() -> Iterator[None]:
    """Raise Ended at the first signal; ignore later ones.

    Unwinding then kills and reaps, which a second signal must not cut
    short.
    """
    before = {number: signal.getsignal(number) for number in ending_signals()}
    raised: list[Ended] = []

    def end(number: int, _: object) -> None:
        for other in before:
            signal.signal(other, _ignore)
        raised.append(Ended(number))
        raise raised[0]

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        if not raised:
            _restore(before)
        elif sys.exc_info()[1] is not raised[0]:
            # CPython can lose what a handler raises: in open() it becomes
            # "FileIO has no attribute flush" (3.10).
            raise raised[0]


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _ignore(number: int, _: object) -> None:
    """Ignore a signal; not by SIG_IGN, which a new process would inherit."""


def ignore_signals() -> None:
    """Ignore the signals for good: nothing runs any more.

    Otherwise they would be fatal again while the interpreter ends. They are
    blocked first: Python complains of one that arrived for a handler and
    finds none (3.11: "ignored due to race condition"), and restores the
    default of signals that have handlers when it ends.
    """
    numbers = ending_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)

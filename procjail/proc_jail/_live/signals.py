"""The signals that end a host, which has to end its commands first."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

# What ends the host, and has to end its commands too.
ENDING = ("SIGTERM", "SIGHUP", "SIGINT")


class Ended(BaseException):
    """One of the signals came; `status` is what to exit with."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


def ending_signals() -> list[signal.Signals]:
    """The signals that are not ignored, as under nohup or behind `&`."""
    known = [getattr(signal, name) for name in ENDING]
    return [n for n in known if signal.getsignal(n) != signal.SIG_IGN]


@contextlib.contextmanager
def signals_raise() -> Iterator[None]:
    """Raise Ended at the first signal; those behind it change nothing.

    What is unwound then kills and reaps, which a second one must not cut
    short.
    """
    before = {number: signal.getsignal(number) for number in ending_signals()}

    def end(number: int, _: object) -> None:
        for other in before:
            signal.signal(other, _ignore)
        raise Ended(number)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    except Ended:
        raise
    except BaseException:
        _restore(before)
        raise
    _restore(before)


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _ignore(number: int, _: object) -> None:
    """Not SIG_IGN, which what is started now would inherit."""


def ignore_signals() -> None:
    """Ignore them for good: nothing runs any more, and nothing starts.

    The interpreter's end would make them deadly again.
    """
    for number in ending_signals():
        signal.signal(number, signal.SIG_IGN)

"""Waiting for a process on whatever event loop runs: asyncio or trio.

asyncio needs nothing more. Any other loop is reached through anyio, which
is an extra; there one descriptor is waited for, of a selector that holds the
pipes and the pidfd of the process.
"""

from __future__ import annotations

import selectors
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from proc_jail._core import _Process

# Where no descriptor reports the end, it is polled for.
PROBE = 0.005


class Waiter(Protocol):
    """What the front ends need of an event loop."""

    async def wait(self) -> None:
        """Sleep until step() has something to do."""

    def follow(self) -> None:
        """Forget what step() has closed."""

    def close(self) -> None:
        """Give the selector back; safe to call twice."""


def follow(
    selector: selectors.BaseSelector,
    before: list[int],
    watch: tuple[int, int, int],
    data: object = None,
) -> list[int]:
    """Register what a process has open, and only that; return it."""
    now = [fd for fd in watch if fd >= 0]
    for fd in before:
        if fd not in now:
            selector.unregister(fd)
    for fd in now:
        if fd not in before:
            selector.register(fd, selectors.EVENT_READ, data)
    return now


class _Watched:
    """The descriptors of one process behind one descriptor."""

    def __init__(self, process: _Process) -> None:
        self.process = process
        self.selector = selectors.DefaultSelector()
        self._open: list[int] = []

    def refresh(self) -> float:
        """Follow what was closed or opened; return how long to sleep."""
        watch = self.process.watch()
        self._open = follow(self.selector, self._open, watch)
        seconds = self.process.remaining()
        return min(seconds, PROBE) if watch[2] < 0 else seconds

    def fileno(self) -> int:
        return self.selector.fileno()

    def close(self) -> None:
        self.selector.close()


class AsyncioWaiter:
    """Waits with add_reader on each descriptor, and one timer."""

    def __init__(self, process: _Process) -> None:
        # Not at the top: it is slow to import, and its users have it already.
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._process = process
        self._blind = process.watch()[2] < 0
        self._open: set[int] = set()
        self._woken: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def _ignore(self, fds: set[int]) -> None:
        # A closed loop has already forgotten them.
        if not self._loop.is_closed():
            for fd in fds:
                self._loop.remove_reader(fd)
        self._open -= fds

    def follow(self) -> None:
        self._ignore(self._open.difference(self._process.watch()))

    def _arm(self) -> None:
        """Set the timer: for the clock, or to ask for the end."""
        seconds = self._process.remaining()
        # The loop's own granularity; waking early would spin.
        seconds = min(seconds, PROBE) if self._blind else seconds + 0.001
        self._timer = self._loop.call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        self._wake()

    def _wake(self) -> None:
        if self._woken is None:
            # Nobody wants the bytes yet; the loop would spin on them.
            self._ignore(set(self._open))
        elif not self._woken.done():
            self._woken.set_result(None)

    async def wait(self) -> None:
        for fd in self._process.watch():
            if fd >= 0 and fd not in self._open:
                self._loop.add_reader(fd, self._wake)
                self._open.add(fd)
        if self._timer is None:
            self._arm()
        self._woken = self._loop.create_future()
        try:
            await self._woken
        finally:
            self._woken = None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._ignore(set(self._open))
        if self._woken is not None:
            self._wake()


class AnyioWaiter:
    """Waits with anyio, on trio or anything else that it knows."""

    def __init__(self, process: _Process) -> None:
        import anyio

        self._after = anyio.move_on_after
        self._readable: Callable[[int], Awaitable[None]] = anyio.wait_readable
        self._watched = _Watched(process)
        self._closed = False

    async def wait(self) -> None:
        seconds = self._watched.refresh()
        with self._after(seconds + 0.001):
            await self._readable(self._watched.fileno())

    def follow(self) -> None:
        """Nothing to do: no other command uses this selector."""

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._watched.close()


def _is_asyncio() -> bool:
    """Return whether the event loop that is running is asyncio's."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is None:
        return True
    try:
        return bool(sniffio.current_async_library() == "asyncio")
    except sniffio.AsyncLibraryNotFoundError:
        raise RuntimeError("no running event loop") from None


def load() -> None:
    """Import what waiting on the running event loop takes.

    Before a command is started: CPython drops a KeyboardInterrupt that
    arrives inside of an import.
    """
    if _is_asyncio():
        return
    try:
        import anyio
    except ModuleNotFoundError as error:
        raise RuntimeError(
            "commands run on asyncio; for another event loop install "
            "proc_jail[anyio]"
        ) from error
    anyio.get_current_task()  # imports the backend


def waiter(process: _Process) -> Waiter:
    """Return a waiter for the event loop that is running."""
    if _is_asyncio():
        return AsyncioWaiter(process)
    load()
    return AnyioWaiter(process)

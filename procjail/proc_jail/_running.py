"""Commands that are running: start(), streaming, and await spawn()."""

from __future__ import annotations

import atexit
import contextlib
import os
import weakref
from typing import TYPE_CHECKING

from proc_jail import _core, _loops, _watchdog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import TracebackType

    from proc_jail._core import Output, PreparedCommand, _Process

LINE_LIMIT = 65536

# What runs when the interpreter ends is killed and reaped first.
_running: weakref.WeakSet[_Run] = weakref.WeakSet()


class _Run:
    """One started command, from its start to its output."""

    def __init__(self, command: PreparedCommand) -> None:
        self.process: _Process = _core._start(command)
        self.pid: int = self.process.pid
        self.output: Output | None = None
        self.error: Exception | None = None
        self.done = False
        self.killed = False
        _running.add(self)

    def kill(self) -> None:
        if not self.finished:
            self.killed = True
            self.process.kill()

    @property
    def finished(self) -> bool:
        return self.output is not None or self.error is not None

    def finish(self) -> Output:
        """Kill what is left, reap, and return the output or raise."""
        if not self.finished:
            _running.discard(self)
            try:
                self.output = self.process.finish()
            except Exception as error:
                self.error = error
        if self.error is not None:
            raise self.error
        assert self.output is not None
        return self.output

    def abandon(self) -> None:
        """Kill and reap, whatever the result would have been."""
        self.kill()
        with contextlib.suppress(Exception):
            self.finish()


class _Lines:
    """Bytes to lines, as readline(limit) would give them."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("the limit of a line must be positive")
        self._limit = limit
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that a chunk completes; longer ones in pieces."""
        data, start = self._rest + chunk, 0
        while True:
            end = data.find(b"\n", start, start + self._limit) + 1
            if end == 0:
                if len(data) - start < self._limit:
                    break
                end = start + self._limit
            yield data[start:end]
            start = end
        self._rest = data[start:]

    def rest(self) -> bytes:
        return self._rest


class RunningCommand:
    """A started command.

    A context manager: what still runs at its end is killed and reaped.
    Iterating gives stdout in chunks of bytes, as they come; what was
    iterated over is not part of the output. It belongs to the thread that
    started it.

    >>> with command.start() as running:
    ...     for chunk in running:
    ...         size = len(chunk)
    >>> running.wait().success
    True
    """

    def __init__(self, run: _Run) -> None:
        self._run = run

    def __enter__(self) -> RunningCommand:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._run.finished:
            self._run.abandon()

    async def __aenter__(self) -> AsyncRunningCommand:
        return AsyncRunningCommand(self._run)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._run.finished:
            self._run.abandon()

    @property
    def pid(self) -> int:
        """The process id of the leader, for showing it."""
        return self._run.pid

    def kill(self) -> None:
        """Kill the whole tree; wait() will raise Cancelled.

        >>> running = command.start()
        >>> running.kill()
        """
        self._run.kill()

    def wait(self) -> Output:
        """Wait for the end; return the Output.

        Raises what spawn_sync() raises, and Cancelled after kill().

        >>> command.start().wait().success
        True
        """
        run = self._run
        try:
            while not run.done:
                run.done = run.process.wait()
        except BaseException:
            run.abandon()
            raise
        return run.finish()

    def __iter__(self) -> Iterator[bytes]:
        run = self._run
        while not run.finished:
            try:
                run.done = run.done or run.process.wait()
            except BaseException:
                run.abandon()
                raise
            chunk = run.process.take()
            if chunk:
                yield chunk
            if run.done:
                output = run.finish()
                if output.stdout:
                    yield output.stdout
                return

    def lines(self, limit: int = LINE_LIMIT) -> Iterator[bytes]:
        """Iterate over the lines of stdout, with their newlines.

        A line of more than `limit` bytes comes in pieces of that size, as
        readline(limit) gives them.

        >>> with command.start() as running:
        ...     first = next(running.lines(), b"")
        """
        lines = _Lines(limit)
        for chunk in self:
            yield from lines.feed(chunk)
        if lines.rest():
            yield lines.rest()

    def __repr__(self) -> str:
        state = "finished" if self._run.finished else "running"
        return f"<{type(self).__name__} pid={self.pid} {state}>"


class AsyncRunningCommand:
    """A started command on an event loop: what `async with` gives.

    >>> async def size(command):
    ...     async with command.start() as running:
    ...         return sum([len(chunk) async for chunk in running])
    """

    def __init__(self, run: _Run) -> None:
        self._run = run

    @property
    def pid(self) -> int:
        """The process id of the leader, for showing it."""
        return self._run.pid

    def kill(self) -> None:
        """Kill the whole tree; wait() will raise Cancelled."""
        self._run.kill()

    async def wait(self) -> Output:
        """Wait for the end; return the Output, or raise as spawn() does."""
        run = self._run
        if not run.finished:
            await _drive(run)
        return run.finish()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        run = self._run
        if run.finished:
            return
        waiter = _loops.waiter(run.process)
        _watchdog.guard(run.process, run.process.remaining())
        try:
            while not run.done:
                run.done = run.process.step()
                chunk = run.process.take()
                if chunk:
                    yield chunk
                elif not run.done:
                    await waiter.wait()
        except BaseException:
            run.abandon()
            raise
        finally:
            _watchdog.release(run.process)
            waiter.close()
        output = run.finish()
        if output.stdout:
            yield output.stdout

    async def lines(self, limit: int = LINE_LIMIT) -> AsyncIterator[bytes]:
        """Iterate over the lines of stdout, with their newlines."""
        lines = _Lines(limit)
        async for chunk in self:
            for line in lines.feed(chunk):
                yield line
        if lines.rest():
            yield lines.rest()

    def __repr__(self) -> str:
        state = "finished" if self._run.finished else "running"
        return f"<{type(self).__name__} pid={self.pid} {state}>"


async def _drive(run: _Run) -> None:
    """Step a command to its end; cancelling kills and reaps it first."""
    if run.done:
        return
    waiter = _loops.waiter(run.process)
    _watchdog.guard(run.process, run.process.remaining())
    try:
        while not run.process.step():
            await waiter.wait()
        run.done = True
    except BaseException:
        run.abandon()
        raise
    finally:
        _watchdog.release(run.process)
        waiter.close()


def start(command: PreparedCommand) -> RunningCommand:
    """Start a command: PreparedCommand.start()."""
    return RunningCommand(_Run(command))


async def spawn(command: PreparedCommand) -> Output:
    """Run a command on the running event loop: PreparedCommand.spawn()."""
    run = _Run(command)
    try:
        await _drive(run)
    except BaseException:
        run.abandon()
        raise
    return run.finish()


@atexit.register
def _end_all() -> None:
    for run in list(_running):
        run.abandon()


def _forget_all() -> None:
    """In a fork of the host: its commands are not ours to end."""
    _running.clear()
    _watchdog.reset()


os.register_at_fork(after_in_child=_forget_all)
_core._set_fronts(start, spawn)

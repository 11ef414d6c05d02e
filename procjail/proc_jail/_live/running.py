"""Commands that are running: start(), streaming, and await spawn()."""

from __future__ import annotations

import atexit
import contextlib
import copy
import os
import time
import weakref
from typing import TYPE_CHECKING

from proc_jail import _core
from proc_jail._live import loops

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import TracebackType

    from proc_jail._core import Output, PreparedCommand, _Process

LINE_LIMIT = 65536
# How long interpreter exit waits for threads that handle a command.
EXIT_BOUND = 1.0

# Commands that run when the interpreter exits are killed and reaped.
_running: weakref.WeakSet[_Run] = weakref.WeakSet()
_watching: list[bool] = []


class _Run:
    """One started command, from its start to its output."""

    def __init__(self, command: PreparedCommand) -> None:
        _watch_host()
        self.output: Output | None = None
        self.error: Exception | None = None
        self.done = False
        self._waiter: loops.Waiter | None = None
        self._waited_for = False
        _running.add(self)
        # Last, so that an interrupt finds either no process or all of this.
        try:
            self.process: _Process = _core._start(command)
        except BaseException:
            _running.discard(self)
            raise

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def finished(self) -> bool:
        return self.output is not None or self.error is not None

    def kill(self) -> None:
        if not self.finished:
            self.process.kill()

    async def advance(self) -> None:
        """Step; sleep on the event loop first if there is nothing to do.

        Cancelling it kills and reaps.
        """
        if self._waited_for:
            raise RuntimeError("the command is awaited by another task")
        self._waited_for = True
        try:
            if self._waiter is None:
                self._waiter = loops.waiter(self.process)
            else:
                await self._waiter.wait()
            # Another caller may have ended it meanwhile.
            self.done = self.finished or self.process.step()
            # Forget what was closed before its number is used again.
            if self._waiter is not None and not self.finished:
                self._waiter.follow()
        except BaseException:
            self.abandon()
            raise
        finally:
            self._waited_for = False

    def finish(self) -> Output:
        """Kill what is left, reap, and return the output or raise."""
        if not self.finished:
            self._leave_loop()
            try:
                self.output = self.process.finish()
            except Exception as error:
                if type(error) is RuntimeError:
                    raise  # another thread is handling it
                self.error = error.with_traceback(None)
            _running.discard(self)
        if self.error is not None:
            # A copy: its traceback will refer to frames that refer to this.
            raise copy.copy(self.error)
        assert self.output is not None
        return self.output

    def _leave_loop(self) -> None:
        """While the descriptors are still the process's own."""
        if self._waiter is not None:
            self._waiter.close()
            self._waiter = None

    def abandon(self) -> None:
        """Kill and reap, whatever the result would have been."""
        with contextlib.suppress(Exception):
            self.kill()
            self.finish()

    def forget(self) -> None:
        """Let go of it, in a fork of the host, which shares its loop."""
        self._waiter = None
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
        """What is left at the end, once."""
        rest, self._rest = self._rest, b""
        return rest


class RunningCommand:
    """A started command.

    A context manager: on exit the command is killed, if it still runs, and
    reaped. Iterating yields stdout in chunks of bytes, as they arrive; these
    are not part of the output. The deadline applies even when nothing waits
    for the command. Only one thread may use it at a time; the thread that
    started it may end earlier.

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
        """Kill the whole tree; wait() then raises Cancelled.

        >>> running = command.start()
        >>> running.kill()
        """
        self._run.kill()

    def wait(self) -> Output:
        """Wait for the end of the command and return the Output.

        Raises what spawn_sync() raises, and Cancelled after kill().

        >>> command.start().wait().success
        True
        """
        run = self._run
        try:
            while not run.done and not run.finished:
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

        A line of more than `limit` bytes is split into pieces of that size, as
        by readline(limit).

        >>> with command.start() as running:
        ...     first = next(running.lines(), b"")
        """
        lines = _Lines(limit)
        for chunk in self:
            yield from lines.feed(chunk)
        if rest := lines.rest():
            yield rest

    def __repr__(self) -> str:
        state = "finished" if self._run.finished else "running"
        return f"<{type(self).__name__} pid={self.pid} {state}>"


class AsyncRunningCommand:
    """A started command on an event loop, returned by `async with`.

    >>> async with command.start() as running:
    ...     size = sum([len(chunk) async for chunk in running])
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
        return await _drive(self._run)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _AsyncChunks(self._run)

    def lines(self, limit: int = LINE_LIMIT) -> AsyncIterator[bytes]:
        """Iterate over the lines of stdout, with their newlines."""
        return _AsyncLines(_AsyncChunks(self._run), _Lines(limit))

    def __repr__(self) -> str:
        state = "finished" if self._run.finished else "running"
        return f"<{type(self).__name__} pid={self.pid} {state}>"


# Not generators: the loop closes an unfinished one only later.
class _AsyncChunks:
    """The chunks of stdout, as RunningCommand gives them."""

    def __init__(self, run: _Run) -> None:
        self._run = run

    def __aiter__(self) -> _AsyncChunks:
        return self

    async def __anext__(self) -> bytes:
        run = self._run
        while not run.finished:
            if not run.done:
                await run.advance()
            if run.finished:  # by another task; raises what it raised
                run.finish()
                break
            chunk = run.process.take()
            if not chunk and run.done:
                chunk = run.finish().stdout
            if chunk:
                return chunk
        raise StopAsyncIteration


class _AsyncLines:
    """The lines of chunks."""

    def __init__(self, chunks: _AsyncChunks, lines: _Lines) -> None:
        self._chunks = chunks
        self._lines = lines
        self._ready: Iterator[bytes] = iter(())

    def __aiter__(self) -> _AsyncLines:
        return self

    async def __anext__(self) -> bytes:
        while (line := next(self._ready, None)) is None:
            try:
                chunk = await anext(self._chunks)
            except StopAsyncIteration:
                line = self._lines.rest()
                break
            self._ready = self._lines.feed(chunk)
        if not line:
            raise StopAsyncIteration
        return line


async def _drive(run: _Run) -> Output:
    """Step a command to its end; cancelling kills and reaps it first."""
    while not run.done and not run.finished:
        await run.advance()
    return run.finish()


def start(command: PreparedCommand) -> RunningCommand:
    """Start a command: PreparedCommand.start()."""
    return RunningCommand(_Run(command))


async def spawn(command: PreparedCommand) -> Output:
    """Run a command on the running event loop: PreparedCommand.spawn()."""
    loops.load()
    run = None
    try:
        run = _Run(command)
        return await _drive(run)
    except BaseException:
        # Its traceback would keep the process: Ctrl-C can come anywhere.
        if run is not None:
            run.abandon()
        raise


def _end_all() -> None:
    end = time.monotonic() + EXIT_BOUND
    while _running and time.monotonic() < end:
        for run in list(_running):
            run.abandon()
        if _running:  # a daemon thread is handling it
            time.sleep(0.001)


def _forget_all() -> None:
    """Forget all commands, in a fork of the host, which does not own them."""
    for run in list(_running):
        run.forget()
    _running.clear()


def _watch_host() -> None:
    """Watch for the host's end and forks, from the first command on.

    Not earlier: neither can be undone, and would keep an unused module.
    """
    if _watching:
        return
    _watching.append(True)
    atexit.register(_end_all)
    os.register_at_fork(after_in_child=_forget_all)

"""Run many requests, some at a time, from one thread."""

from __future__ import annotations

import os
import selectors
from typing import TYPE_CHECKING, Literal, overload

from proc_jail._live.loops import PROBE, follow
from proc_jail._live.running import _Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from proc_jail._core import Output, ProcPolicy, ProcRequest

# Signals are checked this often, as in the core's own loop.
SLICE = 0.05


class _Batch:
    """The commands that run now, and the results of those that ended."""

    def __init__(self, total: int, raises: bool) -> None:
        self.selector = selectors.DefaultSelector()
        self.results: list[Output | Exception | None] = [None] * total
        self.running: dict[int, _Run] = {}
        self._open: dict[int, list[int]] = {}
        self._raises = raises

    def start(
        self, index: int, policy: ProcPolicy, request: ProcRequest
    ) -> bool:
        """Start one; whether it runs now."""
        try:
            run = _Run(policy.prepare(request))
        except Exception as error:
            if self._raises:
                raise
            self.results[index] = error.with_traceback(None)
            return False
        self.running[index] = run
        self._open[index] = []
        self._follow(index)
        return True

    def _follow(self, index: int) -> None:
        """Register what a command has open, and only that."""
        self._open[index] = follow(
            self.selector,
            self._open[index],
            self.running[index].process.watch(),
            index,
        )

    def _sleep(self) -> set[int]:
        """The commands to look at: with news, or at their deadline."""
        left = {i: r.process.remaining() for i, r in self.running.items()}
        blind = {i for i, r in self.running.items() if not self._exits(r)}
        wait = min(SLICE, PROBE if blind else SLICE, *left.values())
        ready = {key.data for key, _ in self.selector.select(wait)}
        return ready | blind | {i for i, s in left.items() if s <= wait}

    @staticmethod
    def _exits(run: _Run) -> bool:
        return run.process.watch()[2] >= 0

    def step(self) -> list[int]:
        """Sleep, step, and return the indices of what ended."""
        ended = []
        for index in self._sleep():
            if self.running[index].process.step():
                ended.append(index)
            else:
                self._follow(index)
        for index in ended:
            self._finish(index)
        return ended

    def _finish(self, index: int) -> None:
        run = self.running.pop(index)
        for fd in self._open.pop(index):
            self.selector.unregister(fd)
        try:
            self.results[index] = run.finish()
        except Exception as error:
            if self._raises:
                raise
            self.results[index] = error.with_traceback(None)

    def close(self) -> None:
        """Kill and reap what runs."""
        for run in self.running.values():
            run.abandon()
        self.running.clear()
        self.selector.close()


# At run time, typing would keep them, and this module, forever.
if TYPE_CHECKING:

    @overload
    def run_many(
        policy: ProcPolicy,
        requests: Iterable[ProcRequest],
        limit: int | None = ...,
        progress: Callable[[int, int], object] | None = ...,
        errors: Literal["raise"] = ...,
    ) -> list[Output]: ...
    @overload
    def run_many(
        policy: ProcPolicy,
        requests: Iterable[ProcRequest],
        limit: int | None = ...,
        progress: Callable[[int, int], object] | None = ...,
        *,
        errors: Literal["collect"],
    ) -> list[Output | Exception]: ...


def run_many(
    policy: ProcPolicy,
    requests: Iterable[ProcRequest],
    limit: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    errors: Literal["raise", "collect"] = "raise",
) -> list[Output] | list[Output | Exception]:
    """Run many requests, at most `limit` at a time; return results in order.

    `limit` defaults to the number of processors. `progress` is called with
    (ended, total) after each end. With errors="raise" the first denial or
    failure kills the running commands and is raised; with "collect" it takes
    its place in the list. An exit status other than 0 is not a failure.

    >>> outputs = run_many(policy, [ProcRequest("/usr/bin/wc", [])] * 4)
    """
    todo = list(requests)
    if errors not in ("raise", "collect"):
        raise ValueError("errors must be 'raise' or 'collect'")
    limit = limit if limit is not None else os.cpu_count() or 1
    if limit < 1:
        raise ValueError("limit must be positive")
    batch = _Batch(len(todo), errors == "raise")
    ended = started = 0
    try:
        while ended < len(todo):
            while started < len(todo) and len(batch.running) < limit:
                runs = batch.start(started, policy, todo[started])
                started += 1
                if not runs:
                    ended = _report(progress, ended, len(todo))
            if batch.running:
                for _ in batch.step():
                    ended = _report(progress, ended, len(todo))
    finally:
        batch.close()
    return [result for result in batch.results if result is not None]


def _report(
    progress: Callable[[int, int], object] | None, ended: int, total: int
) -> int:
    if progress is not None:
        progress(ended + 1, total)
    return ended + 1

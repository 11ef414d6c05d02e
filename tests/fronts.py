"""What the tests of live commands share: scripts, loops and front ends."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import anyio
import pytest

from conftest import Build, policy_for, shell
from proc_jail import (
    Output,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    run_many,
)

Change = Callable[[ProcPolicyBuilder], ProcPolicyBuilder]
Front = Callable[[ProcPolicy, ProcRequest], Output]
Drive = Callable[[PreparedCommand], Output]
T = TypeVar("T")

LOOPS = ["asyncio", "trio"]
on_loops = pytest.mark.parametrize("loop", LOOPS)


def asking(code: str, *args: str | Path) -> ProcRequest:
    """A request for a shell script."""
    return ProcRequest("/bin/sh", ["-c", code, "sh", *args])


def script(
    code: str, *args: str | Path, change: Change = lambda b: b
) -> PreparedCommand:
    """A prepared shell script."""
    return shell(change).prepare(asking(code, *args))


def run_on(loop: str, function: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine function on a fresh event loop."""
    return anyio.run(function, backend=loop)


def _wait(command: PreparedCommand) -> Output:
    with command.start() as running:
        return running.wait()


def _iterate(command: PreparedCommand) -> Output:
    with command.start() as running:
        for chunk in running:
            assert chunk
        return running.wait()


def _spawn_on(loop: str) -> Drive:
    return lambda command: run_on(loop, command.spawn)


def _wait_on(loop: str) -> Drive:
    def drive(command: PreparedCommand) -> Output:
        async def main() -> Output:
            async with command.start() as running:
                return await running.wait()

        return run_on(loop, main)

    return drive


def _iterate_on(loop: str) -> Drive:
    def drive(command: PreparedCommand) -> Output:
        async def main() -> Output:
            async with command.start() as running:
                async for chunk in running:
                    assert chunk
                return await running.wait()

        return run_on(loop, main)

    return drive


def _prepared(drive: Drive) -> Front:
    return lambda policy, request: drive(policy.prepare(request))


def _many(policy: ProcPolicy, request: ProcRequest) -> Output:
    return run_many(policy, [request])[0]


# Those that keep stdout, and those that stream it.
_KEEPING: dict[str, Drive] = {
    "spawn_sync": lambda command: command.spawn_sync(),
    "wait": _wait,
    "asyncio-spawn": _spawn_on("asyncio"),
    "trio-spawn": _spawn_on("trio"),
    "asyncio-wait": _wait_on("asyncio"),
    "trio-wait": _wait_on("trio"),
}
_STREAMING: dict[str, Drive] = {
    "iterate": _iterate,
    "asyncio-iterate": _iterate_on("asyncio"),
    "trio-iterate": _iterate_on("trio"),
}
DRIVES = {**_KEEPING, **_STREAMING}
KEEPING = {n: _prepared(d) for n, d in _KEEPING.items()} | {"run_many": _many}
FRONTS = {n: _prepared(d) for n, d in DRIVES.items()} | {"run_many": _many}

through_drives = pytest.mark.parametrize("drive", DRIVES.values(), ids=DRIVES)
through_all = pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
through_keeping = pytest.mark.parametrize(
    "front", KEEPING.values(), ids=KEEPING
)


NAP = "sleep 1000 & echo $! >$1; wait"


def flood(helper: Build, cap: int = 1 << 40) -> PreparedCommand:
    path = helper("flood")
    policy = policy_for(path, None, lambda b: b.max_stdout(cap))
    return policy.prepare(ProcRequest(path, ["out"]))


async def pid_in(path: Path) -> int:
    """Let the loop run until there is a process id in the file."""
    with anyio.fail_after(20):
        while not (path.exists() and path.read_text().endswith("\n")):
            await anyio.sleep(0.002)
    return int(path.read_text())


def assert_no_child() -> None:
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)

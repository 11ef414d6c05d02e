"""Live commands on event loops: cancelling, and the deadline."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import anyio
import pytest

from conftest import Build, children, policy_for, shell
from fronts import (
    NAP,
    asking,
    assert_no_child,
    on_loops,
    pid_in,
    run_on,
    script,
)
from hosts import is_gone, needs_proc, wait_until, written_pid
from proc_jail import (
    Output,
    Overflow,
    PreparedCommand,
    ProcRequest,
    Timeout,
)

if TYPE_CHECKING:
    from _typeshed import TraceFunction

# -------------------------------------------------------------- cancelling


@on_loops
def test_cancelling_kills_reaps_and_raises(loop: str, tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        raised = False

        async def run() -> None:
            nonlocal raised
            try:
                await script(NAP, file).spawn()
            except anyio.get_cancelled_exc_class():
                raised = True
                # Nothing is left already, when it is raised.
                assert is_gone(written_pid(file))
                assert_no_child()
                raise

        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await pid_in(file)
            group.cancel_scope.cancel()
        assert raised

    run_on(loop, main)


@on_loops
def test_a_cancel_scope_with_a_deadline(loop: str, tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        with pytest.raises(TimeoutError):
            with anyio.fail_after(0.3):
                await script(NAP, file).spawn()

    run_on(loop, main)
    assert is_gone(written_pid(file))


@on_loops
def test_cancelled_before_the_start(loop: str) -> None:
    async def main() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await script("sleep 1000").spawn()
        assert scope.cancelled_caught

    run_on(loop, main)


def victims(helper: Build) -> list[PreparedCommand]:
    """Commands to cancel: quiet, loud, ending, draining, resisting."""
    emit = helper("emit")
    large = policy_for(
        emit, None, lambda b: b.max_stdout(1 << 30).max_stderr(1 << 30)
    )
    truncating = shell(lambda b: b.on_overflow(Overflow.KeepHeadTail))
    return [
        script("exec sleep 1000"),
        script("sleep 1000 & sleep 1000 & wait"),
        script("trap '' TERM INT HUP; while :; do :; done"),
        script("echo a"),
        script("sleep 1000 & echo b"),
        truncating.prepare(asking("yes & yes >&2 & wait")),
        large.prepare(ProcRequest(emit, ["30000000", "30000000"])),
    ]


@on_loops
def test_cancelling_at_any_point_leaves_nothing(
    loop: str, helper: Build
) -> None:
    """500 times: before the exec, while running, while draining."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ends = {"cancelled": 0, "ended": 0}
    commands = victims(helper)

    async def stream(command: PreparedCommand) -> None:
        async with command.start() as running:
            async for _ in running:
                pass

    async def one(step: int) -> None:
        command = chance.choice(commands)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                if chance.random() < 0.5:
                    group.start_soon(command.spawn)
                else:
                    group.start_soon(stream, command)
                if step % 3 == 0:
                    for _ in range(chance.randrange(6)):
                        await anyio.sleep(0)
                else:
                    await anyio.sleep(chance.random() * 0.01)
                scope.cancel()
        ends["cancelled" if scope.cancelled_caught else "ended"] += 1
        assert_no_child()

    async def main() -> None:
        for step in range(500):
            await one(step)

    run_on(loop, main)
    print(ends)


def test_cancelling_asyncio_tasks_directly(helper: Build) -> None:
    chance = random.Random(7)
    commands = victims(helper)

    async def main() -> None:
        for _ in range(100):
            tasks = [
                asyncio.create_task(chance.choice(commands).spawn())
                for _ in range(4)
            ]
            await asyncio.sleep(chance.random() * 0.01)
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            for result in done:
                assert isinstance(result, Output | asyncio.CancelledError)
            assert_no_child()

    asyncio.run(main())


# ---------------------------------------------------------------- deadline


@on_loops
def test_the_deadline_holds_with_a_busy_loop(
    loop: str, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    command = script(NAP, file, change=lambda b: b.timeout(0.3))

    async def main() -> None:
        async def compute() -> None:
            pid = await pid_in(file)
            # The loop does not turn until the command is dead.
            wait_until(lambda: state_of(pid) in "ZX")

        async with anyio.create_task_group() as group:
            group.start_soon(compute)
            with pytest.raises(Timeout):
                await command.spawn()

    run_on(loop, main)


def state_of(pid: int) -> str:
    """The state of a process: Z for a zombie, X for none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "X"
    return stat.rpartition(")")[2].split()[0]


@on_loops
def test_what_ends_in_time_while_the_loop_is_busy_is_no_timeout(
    loop: str, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    code = "echo done; echo $$ >$1"
    command = script(code, file, change=lambda b: b.timeout(1))

    async def main() -> Output:
        outputs = []

        async def spawn() -> None:
            outputs.append(await command.spawn())

        async with anyio.create_task_group() as group:
            group.start_soon(spawn)
            await anyio.wait_all_tasks_blocked()
            # Gone altogether, if it was so quick that the loop saw its end.
            wait_until(lambda: state_of(written_pid(file)) in "ZX")
            until = time.monotonic() + 1.2  # past the deadline
            while time.monotonic() < until:
                pass
        return outputs[0]

    output = run_on(loop, main)
    assert output.stdout == b"done\n"


@on_loops
def test_sigterm_is_sent_while_the_loop_is_busy(
    loop: str, tmp_path: Path
) -> None:
    ready, told = tmp_path / "ready", tmp_path / "told"
    code = (
        "trap 'echo $$ >$2; echo bye; exit' TERM; echo $$ >$1;"
        " while :; do sleep 0.01; done"
    )
    command = script(
        code, ready, told, change=lambda b: b.timeout(20).stop_grace(19.5)
    )

    async def main() -> None:
        async def compute() -> None:
            await pid_in(ready)
            written_pid(told)  # blocks the loop

        async with anyio.create_task_group() as group:
            group.start_soon(compute)
            with pytest.raises(Timeout) as info:
                await command.spawn()
            assert info.value.stdout == b"bye\n"
            assert info.value.elapsed is not None
            assert info.value.elapsed < 19

    run_on(loop, main)


def interrupted_at(number: int, loop: str) -> BaseException | None:
    """What a Ctrl-C at this line of the front end ends in, kept alive.

    Lines count from the start of the command; None: there are not so many.
    """
    command = script("exit 0")
    passed = 0

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        nonlocal passed
        if not frame.f_code.co_filename.endswith("_live/running.py"):
            return None
        if event == "line" and children():
            passed += 1
            if passed == number:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        run_on(loop, command.spawn)
    except KeyboardInterrupt as error:
        return error
    finally:
        sys.settrace(None)
    return None


@on_loops
def test_an_interrupt_at_any_line_leaves_nothing(loop: str) -> None:
    """At once, although the traceback keeps all frames."""
    number = 1
    while (error := interrupted_at(number, loop)) is not None:
        assert not children(), (number, error)
        number += 1
    assert number > 10


def tasks() -> int:
    """How many threads the kernel knows of, those of the core among them."""
    return len(os.listdir("/proc/self/task"))


def test_the_watchdog_goes_away() -> None:
    before = tasks()
    command = script("echo", change=lambda b: b.timeout(1000))
    asyncio.run(command.spawn())
    wait_until(lambda: tasks() == before, 10)
    asyncio.run(command.spawn())
    wait_until(lambda: tasks() == before, 10)


@needs_proc
def test_a_blocking_run_leaves_no_thread() -> None:
    """Also one that lived long enough to be watched."""
    before = tasks()
    script("sleep 0.2", change=lambda b: b.timeout(1000)).spawn_sync()
    # It was joined, but /proc may show it a moment longer; a thread that
    # lingers would be there for half a second.
    wait_until(lambda: tasks() == before, 0.3)


@needs_proc
def test_finished_commands_are_freed_at_once() -> None:
    """Also while the watchdog sleeps until a far deadline."""
    command = script("echo", change=lambda b: b.timeout(1000))
    asyncio.run(command.spawn())
    before = len(os.listdir("/proc/self/fd"))
    other = script("echo", change=lambda b: b.timeout(1000))
    for _ in range(5):
        asyncio.run(other.spawn())
    del other
    assert len(os.listdir("/proc/self/fd")) == before

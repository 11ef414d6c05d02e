"""What is particular to one event loop: asyncio, or trio."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path

import pytest
import trio

from fronts import (
    NAP,
    assert_no_child,
    pid_in,
    script,
)
from hosts import is_gone, written_pid
from proc_jail import (
    Output,
)

# ----------------------------------------------------------------- asyncio


def test_gather() -> None:
    async def main() -> list[Output]:
        return await asyncio.gather(
            *(script(f"echo {n}").spawn() for n in range(100))
        )

    outputs = asyncio.run(main())
    assert [o.stdout for o in outputs] == [b"%d\n" % n for n in range(100)]


def test_wait_for(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(script(NAP, file).spawn(), 0.3)
        assert_no_child()

    asyncio.run(main())
    assert is_gone(written_pid(file))


if sys.version_info >= (3, 11):

    def test_task_group(tmp_path: Path) -> None:
        """One failure cancels the other command."""
        file = tmp_path / "pid"

        async def fail() -> None:
            await pid_in(file)
            raise ZeroDivisionError

        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(script(NAP, file).spawn())
                group.create_task(fail())

        with pytest.raises(Exception, match="unhandled errors"):
            asyncio.run(main())
        assert is_gone(written_pid(file))


def test_shield(tmp_path: Path) -> None:
    """What is shielded goes on when the outer task is cancelled."""
    fifo, file = tmp_path / "fifo", tmp_path / "pid"
    os.mkfifo(fifo)

    async def main() -> Output:
        code = 'echo $$ >$1; read word <"$2"; echo $word'
        inner = asyncio.create_task(script(code, file, fifo).spawn())

        async def shielded() -> Output:
            return await asyncio.shield(inner)

        outer = asyncio.create_task(shielded())
        await pid_in(file)
        outer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outer
        fifo.write_text("go\n")
        return await inner

    assert asyncio.run(main()).stdout == b"go\n"


def test_debug_mode() -> None:
    async def main() -> None:
        assert (await script("echo a").spawn()).stdout == b"a\n"
        async with script("echo a").start() as running:
            async for _ in running:
                break
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(script("sleep 1000").spawn(), 0.1)

    asyncio.run(main(), debug=True)


def test_a_loop_that_was_stopped_and_closed(tmp_path: Path) -> None:
    """The task is never finished; dropping it kills."""
    file = tmp_path / "pid"
    loop = asyncio.new_event_loop()
    task = loop.create_task(script(NAP, file).spawn())
    loop.run_until_complete(pid_in(file))
    loop.close()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    del task
    gc.collect()
    assert is_gone(written_pid(file))


def test_a_finished_command_on_a_loop() -> None:
    """Started outside, driven by a loop; the sync half still works."""
    running = script("echo a").start()
    output = running.wait()

    async def main() -> Output:
        async with running as driven:
            return await driven.wait()

    assert asyncio.run(main()) is output


def test_without_a_loop() -> None:
    coroutine = script("echo").spawn()
    with pytest.raises(RuntimeError, match="event loop"):
        coroutine.send(None)


def test_a_coroutine_that_was_never_awaited() -> None:
    coroutine = script("sleep 1000").spawn()
    coroutine.close()
    assert_no_child()


def test_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        assert (await script("echo a").spawn()).stdout == b"a\n"
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(script("sleep 1000").spawn(), 0.1)

    uvloop.run(main())


# -------------------------------------------------------------------- trio


def test_nursery() -> None:
    outputs: dict[int, Output] = {}

    async def run(number: int) -> None:
        outputs[number] = await script(f"echo {number}").spawn()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(run, number)

    trio.run(main)
    assert {n: o.stdout for n, o in outputs.items()} == {
        n: b"%d\n" % n for n in range(50)
    }


def test_move_on_after(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        with trio.move_on_after(0.3) as scope:
            await script(NAP, file).spawn()
        assert scope.cancelled_caught
        assert_no_child()

    trio.run(main)
    assert is_gone(written_pid(file))


def test_a_failing_nursery_cancels_its_commands(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(script(NAP, file).spawn)
            await pid_in(file)
            raise ZeroDivisionError

    with pytest.raises(Exception, match=r"ExceptionGroup|nursery|Exceptions"):
        trio.run(main)
    assert is_gone(written_pid(file))

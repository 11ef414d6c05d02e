"""Commands on event loops: asyncio, and trio through anyio."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from conftest import WATCHDOG, policy_for, shell
from fronts import asking, on_loops, run_on, script
from hosts import is_gone, wait_until, written_pid
from proc_jail import (
    Cancelled,
    Output,
    Overflow,
    PreparedCommand,
    ProcRequest,
    StdoutLimitExceeded,
    Timeout,
)

Build = Callable[[str], str]

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


# --------------------------------------------------------------- streaming


@on_loops
def test_chunks_come_as_they_are_written(loop: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = 'printf one; read word <"$1"; printf "$word"'

    async def main() -> Output:
        async with script(code, fifo).start() as running:
            chunks = aiter(running)
            assert await anext(chunks) == b"one"
            fifo.write_text("two\n")
            assert [chunk async for chunk in chunks] == [b"two"]
            assert [chunk async for chunk in running] == []
            return await running.wait()

    output = run_on(loop, main)
    assert output.stdout == b""
    assert output.stdout_total == 6


@on_loops
def test_lines(loop: str) -> None:
    async def main() -> list[bytes]:
        code = 'printf "\\na\\r\\n\\n12345678\\n1234567890ab"'
        async with script(code).start() as running:
            return [line async for line in running.lines(8)]

    assert run_on(loop, main) == [
        b"\n",
        b"a\r\n",
        b"\n",
        b"12345678",
        b"\n",
        b"12345678",
        b"90ab",
    ]


@on_loops
def test_bad_limit_of_lines(loop: str) -> None:
    async def main() -> None:
        async with script("echo").start() as running:
            with pytest.raises(ValueError, match="positive"):
                running.lines(0)

    run_on(loop, main)


@on_loops
def test_stderr_is_kept_while_stdout_streams(loop: str, helper: Build) -> None:
    emit, size = helper("emit"), 900_000

    async def main() -> Output:
        command = policy_for(emit).prepare(ProcRequest(emit, [str(size)] * 2))
        async with command.start() as running:
            seen = sum([len(chunk) async for chunk in running])
            assert seen == size
            return await running.wait()

    assert len(run_on(loop, main).stderr) == size


@on_loops
def test_the_cap_counts_what_was_streamed(loop: str, helper: Build) -> None:
    seen = 0

    async def main() -> None:
        nonlocal seen
        async with flood(helper, 1_000_000).start() as running:
            async for chunk in running:
                seen += len(chunk)

    with pytest.raises(StdoutLimitExceeded) as info:
        run_on(loop, main)
    assert seen + len(info.value.stdout) == 1_000_000


@on_loops
@pytest.mark.parametrize("lines", [False, True])
def test_break_then_leave(loop: str, helper: Build, lines: bool) -> None:
    """Leaving the iterator and the block at once kills; so does an error.

    The descriptors are given back to the loop with it: the next command
    gets the same numbers, and must be woken by them.
    """

    async def main() -> None:
        for _ in range(20):
            async with flood(helper).start() as running:
                async for _chunk in running.lines() if lines else running:
                    break
            assert is_gone(running.pid)
            with anyio.fail_after(10):
                code = "printf a; exec sleep 0.01"
                output = await script(code).spawn()
            assert output.stdout == b"a"

    run_on(loop, main)


@on_loops
def test_break_then_wait(loop: str, tmp_path: Path) -> None:
    """Leaving only the iterator does not kill: wait() gives the rest."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = 'printf one; read word <"$1"; printf two'

    async def main() -> Output:
        async with script(code, fifo).start() as running:
            async for chunk in running:
                assert chunk == b"one"
                break
            gc.collect()
            await anyio.sleep(0)
            fifo.write_text("go\n")
            return await running.wait()

    output = run_on(loop, main)
    assert output.stdout == b"two"
    assert output.stdout_total == 6


@on_loops
def test_a_stream_that_ends_while_the_other_is_read(
    loop: str, tmp_path: Path
) -> None:
    """What the command closes is forgotten before the next one starts."""
    fifo = tmp_path / "fifo"

    async def main() -> None:
        code = 'exec 2>&-; printf one; read word <"$1"; printf two'
        async with script(code, fifo).start() as first:
            chunks = aiter(first)
            assert await anext(chunks) == b"one"
            inner = script("printf a; printf b >&2")
            with anyio.fail_after(10):
                for _ in range(3):
                    output = await inner.spawn()
                    assert output.stdout + output.stderr == b"ab"
            fifo.write_text("go\n")
            assert [chunk async for chunk in chunks] == [b"two"]

    for _ in range(10):
        fifo.unlink(missing_ok=True)
        os.mkfifo(fifo)
        run_on(loop, main)


@on_loops
def test_a_slow_consumer_does_not_make_the_loop_spin(
    loop: str, helper: Build
) -> None:
    """Output that nobody asks for yet is no news."""

    async def main() -> tuple[float, float]:
        async with flood(helper).start() as running:
            chunks = aiter(running)
            await anext(chunks)
            await anyio.sleep(0.05)
            cpu, wall = time.process_time(), time.monotonic()
            await anyio.sleep(0.5)
            return time.process_time() - cpu, time.monotonic() - wall

    cpu, wall = run_on(loop, main)
    print(f"{cpu:.3f} s of {wall:.3f} s")
    assert cpu < wall / 2


@on_loops
def test_a_block_kills_on_errors(loop: str, tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        async with script(NAP, file).start():
            await pid_in(file)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_on(loop, main)
    assert is_gone(written_pid(file))


@on_loops
def test_kill_then_wait(loop: str, tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        code = "echo before; echo $$ >$1; exec sleep 1000"
        async with script(code, file).start() as running:
            assert "running" in repr(running)
            assert await pid_in(file) == running.pid
            running.kill()
            for _ in range(2):
                with pytest.raises(Cancelled) as info:
                    await running.wait()
                assert info.value.stdout == b"before\n"
        assert "finished" in repr(running)

    run_on(loop, main)


@on_loops
def test_kill_by_another_task(loop: str, tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def main() -> None:
        async with script(NAP, file).start() as running:

            async def end() -> None:
                await pid_in(file)
                running.kill()

            async with anyio.create_task_group() as group:
                group.start_soon(end)
                with pytest.raises(Cancelled):
                    await running.wait()

    run_on(loop, main)


@on_loops
def test_wait_twice(loop: str) -> None:
    async def main() -> None:
        async with script("echo a; exit 3").start() as running:
            output = await running.wait()
            assert await running.wait() is output
        assert await running.wait() is output
        assert output.stdout == b"a\n"

    run_on(loop, main)


@on_loops
def test_two_tasks_cannot_wait_at_once(loop: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def main() -> Output:
        async with script('read word <"$1"', fifo).start() as running:
            outputs = []

            async def first() -> None:
                outputs.append(await running.wait())

            async with anyio.create_task_group() as group:
                group.start_soon(first)
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(RuntimeError, match="another task"):
                    await running.wait()
                fifo.write_text("go\n")
        return outputs[0]

    assert run_on(loop, main).success


@on_loops
def test_the_block_gives_the_same_command(loop: str) -> None:
    async def main() -> None:
        started = script("echo a").start()
        async with started as running:
            assert running.pid == started.pid
            await running.wait()
        assert started.wait().stdout == b"a\n"

    run_on(loop, main)


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
    command = script(code, file, change=lambda b: b.timeout(0.3))

    async def main() -> Output:
        outputs = []

        async def spawn() -> None:
            outputs.append(await command.spawn())

        async with anyio.create_task_group() as group:
            group.start_soon(spawn)
            await anyio.wait_all_tasks_blocked()
            wait_until(lambda: state_of(written_pid(file)) == "Z")
            until = time.monotonic() + 0.5  # past the deadline
            while time.monotonic() < until:
                pass
        return outputs[0]

    # Unless the command was so quick that the loop has seen its end.
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


def test_the_watchdog_goes_away() -> None:
    import threading

    def there() -> bool:
        return any(t.name == WATCHDOG for t in threading.enumerate())

    command = script("echo", change=lambda b: b.timeout(1000))
    asyncio.run(command.spawn())
    wait_until(lambda: not there(), 10)
    asyncio.run(command.spawn())
    wait_until(lambda: not there(), 10)


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

"""Commands on event loops: asyncio, and trio through anyio."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import anyio
import pytest

from conftest import Build, policy_for
from fronts import (
    NAP,
    flood,
    on_loops,
    pid_in,
    run_on,
    script,
)
from hosts import is_gone, written_pid
from proc_jail import (
    Cancelled,
    Output,
    ProcRequest,
    StdoutLimitExceeded,
)

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

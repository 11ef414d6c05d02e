"""start(): a running command as a context manager and an iterator."""

from __future__ import annotations

import gc
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from conftest import Build, children, policy_for
from fronts import script
from hosts import is_gone, wait_until, written_pid
from proc_jail import Cancelled, ProcRequest, StdoutLimitExceeded, Timeout

NAP = "echo $$ >$1; exec sleep 1000"


def test_chunks_come_as_they_are_written(tmp_path: Path) -> None:
    """The child goes on only when its first chunk has been seen."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = 'printf one; read word <"$1"; printf "$word"'
    with script(code, fifo).start() as running:
        chunks = iter(running)
        assert next(chunks) == b"one"
        fifo.write_text("two\n")
        assert list(chunks) == [b"two"]
        output = running.wait()
    assert output.success
    assert output.stdout == b""
    assert output.stdout_total == 6
    assert output.stdout_truncated


def test_the_leader_is_pid(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with script(NAP, file).start() as running:
        assert written_pid(file) == running.pid
        assert repr(running) == f"<RunningCommand pid={running.pid} running>"
        assert running.pid in children()
    assert "finished" in repr(running)


def test_leaving_early_kills(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with script("sleep 1000 & echo $! >$1; wait", file).start() as running:
        pid = written_pid(file)
    assert is_gone(pid)
    assert is_gone(running.pid)
    with pytest.raises(Cancelled):
        running.wait()


def test_an_exception_inside_kills(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with suppress(ZeroDivisionError), script(NAP, file).start():
        pid = written_pid(file)
        raise ZeroDivisionError
    assert is_gone(pid)


def test_an_exception_while_iterating_kills(helper: Build) -> None:
    policy = policy_for(helper("flood"))
    command = policy.prepare(ProcRequest(helper("flood"), ["out"]))
    with suppress(ZeroDivisionError), command.start() as running:
        for _ in running:
            raise ZeroDivisionError
    assert is_gone(running.pid)


def test_dropping_it_kills(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    running = script(NAP, file).start()
    pid = written_pid(file)
    del running
    gc.collect()
    assert is_gone(pid)


def test_kill_then_wait(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = "echo before; echo oops >&2; echo $$ >$1; exec sleep 1000"
    running = script(code, file).start()
    written_pid(file)
    running.kill()
    running.kill()
    with pytest.raises(Cancelled) as info:
        running.wait()
    assert info.value.stdout == b"before\n"
    assert info.value.stderr == b"oops\n"
    running.kill()
    with pytest.raises(Cancelled):
        running.wait()


def test_kill_while_iterating(helper: Build) -> None:
    policy = policy_for(helper("flood"), None, lambda b: b.max_stdout(1 << 40))
    command = policy.prepare(ProcRequest(helper("flood"), ["out"]))
    with command.start() as running:
        chunks = iter(running)
        assert next(chunks)
        running.kill()
        with pytest.raises(Cancelled):
            list(chunks)


def test_kill_by_another_thread(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    running = script(NAP, file).start()

    def end() -> None:
        written_pid(file)
        running.kill()

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(Cancelled):
        running.wait()
    thread.join()


def test_kill_after_the_end() -> None:
    running = script("echo done").start()
    output = running.wait()
    running.kill()
    assert running.wait() is output


def test_wait_twice_gives_the_same() -> None:
    running = script("echo a; exit 3").start()
    output = running.wait()
    assert output.stdout == b"a\n"
    assert running.wait() is output
    assert list(running) == []


def test_iterating_twice_goes_on() -> None:
    with script("printf a; printf b >&2; printf c").start() as running:
        first = b"".join(running)
        assert first == b"ac"
        assert list(running) == []
        assert list(running.lines()) == []
        assert running.wait().stderr == b"b"


def test_leaving_the_iterator_early_does_not_kill(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = 'printf one; read word <"$1"; printf two'
    with script(code, fifo).start() as running:
        for chunk in running:
            assert chunk == b"one"
            break
        fifo.write_text("go\n")
        output = running.wait()
    assert output.stdout == b"two"
    assert output.stdout_total == 6


def test_wait_keeps_everything() -> None:
    with script("printf a; printf b >&2").start() as running:
        output = running.wait()
    assert (output.stdout, output.stderr) == (b"a", b"b")
    assert not output.stdout_truncated


def test_stderr_is_kept_while_stdout_streams(helper: Build) -> None:
    emit = helper("emit")
    size = 900_000
    command = policy_for(emit).prepare(ProcRequest(emit, [str(size)] * 2))
    with command.start() as running:
        assert sum(map(len, running)) == size
    output = running.wait()
    assert len(output.stderr) == output.stderr_total == size
    assert not output.stderr_truncated


def test_the_cap_counts_what_was_streamed(helper: Build) -> None:
    emit = helper("emit")
    policy = policy_for(emit, None, lambda b: b.max_stdout(1_000_000))
    command = policy.prepare(ProcRequest(emit, ["1000001", "0"]))
    seen = 0
    with command.start() as running:
        with pytest.raises(StdoutLimitExceeded) as info:  # noqa: PT012
            for chunk in running:
                seen += len(chunk)
    assert seen + len(info.value.stdout) == 1_000_000


def test_timeout_while_the_consumer_is_slow(tmp_path: Path) -> None:
    """A consumer that is busy past the deadline finds it dead."""
    file = tmp_path / "pid"
    command = script(
        "echo $$ >$1; echo x; exec sleep 1000",
        file,
        change=lambda b: b.timeout(0.2),
    )
    with command.start() as running:
        chunks = iter(running)
        assert next(chunks) == b"x\n"
        with pytest.raises(Timeout):
            next(chunks)
    assert is_gone(written_pid(file))


LINES = [
    (b"", 10),
    (b"\n", 10),
    (b"a", 10),
    (b"a\n", 10),
    (b"a\nb", 10),
    (b"\n\n\na\n\n", 10),
    (b"a\r\nb\r\n\r\n", 10),
    (b"a\rb\x00c\xff\n", 10),
    (b"123456789\n", 10),
    (b"1234567890\n", 10),
    (b"12345678901\n", 10),
    (b"1234567890", 10),
    (b"x" * 35 + b"\nend", 10),
    (b"ab\ncd\n", 1),
    (b"line\n" * 50_000, 65_536),
    (b"y" * 200_000 + b"\nz", 65_536),
]


def expected_lines(data: bytes, limit: int) -> list[bytes]:
    """As BytesIO.readline(limit) gives them."""
    from io import BytesIO

    file = BytesIO(data)
    return list(iter(lambda: file.readline(limit), b""))


@pytest.mark.parametrize(
    ("data", "limit"), LINES, ids=[f"{d[:12]!r}" for d, _ in LINES]
)
def test_lines(tmp_path: Path, data: bytes, limit: int) -> None:
    file = tmp_path / "data"
    file.write_bytes(data)
    with script('exec cat "$1"', file).start() as running:
        assert list(running.lines(limit)) == expected_lines(data, limit)
    assert running.wait().success


def test_a_line_in_pieces_that_come_apart(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = 'printf "one\\ntw"; read word <"$1"; printf "o\\nthree"'
    with script(code, fifo).start() as running:
        lines = running.lines()
        assert next(lines) == b"one\n"
        fifo.write_text("go\n")
        assert list(lines) == [b"two\n", b"three"]


def test_a_line_without_end_takes_bounded_memory(helper: Build) -> None:
    policy = policy_for(helper("flood"), None, lambda b: b.max_stdout(1 << 40))
    command = policy.prepare(ProcRequest(helper("flood"), ["out"]))
    with command.start() as running:
        lines = running.lines(1000)
        for _ in range(1000):
            assert next(lines) == b"x" * 1000


@pytest.mark.parametrize("limit", [0, -1])
def test_bad_limits(limit: int) -> None:
    with script("echo").start() as running:
        with pytest.raises(ValueError, match="positive"):
            next(running.lines(limit))


def test_many_at_once_from_one_thread() -> None:
    commands = [script(f"echo {n}").start() for n in range(50)]
    outputs = [running.wait() for running in reversed(commands)]
    assert [o.stdout for o in outputs] == [
        b"%d\n" % n for n in reversed(range(50))
    ]


def test_the_end_is_seen_without_output(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with script('exec >&- 2>&-; read word <"$1"', fifo).start() as running:
        fifo.write_text("go\n")
        assert running.wait().success
    wait_until(lambda: is_gone(running.pid))

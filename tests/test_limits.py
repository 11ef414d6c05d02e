"""The timeout and the output limits, and what a stopped command leaves."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from conftest import Build, pattern, policy_for, program, shell
from hosts import is_gone, on_linux, run_host, wait_until, written_pid
from proc_jail import (
    ProcPolicyBuilder,
    ProcRequest,
    StderrLimitExceeded,
    StdoutLimitExceeded,
    StoppedError,
    Timeout,
)

SHORT = 0.5
LATEST = 20.0
EDGES = [0, 1, 2, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 1 << 20]


def short(builder: ProcPolicyBuilder) -> ProcPolicyBuilder:
    return builder.timeout(SHORT)


def time_out(script: str, *args: str | Path) -> Timeout:
    """Run a script that must be stopped by its timeout."""
    with pytest.raises(Timeout) as info:
        shell(short).run("/bin/sh", ["-c", script, "sh", *args])
    error = info.value
    assert error.elapsed is not None
    assert SHORT <= error.elapsed < LATEST
    return error


@pytest.mark.parametrize("cap", EDGES)
def test_exactly_the_cap_of_stdout(helper: Build, cap: int) -> None:
    policy = policy_for(helper("emit"), None, lambda b: b.max_stdout(cap))
    output = policy.run(helper("emit"), [str(cap), "3"])
    assert output.stdout == pattern(cap)
    assert output.stderr == pattern(3)
    assert output.success


@pytest.mark.parametrize("cap", EDGES)
def test_exactly_the_cap_of_stderr(helper: Build, cap: int) -> None:
    policy = policy_for(helper("emit"), None, lambda b: b.max_stderr(cap))
    output = policy.run(helper("emit"), ["3", str(cap)])
    assert output.stderr == pattern(cap)
    assert output.stdout == pattern(3)


@pytest.mark.parametrize("cap", EDGES)
@pytest.mark.parametrize("over", [1, 70_000])
def test_more_than_the_cap_of_stdout(
    helper: Build, cap: int, over: int
) -> None:
    emit = helper("emit")
    policy = policy_for(emit, None, lambda b: b.max_stdout(cap))
    argv = [str(cap + over), "0"]
    with pytest.raises(StdoutLimitExceeded, match="limit exceeded") as info:
        policy.run(emit, argv)
    error = info.value
    assert error.stdout == pattern(cap)
    assert error.stderr == b""
    assert error.limit == cap
    assert error.bin == emit
    assert error.argv == argv
    assert error.elapsed is not None
    assert isinstance(error, StoppedError)


@pytest.mark.parametrize("cap", EDGES)
@pytest.mark.parametrize("over", [1, 70_000])
def test_more_than_the_cap_of_stderr(
    helper: Build, cap: int, over: int
) -> None:
    emit = helper("emit")
    policy = policy_for(emit, None, lambda b: b.max_stderr(cap))
    with pytest.raises(StderrLimitExceeded, match="limit exceeded") as info:
        policy.run(emit, ["0", str(cap + over)])
    assert info.value.stderr == pattern(cap)
    assert info.value.stdout == b""
    assert info.value.limit == cap


@pytest.mark.parametrize("stream", ["out", "err"])
def test_a_flood_is_stopped_at_once(helper: Build, stream: str) -> None:
    flood = helper("flood")
    policy = policy_for(
        flood, None, lambda b: b.max_stdout(1000).max_stderr(1000)
    )
    with pytest.raises(StoppedError) as info:
        policy.run(flood, [stream])
    kept = info.value.stdout + info.value.stderr
    assert kept == b"x" * 1000


def test_memory_is_bound_by_the_cap(helper: Build) -> None:
    out = run_host(
        """
        flood, cap = sys.argv[1], 32 << 20
        policy = policy_for(flood, None, lambda b: b.max_stdout(cap))

        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        policy_for("/bin/true").run("/bin/true", [])
        before = peak()
        for _ in range(3):
            try:
                policy.run(flood, ["out"])
            except proc_jail.StdoutLimitExceeded as error:
                assert len(error.stdout) == cap
                del error
        print(peak() - before)
        """,
        helper("flood"),
    )
    assert int(out) * 1024 < (32 << 20) + (2 << 20)


def test_a_large_cap_costs_nothing() -> None:
    true = program("true")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    policy = policy_for(
        true, None, lambda b: b.max_stdout(1 << 46).max_stderr(1 << 46)
    )
    assert policy.run(true, []).success
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 4096


def test_a_cap_passed_by_a_child_of_the_leader() -> None:
    script = "(while :; do echo flood; done) & wait"
    with pytest.raises(StdoutLimitExceeded) as info:
        shell(lambda b: b.max_stdout(100)).run("/bin/sh", ["-c", script])
    assert info.value.stdout == (b"flood\n" * 20)[:100]


def test_a_cap_passed_with_the_leaders_last_write(helper: Build) -> None:
    """Found when the pipe is emptied after the end, and no less an excess."""
    emit = helper("emit")
    policy = policy_for(emit, None, lambda b: b.max_stdout(10))
    for _ in range(50):
        with pytest.raises(StdoutLimitExceeded) as info:
            policy.run(emit, ["11", "0"])
        assert info.value.stdout == pattern(10)


def test_timeout_of_a_sleeper() -> None:
    sleep = program("sleep")
    policy = policy_for(sleep, None, short)
    with pytest.raises(Timeout, match="timed out") as info:
        policy.run(sleep, ["1000"])
    error = info.value
    assert isinstance(error, TimeoutError)
    assert error.elapsed is not None
    assert SHORT <= error.elapsed < LATEST
    assert error.limit == SHORT
    assert error.bin == sleep
    assert error.argv == ["1000"]
    assert (error.stdout, error.stderr) == (b"", b"")


def test_timeout_as_timedelta() -> None:
    sleep = program("sleep")
    policy = policy_for(
        sleep, None, lambda b: b.timeout(timedelta(milliseconds=50))
    )
    with pytest.raises(Timeout) as info:
        policy.run(sleep, ["1000"])
    assert info.value.limit == 0.05


def test_timeout_keeps_what_was_written() -> None:
    error = time_out("echo out; echo err >&2; exec sleep 1000")
    assert (error.stdout, error.stderr) == (b"out\n", b"err\n")


def test_timeout_keeps_large_output(helper: Build) -> None:
    error = time_out('"$1" 900000 400000; exec sleep 1000', helper("emit"))
    assert error.stdout == pattern(900_000)
    assert error.stderr == pattern(400_000)


@pytest.mark.parametrize(
    "script",
    [
        "exec >&- 2>&-; exec sleep 1000",
        "exec >/dev/null 2>&1; exec sleep 1000",
        "trap '' TERM INT HUP; while :; do sleep 1000; done",
        "kill -STOP $$",
        "(kill -STOP $$) & wait",
        "while :; do :; done",
        "sleep 1000 & sleep 1000 & wait",
        "while :; do echo; done >/dev/null",
    ],
)
def test_timeout_whatever_it_does(script: str) -> None:
    time_out(script)


def test_timeout_covers_the_tree(tmp_path: Path, helper: Build) -> None:
    script = '"$1" "$2" & "$1" "$3" & (exec "$1" "$4" & wait) & wait'
    files = [tmp_path / name for name in "abc"]
    time_out(script, helper("nap"), *files)
    for file in files:
        pid = written_pid(file)
        wait_until(lambda pid=pid: is_gone(pid))  # type: ignore[misc]


def test_timeout_of_steady_output(helper: Build) -> None:
    drip = helper("drip")
    with pytest.raises(Timeout) as info:
        policy_for(drip, None, short).run(drip, [])
    assert set(info.value.stdout) == set(b"x")
    assert info.value.elapsed is not None
    assert SHORT <= info.value.elapsed < LATEST


@contextmanager
def leased(helper: Build, path: Path) -> Iterator[None]:
    """Let whoever opens the file wait: the kernel asks another process."""
    with subprocess.Popen(
        [helper("lease"), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        line = holder.stdout.readline()
        try:
            if line != b"ready\n":
                pytest.skip("no leases on this file system")
            yield
        finally:
            holder.kill()


@on_linux
def test_timeout_of_an_exec_that_hangs(tmp_path: Path, helper: Build) -> None:
    path = tmp_path / "tool"
    shutil.copy(program("true"), path)
    command = policy_for(str(path), None, short).prepare(ProcRequest(path, []))
    with leased(helper, path):
        with pytest.raises(Timeout) as info:
            command.spawn_sync()
    assert info.value.elapsed is not None
    assert SHORT <= info.value.elapsed < LATEST
    assert command.spawn_sync().success


@on_linux
def test_a_hanging_exec_is_always_told_as_timeout(
    tmp_path: Path, helper: Build
) -> None:
    """Not as a death by SIGKILL, though that is what ends it."""
    path = tmp_path / "tool"
    shutil.copy(program("true"), path)
    policy = policy_for(str(path), None, lambda b: b.timeout(0.01))
    command = policy.prepare(ProcRequest(path, []))
    with leased(helper, path):
        for _ in range(100):
            with pytest.raises(Timeout):
                command.spawn_sync()


@on_linux
def test_the_shortest_timeout() -> None:
    """A nanosecond is over before the program runs, and still no crash."""
    sleep = program("sleep")
    policy = policy_for(sleep, None, lambda b: b.timeout(1e-9))
    for _ in range(20):
        with pytest.raises(Timeout) as info:
            policy.run(sleep, ["1000"])
        assert info.value.limit == 1e-9


def test_the_longest_timeout() -> None:
    true = program("true")
    policy = policy_for(true, None, lambda b: b.timeout(10**9))
    assert policy.run(true, []).success


def test_a_timeout_is_not_reported_for_a_command_in_time() -> None:
    policy = shell(lambda b: b.timeout(60))
    for _ in range(50):
        assert policy.run("/bin/sh", ["-c", "exit 0"]).success


def test_each_run_has_the_whole_timeout() -> None:
    """The clock starts at the spawn, not when the command was prepared."""
    command = shell(lambda b: b.timeout(2)).prepare(
        ProcRequest("/bin/sh", ["-c", "sleep 0.4"])
    )
    for _ in range(6):
        assert command.spawn_sync().success

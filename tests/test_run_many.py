"""run_many: order, limit, progress, failures, and what it leaves."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from conftest import policy_for, program, shell
from fronts import asking
from hosts import interrupt, is_gone, run_host, started_host, written_pid
from proc_jail import (
    ArgTooManyPositionals,
    ExecError,
    Output,
    ProcRequest,
    SpawnFailed,
    StdoutLimitExceeded,
    Timeout,
    run_many,
)

Build = Callable[[str], str]


def echoes(count: int) -> list[ProcRequest]:
    return [asking(f"echo {number}") for number in range(count)]


@pytest.mark.parametrize("limit", [None, 1, 2, 7, 1000])
def test_results_in_order(limit: int | None) -> None:
    outputs = run_many(shell(), echoes(40), limit)
    assert [o.stdout for o in outputs] == [b"%d\n" % n for n in range(40)]


def test_order_of_results_is_not_order_of_ends(tmp_path: Path) -> None:
    """The first one ends last: it waits for the last."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    requests = [
        asking('read word <"$1"; echo $word', fifo),
        asking("echo second"),
        asking('echo from the third >"$1"; echo third', fifo),
    ]
    outputs = run_many(shell(), requests, limit=3)
    assert [o.stdout for o in outputs] == [
        b"from the third\n",
        b"second\n",
        b"third\n",
    ]


def test_more_results_than_running() -> None:
    assert len(run_many(shell(), echoes(300), limit=20)) == 300


def test_large_outputs(helper: Build) -> None:
    emit = helper("emit")
    request = ProcRequest(emit, ["1000000", "500000"])
    for output in run_many(policy_for(emit), [request] * 8, limit=4):
        assert output.stdout_total == 1_000_000
        assert len(output.stderr) == 500_000


def test_no_requests() -> None:
    calls: list[tuple[int, int]] = []
    assert run_many(shell(), [], progress=lambda *c: calls.append(c)) == []
    assert calls == []


def test_any_iterable() -> None:
    def requests() -> Iterator[ProcRequest]:
        yield from echoes(3)

    assert len(run_many(shell(), requests())) == 3
    assert len(run_many(shell(), tuple(echoes(3)))) == 3


@pytest.mark.parametrize("errors", ["raise", "collect"])
def test_progress(errors: Any) -> None:
    calls: list[tuple[int, int]] = []
    run_many(
        shell(),
        echoes(25),
        limit=4,
        progress=lambda ended, total: calls.append((ended, total)),
        errors=errors,
    )
    assert calls == [(n, 25) for n in range(1, 26)]


def test_progress_counts_failures() -> None:
    calls: list[int] = []
    requests = [asking("echo"), ProcRequest("/bin/sh", ["a"] * 30)] * 3
    results = run_many(
        shell(),
        requests,
        progress=lambda ended, total: calls.append(ended),
        errors="collect",
    )
    assert calls == [1, 2, 3, 4, 5, 6]
    assert [isinstance(r, Output) for r in results] == [True, False] * 3


def test_progress_that_raises_kills(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    ready = "while [ ! -s $1 ]; do :; done"
    requests = [
        asking("sleep 1000 & echo $! >$1; wait", file),
        asking(ready, file),
    ]

    def fail(ended: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_many(shell(), requests, limit=2, progress=fail)
    assert is_gone(written_pid(file))


def test_an_exit_status_is_no_failure() -> None:
    outputs = run_many(shell(), [asking(f"exit {n}") for n in range(5)])
    assert [o.exit_code for o in outputs] == [0, 1, 2, 3, 4]


# ---------------------------------------------------------------- failures


def failing(file: Path) -> list[ProcRequest]:
    """Two that would run on, and one that fails when they are up."""
    nap = "sleep 1000 & echo $! >$1; wait"
    fail = "while [ ! -s $1 ] || [ ! -s $2 ]; do :; done; echo too much"
    first, second = f"{file}1", f"{file}2"
    return [
        asking(nap, first),
        asking(fail, first, second),
        asking(nap, second),
        asking("echo never"),
    ]


def test_the_first_failure_kills_the_others(tmp_path: Path) -> None:
    policy = shell(lambda b: b.max_stdout(3))
    with pytest.raises(StdoutLimitExceeded) as info:
        run_many(policy, failing(tmp_path / "pid"), limit=3)
    assert info.value.stdout == b"too"
    for number in (1, 2):
        assert is_gone(written_pid(tmp_path / f"pid{number}"))


def test_the_first_denial_kills_the_others(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    requests = [
        asking("sleep 1000 & echo $! >$1; wait", file),
        asking("while [ ! -s $1 ]; do :; done", file),
        ProcRequest("/bin/sh", ["x"] * 30),
    ]
    with pytest.raises(ArgTooManyPositionals):
        run_many(shell(), requests, limit=2)
    assert is_gone(written_pid(file))


def test_collecting() -> None:
    results: list[Output | Exception] = run_many(
        shell(lambda b: b.max_stdout(10).timeout(0.4)),
        [
            asking("echo fine"),
            asking("echo far too much"),
            ProcRequest("/bin/sh", ["x"] * 30),
            asking("echo early; sleep 1000"),
            asking("exit 3"),
        ],
        limit=2,
        errors="collect",
    )
    types = [type(result) for result in results]
    assert types == [
        Output,
        StdoutLimitExceeded,
        ArgTooManyPositionals,
        Timeout,
        Output,
    ]
    assert isinstance(results[3], ExecError)
    assert results[3].stdout == b"early\n"


def test_collecting_failed_spawns(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program\n")
    text.chmod(0o755)
    policy = policy_for(str(text))
    results = run_many(policy, [ProcRequest(text, [])] * 3, errors="collect")
    assert [type(r) for r in results] == [SpawnFailed] * 3


def test_deadlines_are_each_ones_own() -> None:
    """A command's clock begins with its start, not with the batch's."""
    policy = shell(lambda b: b.timeout(1.5))
    outputs = run_many(policy, [asking("sleep 0.3")] * 8, limit=1)
    assert all(output.success for output in outputs)


def test_all_time_out_together() -> None:
    policy = shell(lambda b: b.timeout(0.3).stop_grace(0.1))
    results = run_many(
        policy,
        [asking("trap '' TERM; while :; do sleep 0.01; done")] * 10,
        limit=10,
        errors="collect",
    )
    assert {type(r) for r in results} == {Timeout}


def test_collected_errors_hold_nothing(tmp_path: Path) -> None:
    """No traceback, whose frames would keep commands and policies."""
    policy = shell(lambda b: b.max_stdout(0))
    results = run_many(policy, [asking("echo a")], errors="collect")
    assert isinstance(results[0], StdoutLimitExceeded)
    assert results[0].__traceback__ is None


def test_failures_are_freed_without_the_collector() -> None:
    def fail_all() -> None:
        policy = shell(lambda b: b.max_stdout(0))
        request = asking("echo a")
        for call in (
            lambda: run_many(policy, [request], errors="collect"),
            lambda: policy.prepare(request).start().wait(),
            lambda: list(policy.prepare(request).start()),
        ):
            with suppress(StdoutLimitExceeded):
                call()

    gc.collect()
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            fail_all()
        assert len(os.listdir("/proc/self/fd")) == before
    finally:
        gc.enable()


@pytest.mark.parametrize("errors", ["raise", "collect"])
def test_ctrl_c_kills_all(tmp_path: Path, errors: str) -> None:
    code = """
    nap = "sleep 1000 & echo $! >$1; wait"
    requests = [
        ProcRequest("/bin/sh", ["-c", nap, "sh", f"{sys.argv[1]}{n}"])
        for n in range(4)
    ]
    try:
        proc_jail.run_many(shell(), requests, limit=3, errors=sys.argv[2])
    except KeyboardInterrupt:
        print("KeyboardInterrupt")
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("no child")
    """
    file = str(tmp_path / "pid")
    with started_host(code, file, errors) as host:
        pids = [written_pid(Path(f"{file}{n}")) for n in range(3)]
        took = interrupt(host)
        assert host.stdout is not None
        assert host.stdout.read() == "KeyboardInterrupt\nno child\n"
        assert all(is_gone(pid) for pid in pids)
        assert not Path(f"{file}3").exists()
    assert took < 5


def test_a_fork_of_the_host_leaves_the_batch_alone() -> None:
    """A fork in the middle that ends as the host would."""
    code = """
    request = ProcRequest("/bin/sh", ["-c", "sleep 0.2; echo x"])

    def progress(ended, total):
        if ended == 1 and os.fork() == 0:
            sys.stderr = open(os.devnull, "w")
            raise SystemExit(0)

    requests = [ProcRequest("/bin/sh", ["-c", "echo x"]), request, request]
    outputs = proc_jail.run_many(
        shell(), requests, limit=3, progress=progress
    )
    print([output.stdout for output in outputs])
    os.wait()
    """
    assert run_host(code) == "[b'x\\n', b'x\\n', b'x\\n']\n"


# --------------------------------------------------------------- arguments


@pytest.mark.parametrize("limit", [0, -1])
def test_bad_limits(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        run_many(shell(), echoes(1), limit)


@pytest.mark.parametrize("errors", ["ignore", "", None, 3])
def test_bad_modes(errors: object) -> None:
    with pytest.raises(ValueError, match="errors"):
        run_many(shell(), echoes(1), errors=cast("Any", errors))


def test_bad_requests() -> None:
    with pytest.raises(TypeError):
        run_many(shell(), [cast("ProcRequest", "/bin/sh")])
    with pytest.raises(TypeError):
        run_many(shell(), cast("list[ProcRequest]", 3))


def test_the_program_is_looked_up_once_per_request() -> None:
    """Requests are prepared when it is their turn."""
    echo = program("echo")
    requests = [ProcRequest(echo, [str(n)]) for n in range(3)]
    outputs = run_many(policy_for(echo), requests, limit=1)
    assert [o.args[1:] for o in outputs] == [["0"], ["1"], ["2"]]

"""Signals that reach the host while it waits in spawn_sync."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from conftest import Build, children, policy_for, program, shell
from hosts import (
    interrupt,
    is_gone,
    run_host,
    started_host,
    wait_until,
    written_pid,
)
from proc_jail import Output, ProcPolicy, Sandbox, Timeout

Handler = Callable[[int, FrameType | None], None]

# A host that runs argv[1] with the rest of argv, prints how that ended,
# and that no child is left.
RUN = """
    program, *args = sys.argv[1:]
    policy = policy_for(
        program, None, lambda b: b.timeout(10).max_stdout(1 << 30)
    )
    try:
        policy.run(program, args)
    except BaseException as error:
        print(type(error).__name__)
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("no child")
"""


@contextmanager
def handler(number: int, function: Handler) -> Iterator[None]:
    old = signal.signal(number, function)
    try:
        yield
    finally:
        signal.signal(number, old)


def assert_interrupted(host: subprocess.Popen[str]) -> None:
    interrupt(host)
    assert host.stdout is not None
    assert host.stdout.read() == "KeyboardInterrupt\nno child\n"


def test_ctrl_c(tmp_path: Path, helper: Build) -> None:
    file = tmp_path / "pid"
    with started_host(RUN, helper("nap"), str(file)) as host:
        pid = written_pid(file)
        assert_interrupted(host)
        assert is_gone(pid)


@pytest.mark.parametrize(
    "script",
    [
        "trap '' INT TERM; echo $$ >$1; while :; do sleep 1000; done",
        "exec >&- 2>&-; echo $$ >$1; while :; do sleep 1000; done",
        "sleep 1000 & sleep 1000 & echo $$ >$1; wait",
        "(sleep 1000; echo) & echo $$ >$1; kill -STOP $$",
    ],
)
def test_ctrl_c_whatever_the_child_does(tmp_path: Path, script: str) -> None:
    code = """
        try:
            shell().run("/bin/sh", ["-c", sys.argv[1], "sh", sys.argv[2]])
        except KeyboardInterrupt:
            print("KeyboardInterrupt")
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("no child")
        """
    file = tmp_path / "pid"
    with started_host(code, script, str(file)) as host:
        written_pid(file)
        assert_interrupted(host)


def test_ctrl_c_during_a_flood(tmp_path: Path, helper: Build) -> None:
    """Output that is always ready does not keep signals out."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = """
        script = 'echo $$ >"$2"; exec "$1" out'
        policy = shell(lambda b: b.timeout(10).max_stdout(1 << 42))
        try:
            policy.run("/bin/sh", ["-c", script, "sh", *sys.argv[1:]])
        except BaseException as error:
            print(type(error).__name__)
        print("no child")
        """
    with started_host(code, helper("flood"), str(fifo)) as host:
        fifo.read_text()
        assert_interrupted(host)


def test_ctrl_c_seen_by_another_thread_during_steady_output(
    tmp_path: Path, helper: Build
) -> None:
    """Then no select is interrupted, and no slice passes in silence."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = """
        go, script = threading.Event(), 'echo $$ >"$2"; exec "$1"'

        def receive():
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            go.wait()

        # The main thread blocks the signal, so this one receives it.
        threading.Thread(target=receive, daemon=True).start()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        policy = shell(lambda b: b.timeout(10))
        try:
            policy.run("/bin/sh", ["-c", script, "sh", *sys.argv[1:]])
        except BaseException as error:
            print(type(error).__name__)
        print("no child")
        """
    with started_host(code, helper("drip"), str(fifo)) as host:
        fifo.read_text()
        assert_interrupted(host)


def test_ctrl_c_seen_by_another_thread(tmp_path: Path, helper: Build) -> None:
    code = """
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        """
    file = tmp_path / "pid"
    host_code = code + RUN.replace("\n    ", "\n        ")
    with started_host(host_code, helper("nap"), str(file)) as host:
        pid = written_pid(file)
        assert_interrupted(host)
        assert is_gone(pid)


def test_a_signal_that_is_pending_at_the_spawn() -> None:
    """It is seen at the first look, and nothing is left."""
    code = """
        def fail(number, frame):
            raise InterruptedError

        signal.signal(signal.SIGUSR1, fail)
        read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write)

        def send():
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

        import _thread
        # The sender holds the GIL until its switch interval is over, so the
        # handler is due at any point from here to the wait.
        sys.setswitchinterval(1e-6)
        command = shell().prepare(
            ProcRequest("/bin/sh", ["-c", "sleep 1000 & wait"])
        )
        for _ in range(50):
            # Not by threading, whose own wait a handler must not end.
            try:
                _thread.start_new_thread(send, ())
                command.spawn_sync()
            except InterruptedError:
                pass
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                continue
            raise AssertionError("a child is left")
        print("ok")
        """
    assert run_host(code) == "ok\n"


def signaller() -> ProcPolicy:
    """A shell that may signal this process, as no sandbox lets it."""
    return shell(lambda b: b.sandbox(Sandbox.compat()))


def test_handlers_run_and_the_wait_goes_on(tmp_path: Path) -> None:
    """The child waits for a handler that runs during the wait."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    seen = []

    def answer(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        fifo.write_text("go\n")

    with handler(signal.SIGUSR1, answer):
        output = signaller().run(
            "/bin/sh",
            [
                "-c",
                'kill -USR1 $PPID; read word <"$1"; echo "$word"; exit 3',
                "sh",
                fifo,
            ],
        )
    assert seen == [signal.SIGUSR1]
    assert output.stdout == b"go\n"
    assert output.exit_code == 3


def test_a_storm_of_signals_does_not_move_the_deadline() -> None:
    count = 0

    def tick(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1

    sleep = program("sleep")
    policy = policy_for(sleep, None, lambda b: b.timeout(1))
    with handler(signal.SIGALRM, tick):
        signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
        try:
            with pytest.raises(Timeout) as info:
                policy.run(sleep, ["1000"])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    assert count > 10
    assert info.value.elapsed is not None
    assert 1 <= info.value.elapsed < 20


def test_a_storm_of_signals_loses_no_output(helper: Build) -> None:
    emit = helper("emit")
    policy = policy_for(emit, None, lambda b: b.max_stderr(1 << 24))
    with handler(signal.SIGALRM, lambda *_: None):
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            output = policy.run(emit, ["5000000", "5000000", "1000"])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    expected = (bytes(range(251)) * 20000)[:5_000_000]
    assert output.stdout == expected
    assert output.stderr == expected


class Refused(Exception):
    pass


def test_a_handler_that_raises() -> None:
    def refuse(number: int, frame: FrameType | None) -> None:
        raise Refused

    with handler(signal.SIGUSR1, refuse):
        with pytest.raises(Refused):
            signaller().run(
                "/bin/sh", ["-c", "sleep 1000 & kill -USR1 $PPID; wait"]
            )
    assert children() == {}


def test_a_handler_that_raises_while_output_is_large(helper: Build) -> None:
    """The exception outlives the growing of the buffers."""
    script = """
        "$1" 300000 300000
        kill -USR1 $PPID
        "$1" 3000000 3000000
        sleep 1000
    """

    def refuse(number: int, frame: FrameType | None) -> None:
        raise Refused

    big = shell(
        lambda b: (
            b.sandbox(Sandbox.compat()).max_stdout(1 << 30).max_stderr(1 << 30)
        )
    )
    with handler(signal.SIGUSR1, refuse):
        for _ in range(10):
            with pytest.raises(Refused):
                big.run("/bin/sh", ["-c", script, "sh", helper("emit")])
    assert children() == {}


def test_a_handler_that_spawns_itself(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    inner: list[Output] = []

    def spawn(number: int, frame: FrameType | None) -> None:
        inner.append(signaller().run("/bin/sh", ["-c", "echo inner"]))
        fifo.write_text("go\n")

    script = 'kill -USR1 $PPID; read word <"$1"; echo outer'
    with handler(signal.SIGUSR1, spawn):
        outer = signaller().run("/bin/sh", ["-c", script, "sh", fifo])
    assert [output.stdout for output in inner] == [b"inner\n"]
    assert outer.stdout == b"outer\n"


def test_sigchld_handlers_of_the_host_run() -> None:
    """The library takes no SIGCHLD away and brings no handler."""
    seen = threading.Event()
    with handler(signal.SIGCHLD, lambda *_: seen.set()):
        output = shell().run("/bin/sh", ["-c", "exit 3"])
        wait_until(seen.is_set)
    assert output.exit_code == 3

"""Many threads, one process: no lock, no mix-up, no wait for each other."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import Build, descriptors, policy_for, program, share, shell
from hosts import needs_proc, run_host
from proc_jail import (
    ArgRules,
    BinNotAllowed,
    Cancelled,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Timeout,
    _core,
    run_many,
)

THREADS = 32
ROUNDS = 20


def test_threads_get_their_own_output() -> None:
    echo = program("echo")
    policy = policy_for(echo)

    def work(number: int) -> None:
        for round_ in range(ROUNDS):
            word = f"{number}-{round_}"
            assert policy.run(echo, [word]).stdout == f"{word}\n".encode()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def test_one_command_in_many_threads(helper: Build) -> None:
    emit = helper("emit")
    policy = policy_for(emit)
    command = policy.prepare(ProcRequest(emit, ["70000", "300", "500"]))
    expected = (bytes(range(251)) * 280)[:70000]

    def work(_: int) -> None:
        for _ in range(ROUNDS):
            output = command.spawn_sync()
            assert output.stdout == expected
            assert output.stderr == expected[:300]

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def test_threads_get_their_own_status(helper: Build) -> None:
    end = helper("end")
    policy = policy_for(end)

    def work(number: int) -> None:
        for _ in range(ROUNDS):
            output = policy.run(end, ["exit", str(number)])
            assert output.exit_code == number

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def test_a_quick_command_does_not_wait_for_a_slow_one(
    tmp_path: Path,
) -> None:
    """No pipe end of one child is held by another one."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def slow() -> bytes:
        script = 'read word <"$1"; echo "$word"'
        return shell().run("/bin/sh", ["-c", script, "sh", fifo]).stdout

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow)
        for _ in range(20):
            assert shell().run("/bin/sh", ["-c", "echo x"]).stdout == b"x\n"
        fifo.write_text("done\n")
        assert waiting.result(timeout=20) == b"done\n"


def test_the_gil_is_released(tmp_path: Path) -> None:
    """The child ends only when another Python thread has answered it."""
    ask, answer = tmp_path / "ask", tmp_path / "answer"
    os.mkfifo(ask)
    os.mkfifo(answer)

    def reply() -> None:
        for number in range(10):
            assert ask.read_text() == f"{number}\n"
            answer.write_text(f"{number}\n")

    script = """
        for i in 0 1 2 3 4 5 6 7 8 9; do
            echo $i >"$1"; read back <"$2"; echo "$back"
        done
    """
    thread = threading.Thread(target=reply)
    thread.start()
    output = shell().run("/bin/sh", ["-c", script, "sh", ask, answer])
    thread.join(timeout=20)
    assert output.stdout == b"".join(b"%d\n" % i for i in range(10))


def test_policies_and_commands_dropped_by_other_threads() -> None:
    true = program("true")

    def work(_: int) -> None:
        for _ in range(ROUNDS):
            policy = policy_for(true)
            command = policy.prepare(ProcRequest(true, []))
            del policy
            assert command.spawn_sync().success

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_forks_in_another_thread() -> None:
    """A fork may catch the pipes in its copy; nobody waits for its end."""
    out = run_host(
        """
        import warnings
        warnings.simplefilter("ignore")
        stop, forks = threading.Event(), [0]

        def fork():
            while not stop.is_set():
                pid = os.fork()
                if pid == 0:
                    signal.pause()
                held.append(pid)
                forks[0] += 1
                if len(held) > 20:
                    drop(held.pop(0))

        def drop(pid):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

        held = []
        thread = threading.Thread(target=fork)
        thread.start()
        for number in range(200):
            output = shell().run("/bin/sh", ["-c", f"echo {number}; exit 2"])
            assert output.stdout == b"%d\\n" % number
            assert output.exit_code == 2
        stop.set()
        thread.join()
        for child in held:
            drop(child)
        print(forks[0] > 0)
        """
    )
    assert out == "True\n"


def test_spawn_in_a_forked_child() -> None:
    """A policy made before a fork works on both sides of it."""
    out = run_host(
        """
        command = shell().prepare(
            ProcRequest("/bin/sh", ["-c", "sleep 1000 & echo $PPID; exit 6"])
        )
        pid = os.fork()
        adopt_orphans()
        output = command.spawn_sync()
        assert output.exit_code == 6
        assert int(output.stdout) == os.getpid()
        if pid == 0:
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert out == "0\n"


@needs_proc
def test_spawns_leave_no_thread() -> None:
    before = len(os.listdir("/proc/self/task"))
    for _ in range(20):
        assert shell().run("/bin/sh", ["-c", "exit 0"]).success
    assert len(os.listdir("/proc/self/task")) <= before


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"),
    reason="this build has a GIL",
)
def test_the_gil_stays_off() -> None:
    """An extension that does not say that it can do without turns it on."""
    code = "import proc_jail, sys; print(sys._is_gil_enabled())"
    env = {k: v for k, v in os.environ.items() if k != "PYTHON_GIL"}
    command = [sys.executable, "-W", "error", "-c", code]
    assert subprocess.check_output(command, env=env) == b"False\n"


@contextmanager
def stepping(process: _core._Process) -> Iterator[list[str]]:
    """Another thread that steps all the time; what it raised."""
    stop = threading.Event()
    raised: list[str] = []

    def work() -> None:
        try:
            while not stop.is_set():
                process.step()
        except RuntimeError as error:
            raised.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield raised
    finally:
        stop.set()
        thread.join()


def test_a_kill_of_a_command_in_use_counts() -> None:
    """It comes from another thread, at any moment of a step."""
    sleep = program("sleep")
    command = policy_for(sleep).prepare(ProcRequest(sleep, ["1000"]))
    for _ in range(20):
        process = _core._start(command)
        with stepping(process) as raised:
            process.kill()
        assert not raised
        assert process.step()
        with pytest.raises(Cancelled):
            process.finish()


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Shared:
    """What the threads of the storm use at the same time."""

    def __init__(self) -> None:
        self.echo = program("echo")
        self.builder = ProcPolicyBuilder().allow_bin(self.echo)
        self.rules = ArgRules().max_positionals(2)
        self.policy = self.builder.arg_rules(self.echo, self.rules).build()
        self.command = self.policy.prepare(ProcRequest(self.echo, ["same"]))
        self.hasty = shell(lambda b: b.timeout(0.02))
        self.shell = shell()

    def sleeper(self, policy: ProcPolicy) -> PreparedCommand:
        argv = ["-c", "sleep 1000 & sleep 1000"]
        return policy.prepare(ProcRequest("/bin/sh", argv))

    def one_command(self, _: int) -> None:
        assert self.command.spawn_sync().stdout == b"same\n"

    def own_request(self, number: int) -> None:
        output = self.policy.run(self.echo, [str(number)])
        assert output.stdout == b"%d\n" % number

    def own_policy(self, number: int) -> None:
        rules = self.rules.allowed_flags([f"-{number}"])
        policy = self.builder.arg_rules(self.echo, rules).build()
        assert policy != self.policy
        assert policy.prepare(ProcRequest(self.echo, [])).spawn_sync().success

    def refused(self, number: int) -> None:
        path = ("/bin/sh", "/bin/ls")[number % 2]
        with pytest.raises(BinNotAllowed) as caught:
            self.policy.run(path, [])
        assert caught.value.path == path

    def stream(self, _: int) -> None:
        with self.command.start() as running:
            assert list(running.lines()) == [b"same\n"]

    def stopped(self, _: int) -> None:
        with self.sleeper(self.shell).start() as running:
            running.kill()
            with pytest.raises(Cancelled):
                running.wait()

    def late(self, _: int) -> None:
        with pytest.raises(Timeout):
            self.sleeper(self.hasty).spawn_sync()

    def several(self, number: int) -> None:
        requests = [ProcRequest(self.echo, [str(number)])] * 3
        for output in run_many(self.policy, requests, limit=3):
            assert output.stdout == b"%d\n" % number

    def on_a_loop(self, number: int) -> None:
        async def work() -> None:
            request = ProcRequest(self.echo, [str(number)])
            own = self.policy.prepare(request)
            every = [self.command.spawn(), own.spawn(), own.spawn()]
            outputs = await asyncio.gather(*every)
            kept = [output.stdout for output in outputs]
            assert kept == [b"same\n"] + [b"%d\n" % number] * 2
            task = asyncio.create_task(self.sleeper(self.shell).spawn())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(work())

    def storm(self, rounds: int) -> None:
        """Each thread does everything, beginning with something else."""
        deeds = [
            self.one_command,
            self.own_request,
            self.own_policy,
            self.refused,
            self.stream,
            self.stopped,
            self.late,
            self.several,
            self.on_a_loop,
        ]
        begin = threading.Barrier(8)

        def work(thread: int) -> None:
            begin.wait()
            for number in range(rounds * len(deeds)):
                deeds[(thread + number) % len(deeds)](thread * 1000 + number)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))


def test_a_storm_of_threads_leaves_nothing() -> None:
    shared = Shared()
    shared.storm(2)  # what is made once, and room for eight threads
    gc.collect()
    opened, peak = descriptors(), peak_memory()
    shared.storm(share(150))
    gc.collect()
    assert descriptors() == opened
    # Each of some 1,000 operations that kept a page would add 4 MB.
    assert peak_memory() - peak < 4096

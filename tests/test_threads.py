"""Many threads, one process: no lock, no mix-up, no wait for each other."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conftest import Build, policy_for, program, shell
from hosts import needs_proc, run_host
from proc_jail import ProcRequest

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

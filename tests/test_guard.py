"""What ends a command when nobody looks: the host's end, and the clock.

The attacks of the first half try to outlive a killed host. That there is
something to outlive is shown by the same tree without a guard: started by
subprocess, it lives on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Build, children, program, shell
from containment import (
    NOBODY,
    ROOT,
    attack,
    become,
    in_host,
    run_here,
    sweep,
    uids,
)
from hosts import (
    is_gone,
    on_linux,
    reap_orphans,
    run_host,
    started_host,
    wait_until,
    written_pid,
)
from proc_jail import (
    Output,
    ProcPolicy,
    ProcRequest,
    RunningCommand,
    Sandbox,
    Timeout,
    Tree,
)
from test_limits import leased

pytestmark = on_linux

PRESETS = {
    "default": None,
    "compat": Sandbox.compat(),
    "strict": Sandbox.strict().read("/").write("/tmp").execute("/"),
    "namespace": Sandbox().tree(Tree.PidNamespace),
}
presets = pytest.mark.parametrize("preset", PRESETS)

# Each tells the host's parent that all of it is there, by one line on the
# FIFO that all of it holds open.
TREES = {
    "leader": "exec >FIFO; echo all; exec sleep 100",
    "child": "exec >FIFO; sleep 100 & echo all; wait",
    "grandchild": "exec >FIFO; (sleep 100 & wait) & echo all; wait",
    "daemon": "exec >FIFO; ( (trap '' HUP TERM INT; sleep 100) & ); echo all;"
    " sleep 100",
    "orphan": "exec >FIFO; sh -c 'sleep 100 & sleep 100 &'; echo all;"
    " sleep 100",
    "without a leader's own": "exec >FIFO; nohup sleep 100 & echo all; wait",
}


def end_with(
    uid: int,
    start: Callable[[str], object],
    script: str,
    end: Callable[[int], None] | None = None,
) -> list[str]:
    """Kill a host when its command is there; name what outlived it."""
    fifo = f"/tmp/guard-{os.getpid()}"
    os.mkfifo(fifo)
    os.chmod(fifo, 0o666)
    known = children()
    try:
        pid = os.fork()
        if pid == 0:
            try:
                become(uid)
                start(script.replace("FIFO", fifo))
            finally:
                Path(fifo).write_text("ended\n")
                os._exit(0)
        with open(fifo, "rb") as file:
            assert file.readline() == b"all\n"
            (end or (lambda host: os.kill(host, signal.SIGKILL)))(pid)
            os.waitpid(pid, 0)
            survivors = living(known)
        return survivors
    finally:
        sweep(known)
        os.unlink(fifo)


def living(known: dict[int, str]) -> list[str]:
    """Who is left when all that are to die have had the time to.

    The kill is sent as the host's files are released, which is before it
    can be waited for; a process in the middle of it is not a survivor.
    """
    new: list[str] = []

    def none() -> bool:
        nonlocal new
        new = [
            text
            for pid, text in children().items()
            if pid not in known and not text.startswith("Z")
        ]
        return not new

    try:
        wait_until(none, 1)
    except AssertionError:
        return new
    return []


def jailed(preset: str) -> Callable[[str], object]:
    return lambda script: run_here(
        PRESETS[preset], "/bin/sh", "-c", script, flags=["-c"]
    )


def bare(script: str) -> object:
    return subprocess.run(["/bin/sh", "-c", script], check=False)


@uids
@pytest.mark.parametrize("tree", TREES)
def test_it_would_outlive_its_host(uid: int, tree: str) -> None:
    assert end_with(uid, bare, TREES[tree])


@uids
@presets
@pytest.mark.parametrize("tree", TREES)
def test_nothing_outlives_the_host(uid: int, preset: str, tree: str) -> None:
    assert end_with(uid, jailed(preset), TREES[tree]) == []


@uids
@presets
@pytest.mark.parametrize("tree", ["leader", "daemon"])
def test_whichever_end_goes_first(uid: int, preset: str, tree: str) -> None:
    """The kernel lets go of the higher number first.

    Where 0 is free that is the reading end of a pipe, which is raised past
    the other one; elsewhere it is the writing end.
    """

    def start(script: str) -> None:
        os.close(0)
        jailed(preset)(script)

    assert end_with(uid, start, TREES[tree]) == []


def has_armed(host: int) -> bool:
    """Whether a child of the host is past its lifeline, and on to exec."""
    try:
        pids = Path(f"/proc/{host}/task/{host}/children").read_text().split()
        return any(
            "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()
            for pid in pids
        )
    except OSError:
        return False


@pytest.mark.parametrize("preset", ["default", "compat", "strict"])
def test_an_exec_that_hangs_does_not_outlive_it(
    tmp_path: Path, helper: Build, preset: str
) -> None:
    """Until the exec is over the child has copies of what the host held."""
    path = tmp_path / "tool"
    shutil.copy(program("true"), path)
    known = children()
    with leased(helper, path):
        known |= children()
        pid = os.fork()
        if pid == 0:
            try:
                become(os.geteuid())
                run_here(PRESETS[preset], str(path))
            finally:
                os._exit(0)
        try:
            wait_until(lambda: has_armed(pid))
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        left = living(known)
    sweep(known)
    assert left == []


@uids
@presets
def test_nothing_outlives_a_host_that_exits(uid: int, preset: str) -> None:
    """Not by a signal, and with a thread that waits for the command."""

    def start(script: str) -> None:
        thread = threading.Thread(target=jailed(preset), args=(script,))
        thread.daemon = True
        thread.start()
        signal.sigwait({signal.SIGUSR1})
        os._exit(3)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        assert (
            end_with(
                uid,
                start,
                TREES["grandchild"],
                lambda host: os.kill(host, signal.SIGUSR1),
            )
            == []
        )
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})


@uids
@pytest.mark.parametrize("preset", ["default", "strict", "compat"])
def test_a_program_that_leads_by_another_thread(uid: int, preset: str) -> None:
    """A death signal belongs to a task, and exec may be another's."""
    script = (
        f"exec {attack('exec_in_thread')} /bin/sh -c 'exec >FIFO; echo all;"
    )
    script += " sleep 100 & wait'"
    assert end_with(uid, jailed(preset), script) == []


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("namespace", [False, True])
def test_another_user_does_not_outlive_it(tree: str, namespace: bool) -> None:
    sandbox = Sandbox().user(NOBODY, NOBODY)
    if namespace:
        sandbox = sandbox.tree(Tree.PidNamespace)

    def start(script: str) -> None:
        run_here(sandbox, "/bin/sh", "-c", script, flags=["-c"])

    assert end_with(0, start, TREES[tree]) == []


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.parametrize("preset", ["default", "compat"])
def test_who_changes_its_ids_does_not_outlive_it(preset: str) -> None:
    """The signal is sent with the rights of root."""
    other = f"{attack('become')} {NOBODY} sleep 100"
    script = f"exec >FIFO; {other} & sleep 0.1; echo all; wait"
    assert end_with(0, jailed(preset), script) == []


@uids
@presets
def test_who_opens_the_hosts_files_does_not_outlive_it(
    uid: int, preset: str
) -> None:
    """What is held by a process that lives on is not released."""
    holder = f"{attack('hold_ends')} HOST sh -c 'echo all; sleep 100'"

    def start(script: str) -> None:
        jailed(preset)(script.replace("HOST", str(os.getpid())))

    assert end_with(uid, start, f"exec >FIFO; {holder} & wait") == []


@pytest.mark.parametrize("preset", ["compat", "default"])
def test_a_session_of_its_own_outlives_hygiene_only(preset: str) -> None:
    """What SECURITY.md says of compat(); the default refuses the session."""
    script = "exec >FIFO; setsid sleep 100 & sleep 0.1; echo all; wait"
    left = end_with(os.geteuid(), jailed(preset), script)
    assert bool(left) == (preset == "compat")


@uids
@pytest.mark.parametrize("namespace", [True, False])
def test_a_tracer_holds_no_namespace_back(uid: int, namespace: bool) -> None:
    """It keeps the leader's end from the init, which must not need that.

    Without a namespace it gets away, as what leaves its group does.
    """
    script = f"exec {attack('hold')} /bin/sh -c"
    script += " 'exec >FIFO; echo all; sleep 100'"
    sandbox = Sandbox.compat()
    if namespace:
        sandbox = sandbox.tree(Tree.PidNamespace)

    def start(script: str) -> None:
        run_here(sandbox, "/bin/sh", "-c", script, flags=["-c"])

    assert bool(end_with(uid, start, script)) == (not namespace)


# ------------------------------------------------ threads and forks of it


def test_the_thread_goes_when_nothing_follows() -> None:
    """It sleeps until the deadlines of commands that have ended since."""
    out = run_host(
        """
        command = shell(lambda b: b.timeout(3000)).prepare(
            ProcRequest("/bin/sh", ["-c", "exit 0"]))
        threads = lambda: len(os.listdir("/proc/self/task"))
        seen = 0
        for _ in range(20):
            running = command.start()
            seen = max(seen, threads())
            running.wait()
        end = time.monotonic() + 20
        while threads() > 1 and time.monotonic() < end:
            time.sleep(0.01)
        print(seen, threads())
        """
    )
    assert out == "2 1\n"


@uids
@presets
def test_the_end_of_a_thread_ends_nothing(uid: int, preset: str) -> None:
    """Nor at once: on one processor what has just been executed and the end
    of the thread that waited for it meet.
    """

    def work() -> list[Output]:
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
        changes = [lambda b: b.sandbox(PRESETS[preset])]
        policy = shell(*(changes if PRESETS[preset] is not None else []))
        return [by_a_thread(policy) for _ in range(100)]

    def by_a_thread(policy: ProcPolicy) -> Output:
        box: list[RunningCommand] = []
        request = ProcRequest("/bin/sh", ["-c", "echo on; exit 5"])
        prepared = policy.prepare(request)
        thread = threading.Thread(target=lambda: box.append(prepared.start()))
        thread.start()
        thread.join()
        return box[0].wait()

    for output in in_host(uid, work).get():
        assert (output.stdout, output.exit_code) == (b"on\n", 5)


@pytest.mark.parametrize("fork", ["os.fork()", "ctypes.CDLL(None).fork()"])
def test_a_forked_worker_keeps_nothing_alive(
    tmp_path: Path, fork: str
) -> None:
    """It holds copies of all descriptors, but of those that matter."""
    pid_file, ready = tmp_path / "pid", tmp_path / "ready"
    script = 'sleep 1000 & echo $! >"$1"; wait'
    code = f"""
    request = ProcRequest("/bin/sh", ["-c", {script!r}, "x", sys.argv[1]])
    running = shell().prepare(request).start()
    while not (os.path.exists(sys.argv[1])
               and open(sys.argv[1]).read().endswith("\\n")):
        time.sleep(0.002)
    worker = {fork}
    if worker == 0:
        for fd in (0, 1, 2):
            os.close(fd)
        open(sys.argv[2], "w").write(str(os.getpid()) + "\\n")
        time.sleep(1000)
        os._exit(0)
    while not (os.path.exists(sys.argv[2])
               and open(sys.argv[2]).read().endswith("\\n")):
        time.sleep(0.002)
    print("killing", flush=True)
    os.kill(os.getpid(), 9)
    """
    with started_host(code, str(pid_file), str(ready)) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "killing\n"
        host.wait()
    worker = written_pid(ready)
    wait_until(lambda: is_gone(written_pid(pid_file)))
    assert not is_gone(worker)
    os.kill(worker, signal.SIGKILL)
    reap_orphans()


# ----------------------------------------------------------- the deadline

SLOW = "trap '' TERM; while :; do echo $$; sleep 0.05; done"


DRIVERS = {
    "a body that sleeps": """
with command.start() as running:
    chunks = iter(running)
    next(chunks)
    await_end()
    try:
        running.wait()
    except proc_jail.Timeout:
        print("timeout")
""",
    "nothing": """
running = command.start()
await_end()
try:
    running.wait()
except proc_jail.Timeout:
    print("timeout")
""",
    "a loop that never looks": """
import asyncio

async def main():
    async with command.start() as running:
        await_end()
        try:
            await running.wait()
        except proc_jail.Timeout:
            print("timeout")

asyncio.run(main())
""",
    "a loop that computes": """
import asyncio

async def main():
    task = asyncio.create_task(command.spawn())
    await asyncio.sleep(0.05)
    await_end()
    try:
        await task
    except proc_jail.Timeout:
        print("timeout")

asyncio.run(main())
""",
    "a thread without the GIL": """
import ctypes
hold = ctypes.PyDLL(None).usleep  # holds the GIL while it sleeps

def work():
    time.sleep(0.1)
    hold(3000000)
    await_end(lambda: sys.exit("the tree outlived a thread that computes"))

thread = threading.Thread(target=work)
thread.start()
try:
    command.spawn_sync()
except proc_jail.Timeout:
    ended = "timeout"
thread.join()
print(ended)
""",
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_deadline_holds_whoever_drives(
    tmp_path: Path, driver: str
) -> None:
    """Nobody looks at the command until its tree is gone."""
    pids = tmp_path / "pids"
    script = 'sleep 1000 & echo $! >"$1"; trap "" TERM; echo on; wait; wait'
    code = f"""
    request = ProcRequest("/bin/sh", ["-c", {script!r}, "x", sys.argv[1]])
    command = shell(lambda b: b.timeout(1)).prepare(request)

    def lives():
        try:
            pid = int(open(sys.argv[1]).read() or 0)
        except OSError:
            return True
        state = ""
        try:
            state = open(f"/proc/{{pid}}/stat").read().rpartition(")")[2]
        except OSError:
            return pid == 0
        return state.split()[0] != "Z"

    def await_end(pause=lambda: time.sleep(0.01)):
        end = time.monotonic() + 30
        while lives() and time.monotonic() < end:
            pause()
        print("gone" if not lives() else "alive")
    """
    out = run_host(textwrap.dedent(code) + DRIVERS[driver], str(pids))
    assert out.split() == ["gone", "timeout"]


@pytest.mark.skipif(not ROOT, reason="needs a user without processes")
def test_where_no_thread_can_start() -> None:
    """The deadline holds while it is driven, and the report says so."""
    out = run_host(
        """
        import asyncio
        os.setgroups([])
        os.setresgid(61234, 61234, 61234)
        os.setresuid(61234, 61234, 61234)
        # The host and a command; a thread would be one too many.
        resource.setrlimit(resource.RLIMIT_NPROC, (2, 2))
        command = shell(lambda b: b.timeout(10)).prepare(
            ProcRequest("/bin/sh", ["-c", "exit 3"]))
        slow = shell(lambda b: b.timeout(0.3)).prepare(
            ProcRequest("/bin/sh", ["-c", "exec sleep 1000"]))

        async def main():
            output = await command.spawn()
            print(output.exit_code, "watchdog" in output.sandbox.missing)
            try:
                await slow.spawn()
            except proc_jail.Timeout:
                print("timeout")

        asyncio.run(main())
        """
    )
    assert out.split() == ["3", "True", "timeout"]


def test_a_shorter_deadline_is_not_slept_through() -> None:
    """The thread sleeps until the first deadline that it knows of."""
    out = run_host(
        """
        def start(timeout):
            return shell(lambda b: b.timeout(timeout)).prepare(
                ProcRequest("/bin/sh", ["-c", "exec sleep 1000"])).start()

        slow = start(3000)
        time.sleep(0.1)
        quick = start(0.3)
        end = time.monotonic() + 20
        state = ""
        while state != "Z" and time.monotonic() < end:
            text = open(f"/proc/{quick.pid}/stat").read()
            state = text.rpartition(")")[2].split()[0]
            time.sleep(0.01)
        print(state)
        slow.kill()
        for running in (quick, slow):
            try:
                running.wait()
            except proc_jail.ProcJailError as error:
                print(error.code)
        """
    )
    assert out.split() == ["Z", "Timeout", "Cancelled"]


@pytest.mark.parametrize("grace", [4.999, 4.9, 4.5])
def test_a_grace_of_nearly_the_whole_deadline(grace: float) -> None:
    """SIGTERM is due long before the deadline, and SIGKILL is not."""
    policy = shell(lambda b: b.timeout(5).stop_grace(grace))
    script = "trap 'echo asked; exit' TERM; echo on; sleep 60 & wait"
    with pytest.raises(Timeout) as caught:
        policy.run("/bin/sh", ["-c", script])
    assert caught.value.stdout in (b"on\nasked\n", b"on\n", b"")


def test_a_deadline_that_is_over_at_once() -> None:
    policy = shell(lambda b: b.timeout(1e-9))
    with pytest.raises(Timeout):
        policy.run("/bin/sh", ["-c", "sleep 1000"])


def test_what_ended_in_time_has_not_expired() -> None:
    """Though nobody looked before its deadline, not even its owner."""
    policy = shell(lambda b: b.timeout(2))
    command = policy.prepare(ProcRequest("/bin/sh", ["-c", "echo on; exit 5"]))
    end = time.monotonic() + 2.1
    running = command.start()
    wait_until(lambda: time.monotonic() > end)
    output = running.wait()
    assert (output.stdout, output.exit_code) == (b"on\n", 5)


def test_a_spawn_when_no_thread_of_python_can_start() -> None:
    """As at the interpreter's end, where CPython 3.12 starts none."""
    out = run_host(
        """
        import asyncio, atexit
        command = shell().prepare(ProcRequest("/bin/sh", ["-c", "exit 3"]))

        async def late():
            print((await command.spawn()).exit_code)

        atexit.register(lambda: asyncio.run(late()))
        """
    )
    assert out == "3\n"

"""Trees of processes: the host's death, namespaces, sandboxes in sandboxes.

A host that is to die is forked, prints through a pipe what it started, and
waits for its end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from conftest import children, shell, whole_kernel
from containment import (
    NOBODY,
    PR_SET_DUMPABLE,
    ROOT,
    Outcome,
    become,
    in_host,
    needs_root,
    run_here,
    sweep,
    uids,
)
from proc_jail import (
    Output,
    ProcPolicyBuilder,
    Sandbox,
    SandboxUnavailable,
    SpawnFailed,
    StdoutLimitExceeded,
    Timeout,
    Tree,
)

NAMESPACE = Sandbox().tree(Tree.PidNamespace)


def sh(sandbox: Sandbox | None, script: str, timeout: float = 30) -> Output:
    return run_here(
        sandbox, "/bin/sh", "-c", script, flags=["-c"], timeout=timeout
    )


def die_while(uid: int, sandbox: Sandbox | None, script: str) -> list[str]:
    """Kill the host when its command says so; name what outlived it.

    The command opens a FIFO when it is ready, and what it left behind holds
    it open: its end of file is the end of all of them.
    """
    fifo = f"/tmp/fifo-{os.getpid()}"
    os.mkfifo(fifo)
    os.chmod(fifo, 0o666)
    known = children()
    try:
        pid = os.fork()
        if pid == 0:
            try:
                become(uid)
                sh(sandbox, script.replace("FIFO", fifo))
            finally:
                Path(fifo).write_text("ended\n")
                os._exit(0)
        with open(fifo, "rb") as file:
            line = file.readline()
            assert line != b"ended\n"
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            if line == b"all\n":
                # The kernel ends them by itself; only then is this over.
                assert file.read() == b""
                for orphan in children().keys() - known.keys():
                    os.waitpid(orphan, 0)
        return sweep(known)
    finally:
        os.unlink(fifo)


@uids
@pytest.mark.parametrize(
    "sandbox",
    [None, Sandbox.compat(), NAMESPACE],
    ids=["default", "compat", "namespace"],
)
def test_leader_dies_with_the_host(uid: int, sandbox: Sandbox | None) -> None:
    script = "exec >FIFO; echo all; exec sleep 100"
    assert die_while(uid, sandbox, script) == []


@uids
def test_all_die_with_the_host_in_a_namespace(uid: int) -> None:
    script = """
exec >FIFO
setsid sh -c 'trap "" HUP TERM; sleep 100 & sleep 100' &
(setsid sleep 100 &)
sleep 100 &
echo all
wait
"""
    assert die_while(uid, NAMESPACE, script) == []


# -------------------------------------------------------------- namespaces


@uids
@pytest.mark.parametrize(
    ("script", "code", "sig"),
    [
        ("exit 0", 0, None),
        ("exit 7", 7, None),
        ("exit 255", 255, None),
        ("kill -KILL $$", None, signal.SIGKILL),
        ("kill -TERM $$", None, signal.SIGTERM),
        ("kill -SEGV $$", None, signal.SIGSEGV),
        ("kill -ABRT $$", None, signal.SIGABRT),
        ("kill -USR1 $$", None, signal.SIGUSR1),
    ],
)
def test_status_passes_through_init(
    uid: int, script: str, code: int | None, sig: int | None
) -> None:
    output = in_host(uid, lambda: sh(NAMESPACE, script)).get()
    assert output.exit_code == code
    assert output.signal == sig


@uids
def test_namespace_counts_from_one(uid: int) -> None:
    output = in_host(uid, lambda: sh(NAMESPACE, "echo $$ $PPID")).get()
    assert output.stdout == b"2 1\n"


@uids
def test_user_stays_what_it_is(uid: int) -> None:
    output = in_host(uid, lambda: sh(NAMESPACE, "id -u; id -g")).get()
    assert output.stdout.split() == [str(uid).encode()] * 2


CLEAN: list[tuple[str, bytes]] = [
    ("setsid sh -c 'echo in; sleep 0'; echo out", b"in\nout\n"),
    ("timeout 1 sleep 50; echo $?", b"124\n"),
    ("(setsid sleep 100 >/dev/null 2>&1 &) ; echo done", b"done\n"),
    ("nohup sleep 100 >/dev/null 2>&1 & echo done", b"done\n"),
    ("trap '' TERM HUP INT; sleep 100 & echo done", b"done\n"),
    ("(exit 3) & wait $!; echo $?", b"3\n"),
    ("set -m 2>/dev/null; sleep 0 & wait; echo done", b"done\n"),
]


@uids
@pytest.mark.parametrize(("script", "out"), CLEAN)
def test_inner_sessions_and_daemons(uid: int, script: str, out: bytes) -> None:
    outcome = in_host(uid, lambda: sh(NAMESPACE, script))
    assert outcome.get().stdout == out, outcome.get().stderr
    assert outcome.survivors == []


@uids
def test_init_reaps_orphans(uid: int) -> None:
    """A hundred orphans, and the last look finds no zombie among them."""
    script = """
i=0
while [ $i -lt 100 ]; do (: & :) ; i=$((i + 1)); done
until ! ps -e -o stat=,comm=,pidns= | grep "^Z.*sh .*$NS"; do :; done
echo clean
"""
    outcome = in_host(uid, lambda: sh(NAMESPACE, script))
    assert outcome.get().stdout.endswith(b"clean\n")
    assert outcome.survivors == []


@uids
def test_init_cannot_be_killed(uid: int) -> None:
    script = "kill -KILL 1; kill -STOP 1; kill -TERM 1; kill -CHLD 1; echo on"
    for sandbox in (NAMESPACE, Sandbox.compat().tree(Tree.PidNamespace)):
        work = partial(sh, sandbox, f"trap '' TERM; {script}")
        outcome = in_host(uid, work)
        assert outcome.get().stdout == b"on\n"
        assert outcome.survivors == []


@uids
def test_timeout_ends_a_namespace(uid: int) -> None:
    def work() -> str:
        with pytest.raises(Timeout) as caught:
            sh(
                NAMESPACE,
                "setsid sleep 100 & echo some; trap '' TERM; sleep 100",
                timeout=0.5,
            )
        return caught.value.stdout.decode()

    outcome = in_host(uid, work)
    assert outcome.get() == "some\n"
    assert outcome.survivors == []


@uids
def test_host_that_ignores_sigchld(uid: int) -> None:
    def work() -> Output:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            return sh(NAMESPACE, "sleep 0 & wait; exit 5")
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    assert in_host(uid, work).get().exit_code == 5


@uids
def test_output_limit_ends_a_namespace(uid: int) -> None:
    def work() -> int:
        policy = shell(lambda b: b.sandbox(NAMESPACE).max_stdout(1000))
        with pytest.raises(StdoutLimitExceeded) as caught:
            policy.run("/bin/sh", ["-c", "setsid yes"])
        return len(caught.value.stdout)

    outcome = in_host(uid, work)
    assert outcome.get() == 1000
    assert outcome.survivors == []


@uids
def test_failed_exec_is_told_from_a_namespace(uid: int) -> None:
    with_script = Path(f"/tmp/script-{os.getpid()}")
    with_script.write_text("#!/nonexistent/interpreter\n")
    with_script.chmod(0o755)

    def work() -> tuple[str | None, int | None]:
        with pytest.raises(SpawnFailed) as caught:
            run_here(NAMESPACE, str(with_script))
        return caught.value.step, caught.value.errno

    try:
        outcome = in_host(uid, work)
        assert outcome.get() == ("exec", 2)
        assert outcome.survivors == []
    finally:
        with_script.unlink()


@uids
def test_host_that_may_not_be_dumped(uid: int) -> None:
    """As every host that has changed its ids: its /proc/self is root's."""

    def work() -> Output:
        assert ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
        return sh(NAMESPACE, "echo in")

    if uid == 0:
        assert in_host(uid, work).get().stdout == b"in\n"
    else:
        try:
            report = in_host(uid, work).get().sandbox
        except SandboxUnavailable:
            return
        # As on a lesser kernel, where tests accept what is missing.
        assert "pid_namespace" in report.missing


# ------------------------------------------------------------------ nested

INNER = """
import sys
sys.path[:0] = {path!r}
from proc_jail import *
builder = (
    ProcPolicyBuilder()
    .allow_bin("/bin/echo")
    .arg_rules("/bin/echo", ArgRules().max_positionals(1))
    .sandbox({sandbox})
)
output = builder.build().run("/bin/echo", ["nested"])
print(output.stdout_string().strip(), output.success)
"""


def nested(uid: int, outer: Sandbox | None, inner: str) -> Outcome[Output]:
    code = INNER.format(path=sys.path, sandbox=inner)
    python = "/usr/bin/python3" if ROOT else sys.executable
    return in_host(
        uid,
        lambda: run_here(outer, python, "-c", code, flags=["-c"]),
    )


same_python = pytest.mark.skipif(
    ROOT and not Path(f"/usr/bin/python3.{sys.version_info.minor}").exists(),
    reason="the system's Python cannot load this build",
)


@uids
@same_python
@pytest.mark.parametrize(
    "inner",
    ["Sandbox()", "Sandbox.compat()", "Sandbox.strict()"],
)
@pytest.mark.parametrize(
    "outer",
    [Sandbox.compat(), NAMESPACE],
    ids=["compat", "namespace"],
)
def test_sandbox_in_a_sandbox(uid: int, outer: Sandbox, inner: str) -> None:
    outcome = nested(uid, outer, inner)
    assert outcome.get().stdout == b"nested True\n", outcome.get().stderr
    assert outcome.survivors == []


@whole_kernel
@uids
@same_python
@pytest.mark.parametrize(
    "outer",
    [None, Sandbox.strict().read("/").execute("/")],
    ids=["default", "strict"],
)
def test_no_sandbox_where_no_session_can_be_had(
    uid: int, outer: Sandbox | None
) -> None:
    """Sharing the outer session would let one kill hit the outer tree."""
    outcome = nested(uid, outer, "Sandbox()")
    assert b"SandboxUnavailable" in outcome.get().stderr
    assert b"Tree.PidNamespace" in outcome.get().stderr
    assert outcome.survivors == []


@needs_root
@same_python
def test_namespace_in_a_sandbox_is_refused() -> None:
    """The outer filter forbids namespaces, and the inner one says so."""
    outcome = nested(NOBODY, NAMESPACE, "Sandbox().tree(Tree.PidNamespace)")
    assert b"SandboxUnavailable" in outcome.get().stderr
    assert b"pid_namespace" in outcome.get().stderr


def test_hosts_threads_go_on() -> None:
    """Many commands in namespaces at once, from threads of one host."""

    def work() -> list[bytes]:
        def run(n: int) -> bytes:
            return sh(NAMESPACE, f"setsid sleep 100 & echo {n}").stdout

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(run, range(20)))

    outcome = in_host(0 if ROOT else os.geteuid(), work)
    assert outcome.get() == [f"{n}\n".encode() for n in range(20)]
    assert outcome.survivors == []


def test_builder_is_kept() -> None:
    assert "PidNamespace" in repr(ProcPolicyBuilder().sandbox(NAMESPACE))

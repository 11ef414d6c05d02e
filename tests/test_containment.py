"""Attacks on the default sandbox: what a command can do to its host.

Each runs twice, as root and as another user: without containment, where it
must get through, or the test could not fail; and with it, where it must
not.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import termios
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from conftest import LESSER
from containment import (
    LONER,
    NOBODY,
    Outcome,
    assert_stopped,
    attack,
    escaped,
    folder,
    in_host,
    needs_root,
    run_bare,
    run_here,
    uids,
)
from proc_jail import Output, Sandbox, Tree

SECRET = ctypes.create_string_buffer(b"secret")

trees = pytest.mark.parametrize(
    "tree", [Tree.Group, Tree.PidNamespace], ids=lambda tree: tree.name
)


@dataclass(frozen=True)
class Attack:
    """A program of tests/attacks, its arguments, and where it can work."""

    program: str
    args: tuple[str, ...] = ()
    # Why the kernel may stop it by itself.
    maybe: str = ""

    def __str__(self) -> str:
        words = "-".join([self.program, *self.args])
        return words.translate(str.maketrans("/", ".", "{}"))


def facts() -> dict[str, object]:
    """What an attack has to know of its host."""
    return {
        "host": os.getpid(),
        "address": ctypes.addressof(SECRET),
        "fd": os.open(__file__, os.O_RDONLY),
    }


def attempt(uid: int, sandbox: Sandbox | None, one: Attack) -> Outcome[Output]:
    program = attack(one.program)

    def work() -> Output:
        known = facts()
        args = [arg.format(**known) for arg in one.args]
        return run_here(sandbox, program, *args)

    return in_host(uid, work)


def assert_possible(one: Attack, control: Outcome[Output]) -> None:
    """Without containment it gets through; else there is nothing to test."""
    if one.maybe and not escaped(control):
        pytest.skip(f"{one.maybe}: {control.get().stdout_string().strip()}")
    assert escaped(control), control


ON_THE_HOST = [
    *(
        Attack("open_file", ("read", f"/proc/{{host}}/{name}"))
        for name in ("environ", "auxv", "maps", "smaps", "pagemap", "io")
    ),
    Attack("open_file", ("read", "/proc/{host}/fd/{fd}")),
    Attack("open_file", ("dir", "/proc/{host}/cwd")),
    Attack("open_file", ("dir", "/proc/{host}/root")),
    Attack("open_file", ("open", "/proc/{host}/ns/pid")),
    Attack("open_file", ("read", "/proc/{host}/task/{host}/environ")),
    Attack("proc_mem", ("{host}", "{address}")),
    Attack("vm_readv", ("{host}", "{address}")),
    Attack("pidfd_getfd", ("{host}", "0")),
    Attack("prlimit_pid", ("{host}",)),
    Attack("ptrace_pid", ("{host}",)),
    *(
        Attack("priority", (how, "{host}"))
        for how in ("nice", "idle", "param", "io", "affinity")
    ),
]

ON_THE_KERNEL = [
    Attack("clone_parent", ("clone",)),
    Attack("clone_parent", ("clone3",)),
    Attack("int80", maybe="no 32-bit system calls here"),
    Attack("x32", maybe="no x32 system calls here"),
    Attack("io_uring", ("setup",), maybe="io_uring is off here"),
    Attack("tiocsti", maybe="dev.tty.legacy_tiocsti or no ptys here"),
    *(
        Attack("terminal", (name,), maybe="no ptys here")
        for name in ("TIOCSETD", "TIOCLINUX", "TCXONC", "TIOCSWINSZ")
    ),
    Attack("socket", ("40", "1", "0"), maybe="no vsock here"),
    Attack("ptrace_leader"),
    *(
        Attack("reach", (name,), maybe="the kernel refuses it to the user")
        for name in (
            "acct",
            "add_key",
            "adjtimex",
            "bpf",
            "chroot",
            "clock_adjtime",
            "clock_settime",
            "delete_module",
            "fanotify_init",
            "finit_module",
            "fsmount",
            "fsopen",
            "init_module",
            "ioperm",
            "iopl",
            "kcmp",
            "kexec_load",
            "keyctl",
            "migrate_pages",
            "modify_ldt",
            "mount",
            "mount_setattr",
            "move_mount",
            "move_pages",
            "name_to_handle_at",
            "open_by_handle_at",
            "open_tree",
            "perf_event_open",
            "pivot_root",
            "process_madvise",
            "process_mrelease",
            "quotactl",
            "reboot",
            "request_key",
            "setdomainname",
            "sethostname",
            "setns",
            "settimeofday",
            "swapoff",
            "swapon",
            "syslog",
            "umount2",
            "unshare",
            "userfaultfd",
        )
    ),
]


@uids
@trees
@pytest.mark.parametrize("one", ON_THE_HOST, ids=str)
def test_host_is_out_of_reach(uid: int, tree: Tree, one: Attack) -> None:
    assert_possible(one, attempt(uid, Sandbox.compat(), one))
    assert_stopped(attempt(uid, Sandbox().tree(tree), one))


@uids
@pytest.mark.parametrize("one", ON_THE_KERNEL, ids=str)
def test_kernel_is_out_of_reach(uid: int, one: Attack) -> None:
    assert_possible(one, attempt(uid, Sandbox.compat(), one))
    assert_stopped(attempt(uid, None, one))


@uids
def test_calls_that_nobody_knew_are_not_there(uid: int) -> None:
    """As in an old kernel, so that programs have a way around them.

    No kernel has this one, so there is no control; tests/c/test_seccomp.c
    has it, for what the filter itself says.
    """
    outcome = attempt(uid, None, Attack("reach", ("no call",)))
    assert outcome.get().stdout == b"no call: errno 38\n"


def at_a_terminal(uid: int, sandbox: Sandbox) -> tuple[bool, int]:
    """Whether a command can set the size of the host's terminal.

    And how many signals its host, who works there, got of that.
    """
    program = attack("terminal")

    def work() -> tuple[Output, int]:
        seen = []
        signal.signal(signal.SIGWINCH, lambda *_: seen.append(1))
        os.setsid()
        _, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        name = os.ttyname(terminal)
        output = run_here(sandbox, program, "TIOCSWINSZ", name)
        return output, len(seen)

    output, signals = in_host(uid, work).get()
    return output.stdout == b"ESCAPED\n", signals


@uids
def test_size_of_the_hosts_terminal(uid: int) -> None:
    """Where the scope of signals ends: the kernel sends this one."""
    assert at_a_terminal(uid, Sandbox.compat()) == (True, 1)
    assert at_a_terminal(uid, Sandbox()) == (False, 0)
    assert at_a_terminal(uid, Sandbox.strict().read("/dev")) == (False, 0)
    limited = Sandbox.compat().write("/tmp")
    assert at_a_terminal(uid, limited) == (False, 0)


@uids
@pytest.mark.parametrize(
    "sandbox", [Sandbox(), Sandbox().write("/dev", "/tmp")], ids=["", "write"]
)
def test_size_of_a_terminal_is_allowed_by_name(
    uid: int, sandbox: Sandbox
) -> None:
    one = Attack("terminal", ("TIOCSWINSZ",))
    assert_stopped(attempt(uid, sandbox, one))
    allowed = sandbox.allow("TIOCSWINSZ")
    outcome = attempt(uid, allowed, one)
    assert escaped(outcome), outcome
    other = Attack("terminal", ("TIOCSETD",))
    assert_stopped(attempt(uid, allowed, other))


def need_scope(tree: Tree) -> None:
    """Skip what a group cannot hold without Landlock 6, and does not claim:
    kernels/test_truth.py.
    """
    if LESSER and tree is Tree.Group:
        pytest.skip("this kernel has no host_signals, as reported")


# In the order of the table: how a signal is sent.
BY_NEWS = ["sigio", "thread", "ioctl", "notify", "lease"]
HOWS = ["kill", "tgkill", "tkill", "sigqueue", "pidfd", *BY_NEWS]


@uids
@trees
@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("how", HOWS)
def test_host_gets_no_signal(
    uid: int, tree: Tree, how: str, sig: signal.Signals
) -> None:
    need_scope(tree)
    one = Attack("signal_pid", (how, "{host}", str(int(sig))))
    control = attempt(uid, Sandbox.compat(), one)
    word = "stopped" if sig == signal.SIGSTOP else "killed"
    assert control.host == f"{word} by {int(sig)}"
    contained = attempt(uid, Sandbox().tree(tree), one)
    # Those are not refused but not sent.
    if how in BY_NEWS and contained.get().success:
        assert contained.survivors == []
    else:
        assert_stopped(contained)


@trees
@pytest.mark.parametrize(
    "how", ["group", pytest.param("all", marks=needs_root)]
)
def test_nobody_gets_a_signal(tree: Tree, how: str) -> None:
    """As a user of its own: the control kills all that its user runs."""
    need_scope(tree)
    program = attack("signal_pid")

    def work(sandbox: Sandbox) -> Callable[[], Output]:
        def run() -> Output:
            os.setpgid(0, 0)
            return run_here(sandbox, program, how, os.getpid(), 9)

        return run

    control = in_host(LONER, work(Sandbox.compat()))
    assert control.host == "killed by 9"
    contained = in_host(LONER, work(Sandbox().tree(tree)))
    # kill(-1) also reaches those inside, the sender not.
    assert contained.host == "ended"
    assert contained.survivors == []
    if how == "group":
        assert_stopped(contained)


@trees
@pytest.mark.parametrize(
    "how", ["group", pytest.param("user", marks=needs_root)]
)
def test_nobody_gets_slower(tree: Tree, how: str) -> None:
    """As a user of its own: the control slows all that its user runs."""
    program = attack("priority")

    def work(sandbox: Sandbox) -> Callable[[], int]:
        def run() -> int:
            os.setpgid(0, 0)
            run_here(sandbox, program, how, os.getpid())
            return os.getpriority(os.PRIO_PROCESS, 0)

        return run

    assert in_host(LONER, work(Sandbox.compat())).get() == 19
    assert in_host(LONER, work(Sandbox().tree(tree))).get() != 19


@uids
@pytest.mark.parametrize("how", ["setsid", "setpgid"])
def test_no_child_leaves_the_session(uid: int, how: str) -> None:
    one = Attack("leave", (how,))
    control = attempt(uid, Sandbox.compat(), one)
    assert escaped(control)
    assert control.survivors
    assert_stopped(attempt(uid, None, one))


@uids
@pytest.mark.parametrize("how", ["setsid", "setpgid"])
def test_leaving_a_namespace_leads_nowhere(uid: int, how: str) -> None:
    sandbox = Sandbox().tree(Tree.PidNamespace)
    outcome = attempt(uid, sandbox, Attack("leave", (how,)))
    assert escaped(outcome)
    assert outcome.survivors == []


@uids
@trees
def test_double_fork_ends_with_the_command(uid: int, tree: Tree) -> None:
    program = attack("double_fork")
    control = in_host(uid, lambda: run_bare(program))
    assert escaped(control)
    assert control.survivors
    outcome = in_host(uid, lambda: run_here(Sandbox().tree(tree), program))
    assert escaped(outcome), "it may fork, but not stay"
    assert outcome.survivors == []


@uids
@trees
def test_fork_bomb_ends_with_the_command(uid: int, tree: Tree) -> None:
    """128 processes, each in a session of its own if it can be."""
    one = Attack("bomb", ("7",))
    control = attempt(uid, Sandbox.compat(), one)
    assert len(control.survivors) > 1
    outcome = attempt(uid, Sandbox().tree(tree), one)
    assert outcome.get().returncode == 0
    assert outcome.survivors == []


def test_fork_bomb_is_limited() -> None:
    """The kernel counts by user, so this one has an id of its own."""
    sandbox = Sandbox().max_processes(4)
    one = Attack("bomb", ("7",))
    outcome = attempt(LONER, sandbox, one)
    assert b"fork: errno 11" in outcome.get().stdout
    assert outcome.survivors == []


@uids
@trees
def test_descriptors_do_not_come_along(uid: int, tree: Tree) -> None:
    program = attack("descriptors")

    def control() -> Output:
        with open("/dev/null") as file:
            return run_bare(program, pass_fds=[file.fileno()])

    def contained() -> Output:
        with open("/dev/null") as file:
            os.set_inheritable(file.fileno(), True)
            return run_here(Sandbox().tree(tree), program)

    assert escaped(in_host(uid, control))
    assert_stopped(in_host(uid, contained))


@needs_root
@pytest.mark.parametrize(
    "sandbox",
    [Sandbox.compat(), Sandbox(), Sandbox().tree(Tree.PidNamespace)],
    ids=["compat", "default", "namespace"],
)
def test_setuid_program_gains_nothing(sandbox: Sandbox) -> None:
    program = attack("setuid")
    with folder(0) as path:
        path.chmod(0o755)
        copy = path / "setuid"
        shutil.copyfile(program, copy)
        copy.chmod(0o4755)
        assert escaped(in_host(NOBODY, lambda: run_bare(program, copy)))
        for words in ([program, str(copy)], [str(copy)]):
            work = partial(run_here, sandbox, *words)
            assert_stopped(in_host(NOBODY, work))


@uids
def test_init_of_the_namespace_is_closed(uid: int) -> None:
    """And it is no copy of the host: root, who may trace it under compat(),
    finds nothing there that the host remembers."""
    namespace = Sandbox.compat().tree(Tree.PidNamespace)
    contained = Sandbox().tree(Tree.PidNamespace)
    for one in (
        Attack("vm_readv", ("1", "{address}")),
        Attack("init_mem", ("{address}",)),
    ):
        assert_stopped(attempt(uid, namespace, one))
        assert_stopped(attempt(uid, contained, one))

"""For each control its attack: what is claimed is held, on any kernel.

Without a sandbox the attack must get through, or it proves nothing.  With
one that accepts what the kernel lacks, the report decides: an enforced
control must have stopped it, and one that is not enforced must be missing.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from containment import (
    NOBODY,
    ROOT,
    Outcome,
    attack,
    escaped,
    folder,
    in_host,
    needs_root,
    uids,
)
from proc_jail import (
    ArgRules,
    Network,
    Output,
    ProcPolicyBuilder,
    Sandbox,
    SandboxReport,
    SandboxUnavailable,
    Tree,
)
from test_doctor import examine

pytestmark = pytest.mark.filterwarnings("ignore::proc_jail.SandboxWarning")

# All that a kernel of the matrix may lack.
LATE = (
    *("host_shield", "host_signals", "read_roots", "write_roots"),
    *("execute_roots", "metadata_lock", "network_deny", "exec_lock"),
    *("pid_namespace", "tree_totals"),
)


def build(
    sandbox: Sandbox | None, path: str, nothing: bool = False
) -> ProcPolicyBuilder:
    rules = ArgRules().max_positionals(9)
    if nothing:
        rules = rules.run_nothing()
    made = ProcPolicyBuilder().allow_bin(path).arg_rules(path, rules)
    made = made.cwd("/").timeout(30).allow_risky_binaries()
    return made if sandbox is None else made.sandbox(sandbox)


def run(
    sandbox: Sandbox | None, name: str, *args: str, nothing: bool = False
) -> Output:
    path = attack(name)
    return build(sandbox, path, nothing).build().run(path, list(args))


def loosely(sandbox: Sandbox) -> Sandbox:
    return sandbox.best_effort(*LATE)


def assert_true(
    control: str, held: bool, report: SandboxReport, what: object
) -> None:
    """Claimed, and held; or not claimed, and said so."""
    enforced = control in report.enforced
    assert enforced is (control not in report.missing), report
    assert held or not enforced, (what, report)


def refused(made: ProcPolicyBuilder) -> set[str]:
    """What must be accepted by name before anything is built."""
    try:
        made.build()
    except SandboxUnavailable as error:
        return {*(error.controls or ())}
    return set()


def accepted(report: SandboxReport) -> set[str]:
    """What is missing and had to be accepted: totals need not be."""
    return {*report.missing} - {"tree_totals"}


@dataclass(frozen=True)
class Trial:
    """An attack, the control that stops it, and where it works."""

    control: str
    words: tuple[str, ...]
    sandbox: Callable[[Path], Sandbox] = lambda _inside: Sandbox()
    nothing: bool = False

    def __str__(self) -> str:
        words = "-".join((self.control, *self.words))
        return words.translate(str.maketrans("/", ".", "{}"))


def reading(inside: Path) -> Sandbox:
    return Sandbox().read(inside, *SYSTEM)


def writing(inside: Path) -> Sandbox:
    return Sandbox().write(inside)


def executing(inside: Path) -> Sandbox:
    return Sandbox().execute(inside)


def offline(_inside: Path) -> Sandbox:
    return Sandbox().network(Network.Deny)


SYSTEM = [name for name in ("/usr", "/lib", "/lib64") if os.path.exists(name)]

TRIALS = [
    Trial("syscall_filter", ("reach", "keyctl")),
    Trial("syscall_filter", ("clone_parent", "clone")),
    Trial("syscall_filter", ("ptrace_leader",)),
    Trial("session_lock", ("leave", "setsid")),
    Trial("session_lock", ("leave", "setpgid")),
    *(
        Trial("host_shield", words)
        for words in (
            ("open_file", "read", "/proc/{host}/environ"),
            ("open_file", "read", "/proc/{host}/maps"),
            ("open_file", "dir", "/proc/{host}/cwd"),
            ("pidfd_getfd", "{host}", "0"),
            ("prlimit_pid", "{host}"),
            ("ptrace_pid", "{host}"),
        )
    ),
    Trial("network_deny", ("socket", "2", "1", "0"), offline),
    Trial("network_deny", ("socket", "1", "1", "0"), offline),
    Trial("read_roots", ("open_file", "read", "{out}/file"), reading),
    Trial("read_roots", ("open_file", "path", "{out}/file"), reading),
    Trial("read_roots", ("open_file", "dir", "{out}"), reading),
    *(
        Trial("write_roots", ("open_file", how, "{out}/file"), writing)
        for how in (
            *("write", "append", "trunc", "trunc3"),
            *("truncate", "openat2", "reopen"),
        )
    ),
    Trial("write_roots", ("open_file", "create", "{out}/made"), writing),
    Trial("write_roots", ("open_file", "tmpfile", "{out}"), writing),
    Trial("metadata_lock", ("metadata", "chmod", "{out}/file"), writing),
    Trial("metadata_lock", ("metadata", "utime", "{out}/file"), writing),
    Trial("execute_roots", ("execute", "path", "{out}/program"), executing),
    Trial("execute_roots", ("execute", "memory"), executing),
    Trial("exec_lock", ("execute_path", "path", "{out}/path"), nothing=True),
    Trial("exec_lock", ("execute_path", "memory"), nothing=True),
]


def attempt(uid: int, sandbox: Sandbox, trial: Trial) -> Outcome[Output]:
    with folder(uid) as out:
        for name, program in (
            ("program", "execute"),
            ("path", "execute_path"),
        ):
            shutil.copy(attack(program), out / name)
        (out / "file").write_text("data")
        for path in out.iterdir():
            path.chmod(0o755)
            if ROOT:
                os.chown(path, uid, uid)
        nothing = trial.nothing and sandbox is not COMPAT

        def work() -> Output:
            known = {"host": os.getpid(), "out": out}
            name, *args = [word.format(**known) for word in trial.words]
            return run(sandbox, name, *args, nothing=nothing)

        return in_host(uid, work)


COMPAT = Sandbox.compat()


@uids
@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_what_is_claimed_is_held(uid: int, trial: Trial) -> None:
    control = attempt(uid, COMPAT, trial)
    if not escaped(control):
        said = control.get().stdout_string().strip()
        pytest.skip(f"this kernel refuses it by itself: {said}")
    with folder(uid) as inside:
        sandbox = trial.sandbox(inside)
        outcome = attempt(uid, loosely(sandbox), trial)
        output = outcome.get()
        held = not escaped(outcome) and outcome.survivors == []
        assert_true(trial.control, held, output.sandbox, output)
        strictly = build(sandbox, attack("leave"), trial.nothing)
        assert accepted(output.sandbox) == refused(strictly)


SENDERS = [
    *("kill", "tgkill", "tkill", "sigqueue", "group", "pidfd"),
    *("sigio", "thread", "ioctl", "notify", "lease"),
]
SIGNALLED: dict[str, tuple[Sandbox, bool]] = {
    "Sandbox()": (Sandbox(), False),
    "run_nothing()": (Sandbox(), True),
    "PidNamespace": (Sandbox().tree(Tree.PidNamespace), False),
}


def shoot(
    uid: int, sandbox: Sandbox, how: str, nothing: bool
) -> tuple[bool, SandboxReport]:
    """Whether a signal reached a process of the host."""

    def work() -> tuple[bool, SandboxReport]:
        target = subprocess.Popen(["/bin/sleep", "99"], start_new_session=True)
        try:
            words = (how, str(target.pid), "15")
            output = run(sandbox, "signal_pid", *words, nothing=nothing)
            if not output.stdout.startswith(b"ESCAPED"):
                return False, output.sandbox
            # It may have set what sends none after all.
            os.kill(target.pid, signal.SIGKILL)
            return target.wait() == -signal.SIGTERM, output.sandbox
        finally:
            target.kill()
            target.wait()

    return in_host(uid, work).get()


@uids
@pytest.mark.parametrize("kind", SIGNALLED)
@pytest.mark.parametrize("how", SENDERS)
def test_no_signal_where_that_is_claimed(
    uid: int, how: str, kind: str
) -> None:
    sandbox, nothing = SIGNALLED[kind]
    reached, _ = shoot(uid, COMPAT, how, False)
    if not reached:
        pytest.skip("this kernel refuses it by itself")
    reached, report = shoot(uid, loosely(sandbox), how, nothing)
    assert_true("host_signals", not reached, report, how)
    # These need no signals of Landlock's for it.
    if {"exec_lock", "pid_namespace"} & {*report.enforced}:
        assert "host_signals" in report.enforced


@uids
def test_the_default_tells_what_a_named_one_refuses(uid: int) -> None:
    """It runs on every kernel, and its report is the named one's."""

    def work() -> tuple[SandboxReport, SandboxReport]:
        return (
            run(None, "open_file", "read", "/etc/passwd").sandbox,
            run(loosely(Sandbox()), "open_file", "read", "/").sandbox,
        )

    default, named = in_host(uid, work).get()
    assert default == named
    assert set(default.missing) <= {"host_shield", "host_signals"}
    assert accepted(default) == refused(build(Sandbox(), "/bin/cat"))
    assert {"no_new_privs", "syscall_filter", "session_lock"} <= {
        *default.enforced
    }


@uids
def test_the_report_is_told_before(uid: int) -> None:
    """By the policy, by the command, and with what has run."""

    def work() -> list[SandboxReport]:
        path = attack("leave")
        policy = build(None, path).build()
        (program,) = policy.programs()
        output = policy.run(path, ["setsid"])
        return [program.sandbox, output.sandbox]

    before, after = in_host(uid, work).get()
    assert (before.enforced, before.missing) == (after.enforced, after.missing)


@uids
def test_nothing_outlives_a_namespace(uid: int) -> None:
    control = in_host(uid, lambda: run(COMPAT, "leave", "setsid"))
    assert escaped(control)
    assert control.survivors
    loose = loosely(Sandbox().tree(Tree.PidNamespace))
    outcome = in_host(uid, lambda: run(loose, "leave", "setsid"))
    report = outcome.get().sandbox
    assert_true("pid_namespace", not outcome.survivors, report, outcome)


@uids
def test_the_doctor_tells_the_truth(uid: int) -> None:
    _, wrong = examine([], {}, uid)
    assert wrong == []


@needs_root
def test_no_new_privileges_and_no_capabilities() -> None:
    """A file of somebody else's that only a capability opens."""
    with folder(NOBODY) as out:
        (out / "file").write_text("data")
        os.chown(out / "file", NOBODY, NOBODY)
        (out / "file").chmod(0)
        words = ("open_file", "read", str(out / "file"))
        assert escaped(in_host(0, lambda: run(COMPAT, *words)))
        strict = Sandbox.strict().read("/").execute("/")
        outcome = in_host(0, lambda: run(loosely(strict), *words))
        report = outcome.get().sandbox
        assert_true("no_capabilities", not escaped(outcome), report, words)
        assert "no_capabilities" in report.enforced

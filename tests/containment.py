"""Hosts that run an attack: forked, of a user's own, and looked after.

An attack may stop or kill its host, and what gets away becomes a child of
it.  So none runs in the test process: each has a host of its own, whose end
the test process waits for.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from conftest import LESSER, children, once
from proc_jail import (
    ArgRules,
    Output,
    ProcPolicy,
    ProcPolicyBuilder,
    Sandbox,
    SandboxReport,
    SandboxUnavailable,
)
from proc_jail._core import _output

T = TypeVar("T")

ATTACKS = Path(__file__).parent / "attacks"
ROOT = os.geteuid() == 0
NOBODY = 65534
# A user who has no processes but those of the test.
LONER = 64321 if ROOT else os.geteuid()
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36

# The loader of the programs here, which runs any file that it can read.
LOADERS = (
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
)

uids = pytest.mark.parametrize(
    "uid",
    [
        pytest.param(
            0, marks=pytest.mark.skipif(not ROOT, reason="needs root")
        ),
        NOBODY if ROOT else os.geteuid(),
    ],
)
needs_root = pytest.mark.skipif(not ROOT, reason="needs root")


# What gets through on a kernel that has no such control.
FILES = {"execute", "execute_path", "open_file", "proc_mem", "tree"}
LETS_THROUGH = {
    "read_roots": FILES,
    "write_roots": FILES,
    "execute_roots": FILES,
    "exec_lock": {"execute_path", "rows", "sh"},
    "host_signals": {"signal_pid"},
    "host_shield": {"kernel_file", "open_file", "proc_mem"},
}


@dataclass
class Outcome(Generic[T]):
    """What became of a host and of what it ran."""

    value: T | None = None
    error: BaseException | None = None
    host: str = "ended"
    survivors: list[str] = field(default_factory=list)

    def get(self) -> T:
        """The value that the host's work returned, or its error."""
        if self.error is not None:
            raise self.error
        assert self.host == "ended", self.host
        assert self.value is not None
        return self.value


def sweep(known: dict[int, str] | None = None) -> list[str]:
    """Kill and reap the children that are not known; name the live ones."""
    alive = []
    while left := children().keys() - (known or {}).keys():
        states = children()
        for pid in left:
            text = states.get(pid, "Z")
            if not text.startswith("Z"):
                alive.append(text)
                os.kill(pid, signal.SIGKILL)
        # Only now: what is traced cannot be reaped before its tracer ends.
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
    return alive


def become(uid: int) -> None:
    """Take the ids of a user, and stay readable for him as any process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    assert libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    signal.alarm(60)


def _work(uid: int, work: Callable[[], T], fd: int) -> None:
    outcome: Outcome[T] = Outcome()
    try:
        become(uid)
        outcome.value = work()
    except BaseException as error:
        outcome.error = error
    outcome.survivors = sweep()
    with open(fd, "wb", closefd=False) as file:
        pickle.dump(outcome, file)


def in_host(uid: int, work: Callable[[], T]) -> Outcome[T]:
    """Do the work in a forked host of this user, and clean up after it."""
    _built()
    known = children()
    fd = os.memfd_create("outcome")
    pid = os.fork()
    if pid == 0:
        try:
            _work(uid, work, fd)
        finally:
            os._exit(0)
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
    assert end is not None
    stopped = end.si_code == os.CLD_STOPPED
    if stopped:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    adopted = sweep(known)
    with open(fd, "rb") as file:
        file.seek(0)
        data = file.read()
    if data:
        outcome: Outcome[T] = pickle.loads(data)
    else:
        how = "stopped" if stopped else "killed"
        outcome = Outcome(host=f"{how} by {end.si_status}")
    outcome.survivors += adopted
    return outcome


def run_here(
    sandbox: Sandbox | None,
    program: str,
    *args: object,
    flags: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    cwd: str | Path = "/tmp",
    timeout: float = 30,
) -> Output:
    """Run a program in this process; None is the default sandbox."""
    rules = ArgRules().max_positionals(100)
    if flags:
        rules = rules.allowed_flags(list(flags)).max_flags(20)
    builder = (
        ProcPolicyBuilder()
        .allow_bin(program)
        .arg_rules(program, rules)
        .allow_risky_binaries()
        .env_fixed({"PATH": "/usr/bin:/bin", "LC_ALL": "C", **(env or {})})
        .cwd(cwd)
        .timeout(timeout)
    )
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    return build(builder, sandbox).run(program, [text_of(arg) for arg in args])


def build(builder: ProcPolicyBuilder, sandbox: Sandbox | None) -> ProcPolicy:
    """The policy; on a lesser kernel, with as much as that can hold."""
    try:
        return builder.build()
    except SandboxUnavailable as error:
        if not LESSER:
            raise
        loose = (sandbox or Sandbox()).best_effort(*(error.controls or ()))
        return build(builder.sandbox(loose), loose)


def text_of(arg: object) -> str:
    """An argument; enums of numbers are numbers, before Python 3.11 too."""
    return str(int(arg)) if isinstance(arg, int) else str(arg)


def run_bare(program: str, *args: object, **more: Any) -> Output:
    """Run a program as subprocess does, with no protection at all."""
    command = [program, *map(text_of, args)]
    done = subprocess.run(command, capture_output=True, check=False, **more)
    report = SandboxReport((), (), 0)
    out, err = done.stdout, done.stderr
    return _output(
        command,
        out,
        err,
        done.returncode,
        0.0,
        report,
        len(out),
        len(err),
    )


def escaped(outcome: Outcome[Output]) -> bool:
    """Whether an attack says that it got through."""
    return outcome.get().stdout == b"ESCAPED\n"


def assert_stopped(outcome: Outcome[Output]) -> None:
    """The attack failed, the host lives, and nothing is left of it.

    Or the kernel is a lesser one, and the report says that the control
    which would have stopped it is missing.
    """
    output = outcome.get()
    if LESSER and escaped(outcome):
        name = Path(output.args[0]).name
        for control in output.sandbox.missing:
            if name in LETS_THROUGH.get(control, ()):
                pytest.skip(f"this kernel has no {control}, as reported")
    assert b"ESCAPED" not in output.stdout, output.stdout
    # 127 is the loader's way to say that it cannot read a program.
    assert output.returncode in (1, 127) or output.signal, output.stderr
    assert outcome.survivors == []


def loader() -> str:
    """The dynamic loader of this system."""
    return next(path for path in LOADERS if os.path.exists(path))


@contextmanager
def folder(uid: int) -> Iterator[Path]:
    """A directory of this user's that he can reach, unlike pytest's."""
    path = Path(tempfile.mkdtemp(prefix="field-"))
    try:
        if ROOT:
            os.chown(path, uid, uid)
        yield path
    finally:
        shutil.rmtree(path)


def _compile(place: Path) -> None:
    """Compile all of tests/attacks."""
    place.mkdir()
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
    running = [
        subprocess.Popen(["cc", *flags, "-o", place / file.stem, file, "-lrt"])
        for file in sorted(ATTACKS.glob("*.c"))
    ]
    assert all(one.wait() == 0 for one in running)


@cache
def _built() -> Path:
    """The attacks, in a place that everybody can reach."""
    return once("attacks", _compile)


def attack(name: str) -> str:
    """The path of a compiled program of tests/attacks."""
    return str(_built() / name)

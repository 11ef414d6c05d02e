"""Fixtures: a clean host after every test, policies, and helper programs."""

from __future__ import annotations

import ctypes
import fcntl
import gc
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proc_jail import (
    ArgRules,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Violation,
    _core,
)

HELPERS = Path(__file__).parent / "helpers"
LINUX = sys.platform.startswith("linux")
PR_SET_CHILD_SUBREAPER = 36
# Children of every kind, those too that end without a signal.
WALL = 0x40000000

# A shell starts its background jobs with Ctrl-C ignored, which all that the
# tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The kernel rules are Linux's; the portable build has none to test.
if os.environ.get("PJ_PORTABLE") == "1" or not LINUX:
    collect_ignore_glob = [
        "kernels/*",
        "test_containment*",
        "test_sandbox*",
        "test_tool_reach*",
        "test_totals*",
    ]


def landlock_abi() -> int:
    """What the kernel itself answers; 0 if it refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(444, None, 0, 1))) if LINUX else 0


# Where the kernel cannot hold all that the default asks for.
LESSER = landlock_abi() < 6
whole_kernel = pytest.mark.skipif(
    LESSER, reason="what a lesser kernel holds is in kernels/test_truth.py"
)
needs_landlock = pytest.mark.skipif(
    landlock_abi() == 0, reason="nothing hides the kernel's files here"
)
REFUSAL = re.compile(
    r"SandboxUnavailable: sandbox c(ontrols? not available: .*Landlock|\.\.\.)"
)

# All that is tried at random or many times over, or a tenth of it, which is
# always the same.
WHOLE = os.environ.get("PJ_WHOLE") == "1"


def share(whole: int) -> int:
    """How much of so much is tried."""
    return whole if WHOLE else whole // 10


# Names the folder that all workers of a run have in common.
COMMON = "PJ_TEST_COMMON"


def pytest_configure(config: pytest.Config) -> None:
    """Make what workers share; expect warnings where rules are lacking."""
    if COMMON not in os.environ:
        folder = tempfile.mkdtemp(prefix="proc-jail-")
        os.chmod(folder, 0o755)  # tests become other users
        os.environ[COMMON] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    if os.environ.get("PJ_PORTABLE") == "1" or LESSER:
        config.addinivalue_line(
            "filterwarnings", "ignore::proc_jail.SandboxWarning"
        )
        # And those of the interpreters that tests start.
        os.environ["PYTHONWARNINGS"] = "ignore:sandbox control"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    """On a lesser kernel, a named sandbox that is refused is no failure.

    What is refused there, and what not, is compared in kernels/.
    """
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if not LESSER or not report.failed or "kernels" in item.path.parts[-2:]:
        return
    if REFUSAL.search(report.longreprtext):
        assert call.excinfo is not None
        # They would keep what the test had open.
        traceback.clear_frames(call.excinfo.tb)
        for frame, _ in traceback.walk_tb(call.excinfo.tb):
            _ = frame.f_locals  # a copy before CPython 3.13, made anew
        place = str(item.path), None, "this kernel cannot hold it, and says so"
        report.outcome, report.longrepr = "skipped", place


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers for each processor, since most tests wait for processes.

    Tests and files that are named run in this process: they are over before
    workers have started.
    """
    start = config.invocation_params.dir
    if not all((start / name).is_dir() for name in config.args):
        return 0
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def _adopt_orphans() -> None:
    """Make this process the parent of whatever a command leaves behind.

    Without it an orphan would become a child of init, where no test looks.
    """
    if LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def has_children() -> bool:
    """Whether there is any child, running or a zombie: one system call."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        os.waitid(os.P_ALL, 0, options | WALL)
    except ChildProcessError:
        return False
    return True


def children() -> dict[int, str]:
    """Every child of this process, zombies too, with its state and name."""
    found: dict[int, str] = {}
    if not has_children():
        return found
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text(errors="replace")
        except OSError:
            continue
        name, _, rest = stat.rpartition(")")
        state, parent = rest.split()[:2]
        if int(parent) == os.getpid():
            found[int(entry.name)] = f"{state} {name.partition('(')[2]}"
    return found


def descriptors() -> dict[int, str]:
    """Every open descriptor of this process and what it leads to."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # the listing's own
    return found


def bury(seconds: float = 10) -> None:
    """Wait for what the tools of a fixture left running, and take it.

    localedef waits for none of its gzips, so they become children of ours.
    """
    end = time.monotonic() + seconds
    while has_children():
        pid, _ = os.waitpid(-1, os.WNOHANG | WALL)
        if pid == 0:
            assert time.monotonic() < end, f"left by a fixture: {children()}"
            time.sleep(0.002)


@pytest.fixture(autouse=True)
def host_is_clean(_adopt_orphans: None) -> Iterator[None]:
    """Fail the test that leaves a process, descriptor or thread behind."""
    if not LINUX:
        yield
        return
    gc.collect()
    # What lives on, thousands of waiting tests and the modules of other
    # packages, is left out of later collections: they would be most of the
    # time of every test.
    gc.freeze()
    bury()
    before = descriptors()
    threads = threading.active_count()
    umask = os.umask(0o022)
    os.umask(umask)
    cwd = os.getcwd()
    yield
    gc.collect()
    left = children()
    assert not left, f"processes left behind: {left}"
    after = descriptors()
    opened = {k: v for k, v in after.items() if before.get(k) != v}
    assert not opened, f"descriptors left open: {opened}"
    assert threading.active_count() == threads
    assert os.getcwd() == cwd
    now = os.umask(umask)
    assert now == umask


def program(name: str) -> str:
    """The path of an installed program, or skip the test."""
    path = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def policy_for(
    path: str,
    rules: ArgRules | None = None,
    *changes: Callable[[ProcPolicyBuilder], ProcPolicyBuilder],
) -> ProcPolicy:
    """A policy for one program; by default any 100 positionals."""
    builder = ProcPolicyBuilder().allow_bin(path)
    builder = builder.arg_rules(path, rules or ArgRules().max_positionals(100))
    for change in changes:
        builder = change(builder)
    return builder.build()


def shell(
    *changes: Callable[[ProcPolicyBuilder], ProcPolicyBuilder],
) -> ProcPolicy:
    """A policy for `sh -c SCRIPT ARGS...`, to make process trees with."""
    rules = ArgRules().allowed_flags(["-c"]).max_flags(1).max_positionals(20)
    return policy_for(
        "/bin/sh",
        rules,
        ProcPolicyBuilder.allow_risky_binaries,
        lambda b: b.env_fixed({"PATH": "/usr/bin:/bin"}),
        *changes,
    )


# A helper program's path by its name: see the fixture `helper`.
Build = Callable[[str], str]


def pattern(size: int) -> bytes:
    """The bytes that the helper `emit` writes."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def once(name: str, make: Callable[[Path], object]) -> Path:
    """A file or folder that one worker makes for all: whole, or not there."""
    folder = Path(os.environ[COMMON])
    target = folder / name
    if target.exists():
        return target
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            part = folder / f"{name}.part"
            make(part)
            part.rename(target)
    return target


def compiled(name: str, *sources: Path, shared: bool = False) -> str:
    """The path of what C sources compile to: a program, or a library."""
    command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
    command += ["-shared", "-fPIC"] if shared else []
    end = [*map(str, sources), "-lpthread", "-ldl"]

    def build(target: Path) -> None:
        subprocess.run([*command, "-o", target, *end], check=True)

    return str(once(name, build))


@pytest.fixture(scope="session")
def helper() -> Build:
    """Compile tests/helpers/NAME.c, once, and return the program's path."""
    return lambda name: compiled(name, HELPERS / f"{name}.c")


class Tool:
    """A harmless program under a name, so that the name's table applies."""

    def __init__(self, path: str) -> None:
        self.path = path

    def prepare(self, rules: ArgRules, argv: list[str]) -> PreparedCommand:
        policy = policy_for(self.path, rules)
        return policy.prepare(ProcRequest(self.path, argv))

    def apply(self, rules: ArgRules, argv: list[str]) -> list[str]:
        """What would be executed."""
        return self.prepare(rules, argv).argv

    def refuse(self, rules: ArgRules, argv: list[str]) -> Violation:
        """Why it would not."""
        policy = policy_for(self.path, rules)
        found = policy.check(ProcRequest(self.path, argv))
        assert found is not None, argv
        return found


def marks_of(maker: str | None) -> bytes:
    """What tells that a file is of a maker; nothing for None."""
    text = (HELPERS.parents[1] / "csrc/programs/makers.def").read_text()
    named = dict(re.findall(r'^PJ_MAKER\((\w+), "(.*)"\)', text, re.M))
    marks = re.findall(r'^PJ_MARK\((\w+), "(.*)"\)', text, re.M)
    mine = [mark for key, mark in marks if named[key] == maker]
    return b"" if maker is None else f"\0{mine[0]}\0".encode()


def made(target: Path, maker: str | None) -> Path:
    """A harmless program that has the mark of a maker."""
    target.parent.mkdir(parents=True, exist_ok=True)
    harmless = Path(program("true")).read_bytes()
    own = marks_of("GNU").strip(b"\0")
    # What is behind the end of an executable file is not loaded.
    target.write_bytes(
        harmless.replace(own, b" " * len(own)) + marks_of(maker)
    )
    target.chmod(0o755)
    return target


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Tool]:
    """Tools by the name or the id of a table, which they have."""
    folder = tmp_path_factory.mktemp("tools")

    def make(name: str) -> Tool:
        table = _core._program(name)
        maker, target = None, folder / name
        if table is not None:
            maker = table["maker"]
        if table is not None and name.partition("_")[0] != "git":
            called = table["called"] if "_" in name else name
            target = folder / str(maker) / called
        if not target.exists():
            made(target, maker)
        return Tool(str(target))

    return make

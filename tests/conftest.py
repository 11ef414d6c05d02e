"""Fixtures: a clean host after every test, policies, and helper programs."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
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
)

HELPERS = Path(__file__).parent / "helpers"
LINUX = sys.platform.startswith("linux")
PR_SET_CHILD_SUBREAPER = 36

# A shell starts its background jobs with Ctrl-C ignored, which all that the
# tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The kernel rules are Linux's; the portable build has none to test.
if os.environ.get("PJ_PORTABLE") == "1" or not LINUX:
    collect_ignore_glob = [
        "test_containment*",
        "test_sandbox*",
        "test_tool_reach*",
        "test_totals*",
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Where there are no kernel rules every policy would tell of it."""
    if os.environ.get("PJ_PORTABLE") == "1" or not LINUX:
        config.addinivalue_line(
            "filterwarnings", "ignore::proc_jail.SandboxWarning"
        )
        # And those of the interpreters that tests start.
        os.environ["PYTHONWARNINGS"] = "ignore:sandbox control"


@pytest.fixture(scope="session", autouse=True)
def _adopt_orphans() -> None:
    """Make this process the parent of whatever a command leaves behind.

    Without it an orphan would become a child of init, where no test looks.
    """
    if LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def children() -> dict[int, str]:
    """Every child of this process, zombies too, with its state and name."""
    found = {}
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
    before = descriptors()
    processes = children()
    threads = threading.active_count()
    umask = os.umask(0o022)
    os.umask(umask)
    cwd = os.getcwd()
    yield
    gc.collect()
    left = {k: v for k, v in children().items() if k not in processes}
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


@pytest.fixture(scope="session")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Compile tests/helpers/NAME.c, once, and return the program's path."""
    folder = tmp_path_factory.mktemp("helpers")

    def build(name: str) -> str:
        target = folder / name
        if not target.exists():
            subprocess.run(
                [
                    "cc",
                    "-O1",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-D_GNU_SOURCE",
                    "-o",
                    target,
                    HELPERS / f"{name}.c",
                    "-lpthread",
                ],
                check=True,
            )
        return str(target)

    return build


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


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Tool]:
    """Tools by name, copies of `true`."""
    folder = tmp_path_factory.mktemp("tools")

    def make(name: str) -> Tool:
        target = folder / name
        if not target.exists():
            shutil.copy(program("true"), target)
        return Tool(str(target))

    return make

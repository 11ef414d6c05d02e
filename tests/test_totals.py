"""Totals of a whole tree, in a cgroup that this test makes as root."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import bury, landlock_abi, policy_for
from proc_jail import ProcPolicyBuilder, Sandbox

MOUNTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
WANTED = {"memory", "pids"}


def mount() -> Path | None:
    for place in MOUNTS:
        controllers = place / "cgroup.controllers"
        if (
            controllers.exists()
            and set(controllers.read_text().split()) >= WANTED
        ):
            return place
    return None


@pytest.fixture
def delegated() -> Iterator[Path]:
    """A cgroup with both controllers, and a leaf for the host in it."""
    root = mount()
    if root is None or os.geteuid() != 0:
        pytest.skip("needs root and cgroup v2 with memory and pids")
    parent = root / f"proc_jail_test.{os.getpid()}"
    try:
        (root / "cgroup.subtree_control").write_text("+memory +pids")
        parent.mkdir()
        (parent / "cgroup.subtree_control").write_text("+memory +pids")
        (parent / "host").mkdir()
    except OSError as error:
        pytest.skip(f"this system lets nobody make cgroups: {error}")
    yield parent
    bury()  # what was killed with the cgroup
    assert list(parent.glob("proc_jail.*")) == []
    (parent / "host").rmdir()
    parent.rmdir()


HOST = """
import sys
with open(sys.argv[1] + "/host/cgroup.procs", "w") as procs:
    procs.write("0")
from proc_jail import *
rules = ArgRules().allowed_flags(["-c"]).max_flags(1).max_positionals(1)
builder = ProcPolicyBuilder().allow_bin("/bin/sh").arg_rules("/bin/sh", rules)
builder = builder.allow_risky_binaries().timeout(20)
builder = builder.sandbox({sandbox})
output = builder.build().run("/bin/sh", ["-c", {script!r}])
assert "tree_totals" in output.sandbox.enforced, output.sandbox
print(output.returncode, output.stderr_string(), output.sandbox.missing)
"""
LOOSE = 'Sandbox().best_effort("host_shield", "host_signals")'


def run_in(cgroup: Path, sandbox: str, script: str) -> str:
    host = HOST.format(sandbox=sandbox, script=script)
    return subprocess.run(
        [sys.executable, "-c", host, str(cgroup)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_processes_of_the_tree_are_counted(delegated: Path) -> None:
    script = "for i in 1 2 3 4 5 6 7 8; do /bin/cat /dev/zero & done; wait"
    told = run_in(delegated, f"{LOOSE}.max_processes(4)", script)
    assert "fork" in told.lower()


def test_memory_of_the_tree_is_summed(delegated: Path) -> None:
    grow = "head -c 60000000 /dev/zero | tail -c 60000000 >/dev/null"
    script = f"{grow} & a=$!; {grow} & wait $a && wait $! && echo both"
    whole = run_in(delegated, f"{LOOSE}.max_memory(400 * 2**20)", script)
    assert whole.startswith("0")
    told = run_in(delegated, f"{LOOSE}.max_memory(80 * 2**20)", script)
    assert not told.startswith("0")


def test_what_totals_lean_on_is_told(delegated: Path) -> None:
    """Who can write to cgroups leaves them; that is no reason to refuse."""
    told = run_in(delegated, "Sandbox.compat().max_processes(100)", "true")
    assert told.startswith("0")
    assert ("host_shield" in told) is (landlock_abi() == 0)


def test_without_a_cgroup_it_is_told() -> None:
    def limited(builder: ProcPolicyBuilder) -> ProcPolicyBuilder:
        return builder.sandbox(Sandbox().max_processes(10000))

    report = policy_for("/bin/true", None, limited).run("/bin/true").sandbox
    told = set(report.enforced) | set(report.missing)
    assert "max_processes" in report.enforced
    assert "tree_totals" in told

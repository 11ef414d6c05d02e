"""Kernels that lack something: refused, or told, and never passed over.

A filter in front of a host of its own answers for the kernel.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import whole_kernel
from containment import attack

PRELUDE = """
import os
from conftest import policy_for, shell
from containment import run_here
from proc_jail import *

def refused(sandbox, control, needs):
    builder = (
        ProcPolicyBuilder()
        .allow_bin("/bin/cat")
        .arg_rules("/bin/cat", ArgRules().max_positionals(1))
    )
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    try:
        builder.build()
    except SandboxUnavailable as error:
        assert error.code == "SandboxUnavailable"
        assert error.control == control, error.control
        assert needs in error.needs, error.needs
        assert "Linux" in error.found, error.found
        assert control in str(error) and "best_effort" in str(error)
        print("refused", error.found)
    else:
        raise AssertionError("it was built")
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    raise AssertionError("there was a child")

def runs(sandbox):
    return run_here(sandbox, "/bin/cat", "/proc/self/status")
"""


def run(lacking: str, code: str) -> str:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [attack("without"), lacking, sys.executable, "-c", PRELUDE + code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout


DEFAULTS = [
    ("landlock", "Sandbox()", "host_shield", "Landlock"),
    ("landlock", "Sandbox.strict()", "host_shield", "Landlock"),
    ("seccomp", "None", "syscall_filter", "seccomp"),
    ("seccomp", "Sandbox.strict()", "syscall_filter", "seccomp"),
    (
        "seccomp",
        "Sandbox.compat().network(Network.Deny)",
        "network_deny",
        "seccomp",
    ),
    (
        # The host's memory would be a way round.
        "landlock",
        "Sandbox.compat().network(Network.Deny)",
        "host_shield",
        "Landlock",
    ),
    ("landlock", "Sandbox.compat().read('/etc')", "read_roots", "Landlock"),
    ("landlock", "Sandbox.compat().write('/tmp')", "write_roots", "Landlock"),
    (
        "landlock",
        "Sandbox.compat().execute('/bin')",
        "read_roots",
        "Landlock",
    ),
    (
        "namespaces",
        "Sandbox().tree(Tree.PidNamespace)",
        "pid_namespace",
        "namespaces",
    ),
]


@whole_kernel
@pytest.mark.parametrize(("lacking", "sandbox", "control", "needs"), DEFAULTS)
def test_what_is_required_is_refused(
    lacking: str, sandbox: str, control: str, needs: str
) -> None:
    """Before any process is made: one that were would kill this host."""
    lacking = lacking if lacking == "namespaces" else f"{lacking},clone"
    out = run(lacking, f"refused({sandbox}, {control!r}, {needs!r})")
    assert out.startswith("refused Linux")


def test_found_tells_what_is_there() -> None:
    out = run(
        "landlock,clone", "refused(Sandbox(), 'host_shield', 'Landlock')"
    )
    assert "Landlock ABI 0 (ENOSYS: not in this kernel)" in out
    assert "seccomp yes" in out
    out = run("seccomp,clone", "refused(None, 'syscall_filter', 'seccomp')")
    assert "seccomp no" in out


def test_best_effort_runs_and_tells() -> None:
    out = run(
        "landlock",
        """
output = runs(Sandbox().best_effort("host_shield", "host_signals"))
assert output.success
report = output.sandbox
print(report.missing, report.landlock_abi)
assert "syscall_filter" in report.enforced
assert "host_shield" not in report.enforced
assert "Seccomp:\\t2" in output.stdout_string()
""",
    )
    assert out == "('host_shield', 'host_signals') 0\n"


def test_best_effort_covers_what_it_names_only() -> None:
    run(
        "landlock,clone",
        """
refused(Sandbox().best_effort("host_shield"), "host_signals", "ABI 6")
refused(
    Sandbox().best_effort("host_shield", "host_signals").read("/etc"),
    "read_roots",
    "Landlock",
)
""",
    )


@whole_kernel
def test_best_effort_without_filters() -> None:
    out = run(
        "seccomp",
        """
names = "syscall_filter", "session_lock", "network_deny"
output = runs(Sandbox().network(Network.Deny).best_effort(*names))
assert output.success
print(output.sandbox.missing)
assert "host_shield" in output.sandbox.enforced
""",
    )
    assert out == "('syscall_filter', 'session_lock', 'network_deny')\n"


@whole_kernel
def test_best_effort_without_namespaces() -> None:
    out = run(
        "namespaces",
        """
sandbox = Sandbox().tree(Tree.PidNamespace).best_effort("pid_namespace")
output = runs(sandbox)
assert output.success
print(output.sandbox.missing)
print("session_lock" in output.sandbox.enforced)
""",
    )
    # Without the namespace the session has to be locked again.
    assert out == "('pid_namespace',)\nTrue\n"


def test_compat_needs_nothing_of_it() -> None:
    out = run(
        "landlock,seccomp,namespaces",
        "print(runs(Sandbox.compat()).success)",
    )
    assert out == "True\n"


def test_requests_have_no_say() -> None:
    """There is no field, and no variable, that takes a control away."""
    out = run(
        "landlock,clone",
        """
os.environ["PROC_JAIL_SANDBOX"] = "off"
fields = [name for name in dir(ProcRequest) if not name.startswith("_")]
print(fields)
refused(Sandbox(), "host_shield", "Landlock")
""",
    )
    fields = out.partition("\n")[0]
    known = "argv bin cwd env stdin with_cwd with_env with_env_var with_stdin"
    assert fields == str(known.split())

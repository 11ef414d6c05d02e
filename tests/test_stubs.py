"""The stubs say what the module does, and typed programs check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

PROGRAM = """
import os
from datetime import timedelta
from pathlib import Path

import proc_jail
from proc_jail import (
    ArgRules,
    BinRiskyDenied,
    InjectDoubleDash,
    Int,
    Output,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    RiskCategory,
    RiskyBinPolicy,
    StoppedError,
    Timeout,
    Violation,
    risk_of,
)

rules: ArgRules = (
    ArgRules()
    .subcommand("log")
    .allowed_flags(["-n", b"-i"])
    .max_flags(2)
    .max_positionals(3)
    .inject_double_dash()
    .inject_double_dash(InjectDoubleDash.Never)
)
policy: ProcPolicy = (
    ProcPolicyBuilder()
    .allow_bin("/bin/echo")
    .allow_bin(Path("/bin/cat"))
    .arg_rules(b"/bin/echo", rules)
    .risky_bin_policy(RiskyBinPolicy.AllowWithWarning)
    .env_fixed({"A": "1"})
    .env_fixed({b"A": Path("/x")})
    .env_allowlist({"A", "B"})
    .cwd_jailed("/srv", default=None)
    .cwd_allowlist(("/a", Path("/b")), "/a")
    .timeout(2.5)
    .timeout(timedelta(seconds=1))
    .timeout_secs(5)
    .max_stdout(1024)
    .build()
)
request = ProcRequest("/bin/echo", ["a"], env={"A": "1"}, cwd=Path("/"))
request = request.with_env_var("B", "2").with_cwd("/").with_env(os.environ)


def use() -> str:
    refused: Violation | None = policy.check(request)
    if refused is not None and refused.code == "BinNotFound":
        return refused.path or ""
    command: PreparedCommand = policy.prepare(request)
    command = command.wrap_with("/usr/bin/nice", ["-n", "5"])
    try:
        output: Output = command.spawn_sync().check()
    except Timeout as error:
        return f"{error.limit} {len(error.stdout)}"
    except StoppedError as error:
        return str(error.argv)
    except BinRiskyDenied as error:
        category: RiskCategory | None = error.category
        return str(category)
    status: int | None = output.exit_code
    size: int = len(policy.run("/bin/echo").stdout)
    risk: RiskCategory | None = risk_of("/bin/sh")
    return f"{output.stdout_string()} {status} {size} {risk}"


version: str = proc_jail.__version__
"""

MISUSES = [
    'ProcRequest("/x")',
    'ProcRequest("/x", [1])',
    'ProcRequest("/x", [], {"A": 1})',
    'ArgRules().inject_double_dash("AfterFlags")',
    'ArgRules().max_flags("1")',
    "ArgRules().max_flags(1.5)",
    'ArgRules().option("-m")',
    "ArgRules().option(Int(1))",
    'ProcPolicyBuilder().timeout("5")',
    'ProcPolicyBuilder().risky_bin_policy("Disabled")',
    "ProcPolicyBuilder().risky_bin_policy(InjectDoubleDash.Never)",
    "ProcPolicyBuilder().env_allowlist(None)",
    "policy.run()",
    'policy.prepare("/x")',
    'request.bin = "/y"',
    "class Mine(ProcPolicy): ...",
    "x: int = request.cwd",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where mypy keeps what it knows of the library and of Python."""
    return tmp_path_factory.mktemp("typed")


def mypy(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_typed_program_checks(folder: Path) -> None:
    (folder / "user.py").write_text(PROGRAM)
    result = mypy(folder, "user.py")
    assert result.returncode == 0, result.stdout + result.stderr


def test_misuse_is_seen(folder: Path) -> None:
    """Each line alone is an error, and nothing else is."""
    head = PROGRAM.count("\n") + 1
    (folder / "misuse.py").write_text(PROGRAM + "\n".join(MISUSES) + "\n")
    result = mypy(folder, "--no-error-summary", "misuse.py")
    lines = {
        int(line.split(":")[1])
        for line in result.stdout.splitlines()
        if ": error:" in line
    }
    assert lines == set(range(head, head + len(MISUSES))), result.stdout

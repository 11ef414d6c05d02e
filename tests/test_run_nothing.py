"""run_nothing, where there is a kernel to hold it and where there is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import policy_for, program
from hosts import PORTABLE, on_linux
from proc_jail import (
    ArgRules,
    ProcPolicyBuilder,
    Sandbox,
    SandboxUnavailable,
)

NOTHING = ArgRules().max_positionals(9).run_nothing()
LOOSE = Sandbox.compat().best_effort("exec_lock")

elsewhere = pytest.mark.skipif(not PORTABLE, reason="there is a kernel")


def git(tmp_path: Path) -> ProcPolicyBuilder:
    path = program("git")
    builder = ProcPolicyBuilder().profile("git", read=[tmp_path], path=path)
    return builder.cwd(tmp_path)


@elsewhere
def test_what_cannot_be_held_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match=r'best_effort\("exec_lock"'):
        policy_for(program("cat"), NOTHING)
    with pytest.raises(SandboxUnavailable, match=r'best_effort\("exec_lock"'):
        git(tmp_path).build()


@on_linux
def test_what_can_be_held_is(tmp_path: Path) -> None:
    policy_for(program("cat"), NOTHING)
    policy = git(tmp_path).build()
    output = policy.run(program("git"), ["rev-parse", "--git-dir"])
    assert "exec_lock" in output.sandbox.enforced


def test_its_absence_can_be_accepted(tmp_path: Path) -> None:
    cat = program("cat")
    policy = policy_for(cat, NOTHING, lambda b: b.sandbox(LOOSE))
    report = policy.run(cat, []).sandbox
    assert ("exec_lock" in report.enforced) is not PORTABLE
    assert ("exec_lock" in report.missing) is PORTABLE
    git(tmp_path).sandbox(LOOSE).build()


def test_other_profiles_hold_by_their_options(tmp_path: Path) -> None:
    """The kernel is their second line, and left out where there is none."""
    (tmp_path / "a").write_text("a\n")
    grep = program("grep")
    builder = ProcPolicyBuilder().profile("grep", read=[tmp_path], path=grep)
    output = builder.cwd(tmp_path).build().run(grep, ["a", "a"])
    assert output.stdout == b"a\n"
    assert ("exec_lock" in output.sandbox.enforced) is not PORTABLE

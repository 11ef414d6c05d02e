"""run_nothing, where there is a kernel to hold it and where there is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import landlock_abi, policy_for, program
from hosts import PORTABLE
from proc_jail import (
    ArgRules,
    ProcPolicyBuilder,
    Sandbox,
    SandboxUnavailable,
)

NOTHING = ArgRules().max_positionals(9).run_nothing()
NAMED = r'best_effort\(.*"exec_lock"'
LOOSE = Sandbox.compat().best_effort("exec_lock")

# Landlock holds what is executed; a filter alone sees no file.
UNLOCKED = PORTABLE or landlock_abi() == 0
unlocked = pytest.mark.skipif(not UNLOCKED, reason="the kernel holds it")
locked = pytest.mark.skipif(UNLOCKED, reason="no kernel holds it")


def git(tmp_path: Path) -> ProcPolicyBuilder:
    path = program("git")
    builder = ProcPolicyBuilder().profile("git", read=[tmp_path], path=path)
    return builder.cwd(tmp_path)


@unlocked
def test_what_cannot_be_held_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match=NAMED):
        policy_for(program("cat"), NOTHING)
    with pytest.raises(SandboxUnavailable, match=NAMED):
        git(tmp_path).build()


@locked
def test_what_can_be_held_is(tmp_path: Path) -> None:
    policy_for(program("cat"), NOTHING)
    policy = git(tmp_path).build()
    output = policy.run(program("git"), ["rev-parse", "--git-dir"])
    assert "exec_lock" in output.sandbox.enforced


def test_its_absence_can_be_accepted(tmp_path: Path) -> None:
    cat = program("cat")
    policy = policy_for(cat, NOTHING, lambda b: b.sandbox(LOOSE))
    report = policy.run(cat, []).sandbox
    assert ("exec_lock" in report.enforced) is not UNLOCKED
    assert ("exec_lock" in report.missing) is UNLOCKED
    git(tmp_path).sandbox(LOOSE).build()


def test_other_profiles_hold_by_their_options(tmp_path: Path) -> None:
    """The kernel is their second line, and left out where there is none."""
    (tmp_path / "a").write_text("a\n")
    grep = program("grep")
    builder = ProcPolicyBuilder().profile("grep", read=[tmp_path], path=grep)
    output = builder.cwd(tmp_path).build().run(grep, ["a", "a"])
    assert output.stdout == b"a\n"
    assert ("exec_lock" in output.sandbox.enforced) is not UNLOCKED

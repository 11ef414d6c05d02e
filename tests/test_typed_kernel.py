"""What typed rules ask of the kernel: their roots, and to run nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest import LINUX, program
from proc_jail import (
    ArgRules,
    ArgRulesInvalid,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Sandbox,
    SandboxInvalid,
    Text,
    WritePath,
)

pytestmark = pytest.mark.skipif(
    not LINUX or os.environ.get("PJ_PORTABLE") == "1",
    reason="these are controls of the Linux kernel",
)
CAT, CP, NICE, TOUCH = map(program, ("cat", "cp", "nice", "touch"))


def build(
    path: str, rules: ArgRules, cwd: Path, sandbox: Sandbox | None = None
) -> ProcPolicy:
    builder = ProcPolicyBuilder().allow_bin(path).arg_rules(path, rules)
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    return builder.cwd(cwd).build()


def test_a_root_is_all_that_can_be_read(tmp_path: Path) -> None:
    """Even a path that no type looked at is stopped at the open."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    (inside / "a").write_text("inside")
    outside.write_text("outside")
    rules = (
        ArgRules()
        .positional("first", ReadPath(inside))
        .positional("second", Text(), min=0)
    )
    policy = build(CAT, rules, inside)
    assert policy.run(CAT, ["a"]).stdout == b"inside"
    output = policy.run(CAT, ["a", str(outside)])
    assert output.exit_code == 1
    assert b"Permission denied" in output.stderr
    assert output.stdout == b"inside"


def test_a_link_swapped_after_the_check_leads_nowhere(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "good").write_text("good")
    (tmp_path / "secret").write_text("secret")
    link = inside / "link"
    link.symlink_to(inside / "good")
    policy = build(CAT, ArgRules().positional("f", ReadPath(inside)), inside)
    command = policy.prepare(ProcRequest(CAT, ["link"]))
    link.unlink()
    link.symlink_to(tmp_path / "secret")
    output = command.spawn_sync()
    assert output.stdout == b""
    assert b"Permission denied" in output.stderr


def test_a_root_is_all_that_can_be_written(tmp_path: Path) -> None:
    into, source = tmp_path / "into", tmp_path / "source"
    into.mkdir()
    source.mkdir()
    (source / "a").write_text("x")
    rules = (
        ArgRules()
        .positional("from", ReadPath(source))
        .positional("to", WritePath(into))
    )
    policy = build(CP, rules, source)
    assert policy.run(CP, ["a", str(into / "b")]).success
    assert (into / "b").read_text() == "x"
    loose = build(
        CP,
        ArgRules()
        .positional("from", ReadPath(source))
        .positional("to", Text()),
        source,
    )
    assert loose.run(CP, ["a", str(into / "c")]).exit_code == 1
    assert not (into / "c").exists()


def test_more_roots_come_without_arguments(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    rules = ArgRules().positional("f", ReadPath(tmp_path / "data"))
    extra = tmp_path / "extra"
    extra.write_text("extra")
    rules = rules.positional("g", Text(), min=0).may_read(extra)
    policy = build(CAT, rules, tmp_path)
    assert policy.run(CAT, ["-", str(extra)]).stdout == b"extra"


@pytest.mark.parametrize("sandbox", [None, Sandbox.compat()])
def test_nothing_else_runs(tmp_path: Path, sandbox: Sandbox | None) -> None:
    """nice runs what it is told; where nothing may run, it says so."""
    rules = ArgRules().positional("program", Text()).positional("file", Text())
    builder = ProcPolicyBuilder().allow_bin(NICE).allow_risky_binaries()
    builder = builder.cwd(tmp_path)
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    free = builder.arg_rules(NICE, rules).build()
    assert free.run(NICE, [TOUCH, "made"]).success
    held = builder.arg_rules(NICE, rules.run_nothing()).build()
    output = held.run(NICE, [TOUCH, "more"])
    assert output.exit_code == 126
    assert b"Operation not permitted" in output.stderr
    assert "exec_lock" in output.sandbox.enforced
    assert sorted(os.listdir(tmp_path)) == ["made"]


def test_no_wrapper_starts_what_runs_nothing(tmp_path: Path) -> None:
    policy = build(CAT, ArgRules().run_nothing(), tmp_path)
    command = policy.prepare(ProcRequest(CAT, []))
    with pytest.raises(SandboxInvalid, match="run_nothing"):
        command.wrap_with(NICE, [])


def test_a_script_cannot_run_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!{CAT}\n")
    script.chmod(0o755)
    with pytest.raises(ArgRulesInvalid, match="script"):
        build(str(script), ArgRules().run_nothing(), tmp_path)

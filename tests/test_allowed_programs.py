"""What a policy tells of its programs: rules, controls and roots."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import pytest

from conftest import policy_for, program
from hosts import PORTABLE, on_linux
from proc_jail import (
    AllowedProgram,
    ArgRules,
    Network,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Sandbox,
    WritePath,
    lint,
)
from proc_jail.tools import tools_for

CAT = program("cat")
GREP = program("grep")


def only(policy: ProcPolicy) -> AllowedProgram:
    (found,) = policy.programs()
    return found


def findings(policy: ProcPolicy) -> set[tuple[str, str | None]]:
    return {(f.code, f.program) for f in lint(policy)}


def under(sandbox: Sandbox | None, rules: ArgRules) -> AllowedProgram:
    if sandbox is None:
        return only(policy_for(CAT, rules))
    return only(policy_for(CAT, rules, lambda b: b.sandbox(sandbox)))


def test_a_policy_without_programs() -> None:
    assert ProcPolicyBuilder().build().programs() == ()


def test_paths_and_rules(tmp_path: Path) -> None:
    link = tmp_path / "show"
    link.symlink_to(CAT)
    grep, cat = ArgRules().max_positionals(2), ArgRules().max_positionals(1)
    policy = (
        ProcPolicyBuilder()
        .allow_bin(GREP)
        .allow_bin(link)
        .allow_bin(CAT)
        .allow_bin(link)
        .arg_rules(CAT, cat)
        .arg_rules(GREP, grep)
        .build()
    )
    first, second = policy.programs()
    assert first.paths == (GREP,)
    assert second.paths == (os.fspath(link), CAT)
    assert second.canonical == os.path.realpath(CAT)
    assert (first.rules, second.rules) == (grep, cat)
    command = policy.prepare(ProcRequest(link, ["x"]))
    assert command.program == second


def test_names_of_a_multicall_program_are_programs(tmp_path: Path) -> None:
    builder = ProcPolicyBuilder()
    names = [tmp_path / "cat", tmp_path / "wc"]
    for count, name in enumerate(names):
        name.symlink_to(program("busybox"))
        rules = ArgRules().max_positionals(count)
        builder = builder.allow_bin(name).arg_rules(name, rules)
    policy = builder.build()
    assert [p.paths for p in policy.programs()] == [
        (os.fspath(name),) for name in names
    ]
    command = policy.prepare(ProcRequest(names[1], ["x"]))
    assert command.program == policy.programs()[1]


def test_it_is_what_was_built(tmp_path: Path) -> None:
    """Whatever becomes of the files."""
    link = tmp_path / "show"
    link.symlink_to(CAT)
    policy = policy_for(os.fspath(link))
    before = policy.programs()
    link.unlink()
    assert policy.programs() == before
    assert only(policy).canonical == os.path.realpath(CAT)


def test_a_link_that_is_gone_gives_nobody_its_rules(tmp_path: Path) -> None:
    """What reads a policy reads what it was, not where paths lead now."""
    links = [tmp_path / "one", tmp_path / "two"]
    builder = ProcPolicyBuilder().cwd("/")
    for count, link in enumerate(links, 1):
        file = tmp_path / f"file{count}"
        shutil.copy(CAT, file)
        link.symlink_to(file)
        rules = ArgRules().max_positionals(count)
        if count == 2:
            rules = rules.allowed_flags(["-x"]).max_flags(1)
        builder = builder.allow_bin(link).arg_rules(link, rules)
    policy = builder.build()
    before, found = policy.to_dict(), findings(policy)
    assert [p["max_positionals"] for p in before["program"]] == [1, 2]
    assert found == {("ProgramUnknown", os.fspath(links[1]))}
    links[1].unlink()
    assert policy.to_dict() == before
    assert [tool.name for tool in tools_for(policy)] == ["one", "two"]
    gone = {("ProgramUnusable", os.fspath(links[1]))}
    assert findings(policy) == found | gone


def test_it_is_a_value() -> None:
    policy = policy_for(CAT, ArgRules().max_positionals(1))
    found = only(policy)
    assert pickle.loads(pickle.dumps(found)) == found
    assert hash(found) == hash(only(policy))
    assert repr(found).startswith(f"AllowedProgram(paths=('{CAT}',), ")
    with pytest.raises(AttributeError):
        found.runs_nothing = True  # type: ignore[misc]


# ------------------------------------------------------ what is enforced


def test_a_command_tells_what_its_output_will() -> None:
    policy = policy_for(CAT, ArgRules().max_positionals(1))
    command = policy.prepare(ProcRequest(CAT, ["/dev/null"]))
    assert command.sandbox == only(policy).sandbox
    assert command.sandbox == command.spawn_sync().sandbox
    wrapped = command.wrap_with("/usr/bin/env", [])
    assert wrapped.sandbox == command.sandbox
    assert wrapped.program == command.program


Roots = tuple[str, ...] | None


@on_linux
@pytest.mark.parametrize(
    ("rules", "sandbox", "read", "write", "execute"),
    [
        (ArgRules(), None, None, None, None),
        (ArgRules(), Sandbox.compat(), None, None, None),
        (ArgRules(), Sandbox.strict(), (), (), ()),
        (ArgRules().run_nothing(), None, None, None, ()),
        (ArgRules().may_read("/etc"), None, ("/etc",), (), None),
        (
            ArgRules().may_read("/etc", "/usr").may_write("/tmp"),
            Sandbox().read("/usr").write("/dev/shm"),
            ("/usr", "/etc", "/tmp"),
            ("/dev/shm", "/tmp"),
            None,
        ),
        (
            ArgRules().positional("f", ReadPath("/etc"), max=None),
            None,
            ("/etc",),
            (),
            None,
        ),
        (
            ArgRules().positional("f", WritePath("/tmp")),
            Sandbox.compat(),
            None,
            None,
            None,
        ),
        (
            ArgRules(),
            Sandbox.strict().read("/etc").execute("/usr/bin"),
            ("/etc", "/usr/bin"),
            (),
            ("/usr/bin",),
        ),
        (
            ArgRules().run_nothing(),
            Sandbox.strict().execute("/usr/bin"),
            ("/usr/bin",),
            (),
            (),
        ),
    ],
)
def test_effective_roots(
    rules: ArgRules,
    sandbox: Sandbox | None,
    read: Roots,
    write: Roots,
    execute: Roots,
) -> None:
    found = under(sandbox, rules)
    assert found.read_roots == read
    assert found.write_roots == write
    assert found.execute_roots == execute
    assert found.runs_nothing == ("run_nothing" in repr(rules))


@pytest.mark.skipif(not PORTABLE, reason="Linux holds it")
def test_where_nothing_is_held_nothing_is_claimed() -> None:
    sandbox = Sandbox.compat().network(Network.Deny)
    sandbox = sandbox.best_effort("network_deny", "exec_lock")
    rules = ArgRules().positional("f", ReadPath("/etc")).run_nothing()
    policy = policy_for(CAT, rules, lambda b: b.sandbox(sandbox))
    found = only(policy)
    assert {"network_deny", "exec_lock"} <= set(found.sandbox.missing)
    assert (found.read_roots, found.execute_roots) == (None, None)
    assert not found.runs_nothing
    (tool,) = tools_for(policy)
    assert (tool.reach.read_only, tool.reach.open_world) == (False, True)

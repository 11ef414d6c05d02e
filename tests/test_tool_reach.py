"""What a tool says of its reach, for whoever asks a person for consent."""

from __future__ import annotations

import pytest

from conftest import policy_for, program
from proc_jail import (
    ArgRules,
    Network,
    ProcPolicyBuilder,
    ReadPath,
    Sandbox,
    Text,
    Violation,
    WritePath,
)
from proc_jail.tools import Tool, tools_for

GREP = program("grep")
PLAIN = ArgRules().max_positionals(2)
TYPED = ArgRules().flag("-n").positional("files", ReadPath("/etc"))


def only(tools: list[Tool]) -> Tool:
    (tool,) = tools
    return tool


@pytest.mark.parametrize(
    ("rules", "sandbox", "read_only", "open_world"),
    [
        (PLAIN, None, False, True),
        (PLAIN, Sandbox.strict(), True, False),
        (PLAIN, Sandbox.strict().write("/tmp"), False, False),
        (PLAIN, Sandbox().network(Network.Deny), False, False),
        (TYPED, None, True, True),
        (TYPED.run_nothing(), None, True, False),
        (TYPED.run_nothing(), Sandbox.compat(), False, False),
        (TYPED.run_nothing(), Sandbox().write("/tmp"), False, False),
        (
            TYPED.run_nothing(),
            Sandbox.strict().network(Network.Inherit),
            True,
            False,
        ),
        (TYPED.may_write("/tmp"), None, False, True),
        (TYPED, Sandbox().best_effort("write_roots"), True, True),
        (
            ArgRules().option("-f", WritePath("/tmp")).run_nothing(),
            None,
            False,
            False,
        ),
        (ArgRules().option("-f", Text()).run_nothing(), None, False, False),
    ],
)
def test_reach(
    rules: ArgRules,
    sandbox: Sandbox | None,
    read_only: bool,
    open_world: bool,
) -> None:
    change = (lambda b: b) if sandbox is None else lambda b: b.sandbox(sandbox)
    reach = only(tools_for(policy_for(GREP, rules, change))).reach
    assert (reach.read_only, reach.open_world) == (read_only, open_world)


def test_a_profile_that_connects_reaches_out() -> None:
    builder = ProcPolicyBuilder().profile("curl", hosts=["example.com"])
    try:
        policy = builder.build()
    except Violation:
        pytest.skip("curl is not installed")
    assert only(tools_for(policy)).reach.open_world


def test_the_description_tells_the_files() -> None:
    rules = TYPED.may_write("/tmp", "/dev/shm")
    tool = only(tools_for(policy_for(GREP, rules)))
    assert tool.description.endswith(
        "It reads only below /etc /tmp /dev/shm. "
        "It writes only below /tmp /dev/shm."
    )
    tool = only(tools_for(policy_for(GREP, TYPED)))
    assert tool.description.endswith("It writes no files.")

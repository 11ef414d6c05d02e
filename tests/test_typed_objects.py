"""Typed rules as objects: what is refused, and how they are made again."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import proc_jail
from conftest import Tool, policy_for
from proc_jail import (
    ArgRules,
    ArgRulesInvalid,
    Choice,
    GitRef,
    HostName,
    Int,
    LimitInvalid,
    NulByte,
    Pattern,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Text,
    Url,
    WritePath,
)

Tools = Callable[[str], Tool]
WORDS = ArgRules().positional("words", Text(), min=0)
NUMBERS = ArgRules().flag("-n").option("-m", Int())

# What only build() can tell: the program, the rules, and what is said.
WRONG = {
    "unknown option": ("grep", ArgRules().flag("--none"), "no option"),
    "unknown letter": ("grep", ArgRules().flag("-%"), "no option"),
    "cut short": ("grep", ArgRules().flag("--line"), "no option"),
    "word of another": ("grep", ArgRules().flag("-name"), "no option"),
    "a word": ("grep", ArgRules().flag("n"), "no option"),
    "a word, unknown": ("unknown", ArgRules().flag("aux"), "begin it with"),
    "operand": ("grep", ArgRules().option("if=", Text()), "no option"),
    "not find's": ("find", ArgRules().flag("--name"), "no option"),
    "flag with value": ("grep", ArgRules().flag("-m"), "by option"),
    "option without": ("grep", ArgRules().option("-n", Text()), "by flag"),
    "not optional": (
        "grep",
        ArgRules().option("-m", Text(), optional=True),
        "leave out optional",
    ),
    "a command": ("find", ArgRules().flag("-exec"), "command to run"),
    "a command as value": (
        "find",
        ArgRules().option("-ok", Text()),
        "command to run",
    ),
    "twice": ("grep", ArgRules().flag("-n").flag("-n"), "declared twice"),
    "twice by names": (
        "grep",
        ArgRules().flag("-n").flag("--line-number"),
        "declared twice",
    ),
    "twice, unknown": (
        "unknown",
        ArgRules().flag("-n").option("-n", Text()),
        "declared twice",
    ),
    "require": ("grep", NUMBERS.require("-x"), "not declared"),
    "exclusive": ("grep", NUMBERS.exclusive("-n", "-x"), "not declared"),
    "a word to require": ("grep", NUMBERS.require("n"), "not declared"),
    "none to require": ("grep", NUMBERS.require("--none"), "not declared"),
    "unless": (
        "grep",
        ArgRules().positional("it", Text(), unless=["-e"]),
        "not declared",
    ),
    "positional beside": (
        "git",
        WORDS.subcommand("log", ArgRules()),
        "beside subcommands",
    ),
    "positional for a subcommand": (
        "git",
        WORDS,
        "declare the subcommand",
    ),
    "subcommand twice": (
        "git",
        ArgRules().subcommand("log", ArgRules()).subcommand("log", NUMBERS),
        "declared twice",
    ),
    "no subcommands": (
        "grep",
        ArgRules().subcommand("log", ArgRules()),
        "is no subcommand",
    ),
    "none below": (
        "git",
        ArgRules().subcommand("log", ArgRules().subcommand("x", ArgRules())),
        "is no subcommand",
    ),
    "not the subcommand's": (
        "git",
        ArgRules().subcommand("log", ArgRules().flag("--no-pager")),
        "no option",
    ),
    "dashes of find": (
        "find",
        WORDS.inject_double_dash(),
        "leave out inject_double_dash",
    ),
    "dashes of jq": (
        "jq",
        WORDS.inject_double_dash(),
        "leave out inject_double_dash",
    ),
    "dashes of git": (
        "git",
        ArgRules().subcommand("log", ArgRules()).inject_double_dash(),
        "inside of it",
    ),
    "root": (
        "cat",
        ArgRules().positional("it", ReadPath("/none/such")),
        "existing file",
    ),
    "root inside": (
        "git",
        ArgRules().subcommand(
            "log", ArgRules().positional("it", WritePath("/none/such"))
        ),
        "existing file",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_build_refuses(tool: Tools, name: str) -> None:
    program, rules, match = WRONG[name]
    with pytest.raises(ArgRulesInvalid, match=match) as caught:
        policy_for(tool(program).path, rules)
    assert "argument rules invalid" in str(caught.value)


# ------------------------------------------------------------- the calls


@pytest.mark.parametrize(
    "make",
    [
        lambda: ArgRules().flag(),
        lambda: ArgRules().require(),
        lambda: ArgRules().exclusive(),
        lambda: ArgRules().flag(""),
        lambda: ArgRules().flag("-"),
        lambda: ArgRules().flag("--"),
        lambda: ArgRules().flag("-n", "--"),
        lambda: ArgRules().flag("a=b"),
        lambda: ArgRules().flag("-n="),
        lambda: ArgRules().flag("--a=b"),
        lambda: ArgRules().flag("="),
        lambda: ArgRules().option("a=b=", Text()),
        lambda: ArgRules().option("-n", Text(), repeat=0),
        lambda: ArgRules().positional("", Text()),
        lambda: ArgRules().positional("it", Text(), max=0),
        lambda: ArgRules().positional("it", Text(), min=2),
        lambda: ArgRules().positional("it", Text(), min=None),  # type: ignore[arg-type]
        lambda: ArgRules().positional("it", Text(), unless=[""]),
        lambda: ArgRules().require("-n=1"),
        lambda: ArgRules().exclusive("-n", ""),
        lambda: ArgRules().subcommand("", ArgRules()),
        lambda: ArgRules().subcommand("-x", ArgRules()),
        lambda: ArgRules().subcommand("x", ArgRules().max_flags(1)),
        lambda: ArgRules().may_read("relative"),
        lambda: ArgRules().may_write(""),
    ],
)
def test_calls_that_cannot_be_meant(make: Callable[[], object]) -> None:
    with pytest.raises(ArgRulesInvalid, match="argument rules invalid"):
        make()


TYPED: list[Callable[[ArgRules], ArgRules]] = [
    lambda rules: rules.flag("-n"),
    lambda rules: rules.option("-m", Int()),
    lambda rules: rules.positional("it", Text()),
    lambda rules: rules.require("-n"),
    lambda rules: rules.exclusive("-n"),
    lambda rules: rules.subcommand("x", ArgRules()),
    lambda rules: rules.force("-n"),
    lambda rules: rules.may_read("/srv"),
    lambda rules: rules.may_write("/srv"),
]
PLAIN: list[Callable[[ArgRules], ArgRules]] = [
    lambda rules: rules.allowed_flags(["-n"]),
    lambda rules: rules.max_flags(1),
    lambda rules: rules.max_positionals(1),
    lambda rules: rules.subcommand("x"),
]


@pytest.mark.parametrize("plain", PLAIN)
@pytest.mark.parametrize("typed", TYPED)
def test_rules_are_plain_or_typed(
    plain: Callable[[ArgRules], ArgRules],
    typed: Callable[[ArgRules], ArgRules],
) -> None:
    with pytest.raises(ArgRulesInvalid, match="list tokens"):
        typed(plain(ArgRules()))
    with pytest.raises(ArgRulesInvalid, match="by type"):
        plain(typed(ArgRules()))
    # These fit both.
    for rules in (plain(ArgRules()), typed(ArgRules())):
        rules.force_env({"A": "1"}).run_nothing().inject_double_dash()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ArgRules().flag("-n\0"),
        lambda: ArgRules().option("-n", "\0=", Text()),
        lambda: ArgRules().positional("\0", Text()),
        lambda: ArgRules().positional("it", Text(), unless=["-\0"]),
        lambda: ArgRules().subcommand("x\0", ArgRules()),
        lambda: ArgRules().force("-n", "\0"),
        lambda: ArgRules().may_read("/\0"),
    ],
)
def test_nul_bytes(make: Callable[[], object]) -> None:
    with pytest.raises(NulByte):
        make()


@pytest.mark.parametrize("count", [-1, 2**31, 2**70])
def test_counts_out_of_range(count: int) -> None:
    with pytest.raises(LimitInvalid, match="repeat"):
        ArgRules().option("-n", Text(), repeat=count)
    with pytest.raises(LimitInvalid, match="min"):
        ArgRules().positional("it", Text(), min=count)
    with pytest.raises(LimitInvalid, match="max"):
        ArgRules().positional("it", Text(), max=count)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ArgRules().flag(1),  # type: ignore[arg-type]
        lambda: ArgRules().flag(["-n"]),  # type: ignore[arg-type]
        lambda: ArgRules().flag(name="-n"),  # type: ignore[call-arg]
        lambda: ArgRules().option("-n"),  # type: ignore[call-arg]
        lambda: ArgRules().option(Text()),  # type: ignore[call-arg, arg-type]
        lambda: ArgRules().option(Text(), "-n"),  # type: ignore[arg-type]
        lambda: ArgRules().option("-n", Text),  # type: ignore[arg-type]
        lambda: ArgRules().option("-n", Text(), Text()),  # type: ignore[arg-type]
        lambda: ArgRules().option("-n", Text(), repeat="2"),  # type: ignore[arg-type]
        lambda: ArgRules().option("-n", Text(), often=2),  # type: ignore[call-arg]
        lambda: ArgRules().positional("it"),  # type: ignore[call-arg]
        lambda: ArgRules().positional("it", "text"),  # type: ignore[arg-type]
        lambda: ArgRules().positional("it", Text(), min=1.0),  # type: ignore[arg-type]
        lambda: ArgRules().positional("it", Text(), max=True),
        lambda: ArgRules().positional("it", Text(), unless="-n"),
        lambda: ArgRules().subcommand("x", {}),  # type: ignore[arg-type]
        lambda: ArgRules().subcommand(1, ArgRules()),  # type: ignore[arg-type]
        lambda: ArgRules().force(1),  # type: ignore[arg-type]
        lambda: ArgRules().force_env([("A", "1")]),  # type: ignore[arg-type]
        lambda: ArgRules().force_env({"A": 1}),  # type: ignore[dict-item]
        lambda: ArgRules().run_nothing(1),  # type: ignore[call-arg]
    ],
)
def test_wrong_kinds_of_arguments(make: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        make()


def test_rules_have_a_size(tool: Tools) -> None:
    rules = ArgRules()
    for number in range(1000):
        rules = rules.flag(f"--flag-{number}")
    with pytest.raises(ArgRulesInvalid, match="1000"):
        rules.flag("--one-more")
    argv = [f"--flag-{number}" for number in range(1000)]
    assert tool("unknown").apply(rules, argv) == argv
    found = tool("unknown").refuse(rules, ["--flag-1000"])
    assert found.expected is not None
    assert found.expected.endswith("...")


def test_subcommands_nest_as_deep_as_is_of_use(tool: Tools) -> None:
    rules = WORDS
    for _ in range(7):
        rules = rules_of(rules)
    argv = ["x"] * 7
    assert tool("unknown").apply(rules, argv) == argv
    assert tool("unknown").apply(rules, [*argv, "y"]) == [*argv, "y"]
    assert tool("unknown").refuse(rules, argv[1:]).expected == "x"
    with pytest.raises(ArgRulesInvalid, match="too deep"):
        rules_of(rules)


def rules_of(inner: ArgRules) -> ArgRules:
    return ArgRules().subcommand("x", inner)


# --------------------------------------------------------------- objects

FULL = (
    ArgRules()
    .flag("-n", "--line-number")
    .flag(b"-\xff")
    .option("-m", "--max-count", Int(1, 1000))
    .option("-e", Text(), repeat=None)
    .option("--color", Choice("always", "'"), optional=True, repeat=3)
    .option("if=", Url(["https"], ["*.a"]))
    .positional("first", Pattern("[a-z]+"))
    .positional("second", ReadPath("/srv"), min=0, unless=["-e", "-n"])
    .positional("third", WritePath("/tmp"), min=2, max=None)
    .positional("fourth", HostName(), max=7)
    .require("-n", "-m")
    .exclusive("-n", "-e")
    .force("--no-messages", "-s")
    .may_read("/etc/passwd")
    .may_write("/tmp", "/var/tmp")
    .run_nothing()
    .inject_double_dash()
)
NESTED = (
    ArgRules()
    .flag("-p")
    .subcommand("log", FULL)
    .subcommand("show", ArgRules().positional("it", GitRef()))
)


def by_pickle(protocol: int) -> Callable[[Any], Any]:
    return lambda x: pickle.loads(pickle.dumps(x, protocol))


WAYS = [by_pickle(p) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)]
WAYS += [copy.copy, copy.deepcopy]
WAYS += [lambda x: eval(repr(x), vars(proc_jail).copy())]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rules", [FULL, NESTED, WORDS, NUMBERS], ids=repr)
def test_rules_are_made_again(
    way: Callable[[Any], Any], rules: ArgRules
) -> None:
    again = way(rules)
    assert again == rules
    assert hash(again) == hash(rules)
    assert repr(again) == repr(rules)
    assert again.flag("-z") == rules.flag("-z")
    assert again.flag("-z") != rules


def test_every_call_makes_a_difference() -> None:
    calls = [*TYPED, ArgRules.run_nothing, ArgRules.inject_double_dash]
    made = [FULL, *(call(FULL) for call in calls)]
    # It runs nothing already, and has its dashes.
    assert len({*made}) == len(made) - 2
    assert FULL.force_env({"A": "1"}) != FULL.force_env({"A": "2"})
    assert FULL.force_env({"A": "1"}) != FULL


@pytest.mark.parametrize("way", WAYS[:-1])
def test_policies_are_made_again(
    way: Callable[[Any], Any], tool: Tools
) -> None:
    path = tool("grep").path
    rules = WORDS.flag("-n").force("-s").force_env({"A": "secret"})
    policy = policy_for(path, rules)
    again = way(policy)
    request = ProcRequest(path, ["-n", "x"])
    for one in (policy, again):
        command = one.prepare(request)
        assert command.argv == ["-s", "-n", "x"]
        assert command.env == {"A": "secret"}
        assert one.check(ProcRequest(path, ["-x"])) is not None
    assert repr(again) == repr(policy)


def test_no_repr_shows_a_forced_value(tool: Tools) -> None:
    """Names only: what is forced may be a password as well."""
    path = tool("git").path
    rules = ArgRules().subcommand("log", WORDS).force_env({"TOKEN": "s3cret"})
    builder = ProcPolicyBuilder().allow_bin(path).arg_rules(path, rules)
    policy = builder.build()
    command = policy.prepare(ProcRequest(path, ["log"]))
    found = policy.check(ProcRequest(path, ["-x"]))
    assert command.env == {"TOKEN": "s3cret"}
    for thing in (rules, builder, policy, command, found):
        assert "s3cret" not in repr(thing)
        assert "s3cret" not in str(thing)
    assert "TOKEN" in repr(rules)
    assert rules == pickle.loads(pickle.dumps(rules))
    assert rules != ArgRules().subcommand("log", WORDS).force_env(
        {"TOKEN": "other"}
    )

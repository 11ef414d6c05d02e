"""Typed rules: lists of positionals, groups, and what is forced."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tool, policy_for
from proc_jail import (
    ArgConflict,
    ArgFlagAfterPositional,
    ArgFlagNotAllowed,
    ArgMissing,
    ArgRules,
    ArgRulesInvalid,
    ArgTooManyPositionals,
    ArgValueInvalid,
    Choice,
    EnvForbidden,
    InjectDoubleDash,
    Int,
    NulByte,
    ProcRequest,
    Text,
)

Tools = Callable[[str], Tool]


# ------------------------------------------------------------ positionals


def lists(spec: str) -> ArgRules:
    """ "a1-2 b0-*": one or two words "a", then any number of words "b"."""
    rules = ArgRules()
    for part in spec.split():
        low, high = part[1:].split("-")
        most = None if high == "*" else int(high)
        rules = rules.positional(
            part[0], Choice(part[0]), min=int(low), max=most
        )
    return rules


@pytest.mark.parametrize(
    ("spec", "good"),
    [
        ("a1-1", ["a"]),
        ("a0-1", ["", "a"]),
        ("a1-1 b1-1", ["ab"]),
        ("a0-1 b1-1", ["b", "ab"]),
        ("a1-1 b0-1 c1-1", ["ac", "abc"]),
        ("a1-2 b1-2", ["ab", "aab", "aabb"]),
        ("a1-* b1-1", ["ab", "aab", "aaaab"]),
        ("a1-1 b0-* c1-2", ["ac", "abc", "abbbbc"]),
        ("a0-* b0-*", ["", "a", "aaa"]),
        ("a2-2 b0-1", ["aa", "aab"]),
        ("a0-2 b2-3", ["bb", "abb", "aabb", "aabbb"]),
    ],
)
def test_operands_go_to_the_lists_in_turn(
    tool: Tools, spec: str, good: list[str]
) -> None:
    for words in good:
        assert tool("cat").apply(lists(spec), list(words)) == list(words)


@pytest.mark.parametrize(
    ("spec", "words", "option", "got"),
    [
        ("a1-1", "", "a", 0),
        ("a1-1 b1-1", "", "a", 0),
        # What is there counts for the first list: the second lacks one.
        ("a1-1 b1-1", "a", "b", 0),
        ("a2-2 b0-1", "a", "a", 1),
        ("a0-* b3-3", "bb", "b", 2),
        ("a1-1 b2-2 c1-1", "abb", "c", 0),
    ],
)
def test_what_is_missing(
    tool: Tools, spec: str, words: str, option: str, got: int
) -> None:
    found = tool("cat").refuse(lists(spec), list(words))
    assert isinstance(found, ArgMissing)
    assert (found.option, found.index) == (option, None)
    assert found.expected == f"one of {option}"
    assert f"got {got}" in str(found)


@pytest.mark.parametrize(
    ("spec", "words", "index", "max_", "got"),
    [
        ("", "a", 0, 0, 1),
        ("a1-1", "aa", 1, 1, 2),
        ("a1-2 b1-1", "aabb", 3, 3, 4),
    ],
)
def test_too_many(
    tool: Tools, spec: str, words: str, index: int, max_: int, got: int
) -> None:
    found = tool("cat").refuse(lists(spec), list(words))
    assert isinstance(found, ArgTooManyPositionals)
    assert (found.index, found.max, found.got) == (index, max_, got)
    assert found.value == words[index]


def test_a_value_in_the_wrong_list(tool: Tools) -> None:
    found = tool("cat").refuse(lists("a1-1 b1-*"), ["a", "b", "a"])
    assert isinstance(found, ArgValueInvalid)
    assert (found.index, found.option, found.value) == (2, "b", "a")


@pytest.mark.parametrize("name", ["-e", "--regexp", "-f", "--file"])
def test_unless_holds_for_every_name(tool: Tools, name: str) -> None:
    rules = (
        ArgRules()
        .option("-e", Text())
        .option("--file", Text())
        .positional("pattern", Choice("p"), unless=["--regexp", "-f"])
        .positional("files", Choice("f"), min=0, max=None)
    )
    grep = tool("grep")
    assert grep.apply(rules, ["p", "f"]) == ["p", "f"]
    assert grep.apply(rules, [name, "x", "f"]) == [name, "x", "f"]
    found = grep.refuse(rules, [name, "x", "p"])
    assert (found.index, found.option) == (2, "files")
    assert isinstance(grep.refuse(rules, []), ArgMissing)


# ---------------------------------------------------------------- groups

GROUPS = (
    ArgRules()
    .flag("-n")
    .flag("--count")
    .option("-m", Int())
    .positional("it", Text(), min=0)
)


@pytest.mark.parametrize(
    "names", [("-n", "-c", "-m"), ("--line-number", "--count", "--max-count")]
)
def test_exclusive_holds_for_every_name(
    tool: Tools, names: tuple[str, ...]
) -> None:
    grep, rules = tool("grep"), GROUPS.exclusive(*names)
    for line in ("", "-n", "-nn --line-number", "-c", "-m1"):
        assert grep.apply(rules, line.split()) == line.split()
    for line in ("-nc", "-n --count", "--line-n -m1", "-c x -m 1"):
        found = grep.refuse(rules, line.split())
        assert isinstance(found, ArgConflict)
        assert found.expected == " ".join(names)
        assert (found.max, found.got) == (None, None)
        assert "at most one" in str(found)


@pytest.mark.parametrize(
    "names", [("-n", "-m"), ("--line-number", "--max-count")]
)
def test_require_holds_for_every_name(
    tool: Tools, names: tuple[str, ...]
) -> None:
    grep, rules = tool("grep"), GROUPS.require(*names)
    for line in ("-n", "--line-number", "-cm1", "--max-count=1 -n", "x -n"):
        assert grep.apply(rules, line.split()) == line.split()
    for line in ("", "-c", "x", "-- -n"):
        found = grep.refuse(rules, line.split())
        assert isinstance(found, ArgMissing)
        assert found.expected == " ".join(names)
        assert "give one of" in str(found)


def test_names_of_one_option_do_not_exclude_each_other(tool: Tools) -> None:
    rules = GROUPS.exclusive("-n", "--line-number", "-n")
    assert tool("grep").apply(rules, ["-n"]) == ["-n"]


def test_groups_of_a_program_without_table(tool: Tools) -> None:
    rules = ArgRules().flag("-a", "--all").flag("-b").flag("-c")
    rules = rules.exclusive("--all", "-b").require("-a", "-c")
    own = tool("unknown")
    assert own.apply(rules, ["-a", "-c"]) == ["-a", "-c"]
    assert isinstance(own.refuse(rules, ["-a", "-b"]), ArgConflict)
    assert isinstance(own.refuse(rules, ["-b"]), ArgMissing)


@pytest.mark.parametrize("repeat", [1, 2, 9])
def test_repeat_counts_all_spellings(tool: Tools, repeat: int) -> None:
    rules = ArgRules().option("-m", Int(), repeat=repeat)
    spellings = [["-m1"], ["-m", "2"], ["--max-count=3"]] * 4
    argv = [word for one in spellings[:repeat] for word in one]
    assert tool("grep").apply(rules, argv) == argv
    found = tool("grep").refuse(rules, [*argv, "-m9"])
    assert isinstance(found, ArgConflict)
    assert (found.index, found.max, found.got) == (
        len(argv),
        repeat,
        repeat + 1,
    )


# ----------------------------------------------------------------- force


@pytest.mark.parametrize(
    ("name", "rules", "line", "out"),
    [
        ("grep", ArgRules().force("-n"), "", "-n"),
        (
            "grep",
            GROUPS.force("--color=never").force("-e", "x"),
            "-c f",
            "--color=never -e x -c f",
        ),
        ("grep", GROUPS.force("-s"), "-- -n", "-s -- -n"),
        ("grep", GROUPS.force("-s").inject_double_dash(), "f", "-s -- f"),
        ("sort", ArgRules().force("--parallel=1"), "", "--parallel=1"),
        # Behind the bundle and its values, which must come first.
        (
            "tar",
            lists("m0-*").flag("-t").option("-f", Text()).force("-C", "/"),
            "tf a m",
            "tf a -C / m",
        ),
        ("tar", lists("m0-*").flag("-t").force("-v"), "-t m", "-v -t m"),
        ("tar", ArgRules().flag("-t").force("-v"), "t", "t -v"),
        (
            "tar",
            ArgRules()
            .positional("x", Text())
            .force("-v")
            .force_env({"POSIXLY_CORRECT": "1"}),
            "-",
            "-v -",
        ),
        ("find", lists("p0-*").force("-P"), "p p", "-P p p"),
        (
            "git",
            ArgRules()
            .force("--no-pager", "-c", "a.b=c")
            .flag("--literal-pathspecs")
            .subcommand(
                "diff",
                lists("r0-2")
                .flag("--stat")
                .force("--no-ext-diff", "--no-textconv"),
            ),
            "--literal-pathspecs diff --stat r",
            "--no-pager -c a.b=c --literal-pathspecs diff --no-ext-diff "
            "--no-textconv --stat r",
        ),
        (
            "git",
            ArgRules().subcommand("diff", ArgRules().force("--no-ext-diff")),
            "diff",
            "diff --no-ext-diff",
        ),
        ("unknown", lists("a0-*").force("-z", "9"), "a", "-z 9 a"),
    ],
)
def test_force(
    tool: Tools, name: str, rules: ArgRules, line: str, out: str
) -> None:
    assert tool(name).apply(rules, line.split()) == out.split()


def test_force_behind_an_empty_bundle(tool: Tools) -> None:
    """tar takes an empty first word for a bundle of no letters."""
    rules = lists("m0-*").flag("-t").force("-v")
    assert tool("tar").apply(rules, ["", "-t"]) == ["", "-v", "-t"]


@pytest.mark.parametrize(
    ("name", "forced", "match"),
    [
        ("grep", ["x"], "force options only"),
        ("grep", ["-n", "x"], "force options only"),
        ("grep", ["--"], "inject_double_dash"),
        ("grep", ["--none"], "no option has that name"),
        ("grep", ["--col=x"], "several begin with it"),
        ("grep", ["-%"], "no such option"),
        ("grep", ["-e"], "its value is missing"),
        ("grep", ["-m", "-n"], "begins with '-'"),
        ("grep", ["--count=1"], "one too many"),
        ("head", ["-q"], "number as the first argument"),
        ("tar", ["xv"], "with dashes"),
        ("find", ["-maxdepth", "1"], "begin the expression"),
        ("find", ["."], "force options only"),
        ("dd", ["if=x"], "force options only"),
        ("git", ["log"], "force options only"),
        ("jq", ["--indent=2"], "next word"),
        ("unknown", ["--"], "inject_double_dash"),
        ("unknown", ["x", "-n"], "force options only"),
    ],
)
def test_what_cannot_be_forced(
    tool: Tools, name: str, forced: list[str], match: str
) -> None:
    rules = lists("a0-*")
    if name == "git":
        rules = ArgRules().subcommand("log", ArgRules())
    with pytest.raises(ArgRulesInvalid, match=match):
        policy_for(tool(name).path, rules.force(*forced))


def test_force_env(tool: Tools) -> None:
    env = {"GIT_CONFIG_GLOBAL": "/dev/null", "BASH_ENV": "", "A": "\udcff"}
    rules = lists("a0-*").force_env(env)
    git = tool("cat")
    policy = policy_for(
        git.path, rules, lambda b: b.env_allowlist(["A", "B", "BASH_ENV"])
    )
    request = ProcRequest(git.path, [], {"A": "1", "B": "2", "BASH_ENV": "x"})
    command = policy.prepare(request)
    assert command.env == {**env, "B": "2"}
    assert git.prepare(rules.force_env({"C": "3"}), []).env == {"C": "3"}
    plain = ArgRules().max_flags(1).force_env({"GIT_DIR": "x"})
    assert git.prepare(plain, []).env == {"GIT_DIR": "x"}


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "ld_audit", "LD_", "DYLD_INSERT_LIBRARIES", "GCONV_PATH"],
)
def test_no_environment_that_loads_code(name: str) -> None:
    with pytest.raises(EnvForbidden, match="load code") as caught:
        ArgRules().force_env({"A": "secret", name: "secret"})
    assert caught.value.key == name
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "A=B", "="])
def test_names_of_a_forced_environment(name: str) -> None:
    with pytest.raises(EnvForbidden):
        ArgRules().force_env({name: "x"})
    with pytest.raises(NulByte):
        ArgRules().force_env({"A": "x\0"})


def test_a_subcommand_forces_no_environment() -> None:
    """It would be there for the others too, or be left out."""
    inner = ArgRules().force_env({"A": "1"})
    with pytest.raises(ArgRulesInvalid, match="whole program"):
        ArgRules().subcommand("log", inner)


def test_posixly_correct_ends_the_options(tool: Tools) -> None:
    rules = ArgRules().flag("-n").positional("it", Text(), min=0, max=None)
    argv = ["x", "-n", "--", "--whatever"]
    posix = rules.force_env({"POSIXLY_CORRECT": ""})
    assert tool("grep").apply(posix, argv) == argv
    # Without it `-n` is an option, and `--` ends them.
    found = tool("grep").refuse(rules, ["x", "--whatever", "y"])
    assert isinstance(found, ArgFlagNotAllowed)
    assert found.index == 1
    # These have parsers of their own, which go on reading options.
    found = tool("curl").refuse(posix, ["x", "-o", "/tmp/y"])
    assert isinstance(found, ArgFlagNotAllowed)
    assert (found.index, found.option) == (1, "--output")


# ------------------------------------------------------------------- `--`


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("", ""),
        ("-n", "-n"),
        ("x", "-- x"),
        ("-n -m 5 x y", "-n -m 5 -- x y"),
        ("-nm5 - x", "-nm5 -- - x"),
        ("-n -- x", "-n -- x"),
        # The request's own would be an operand behind another one.
        ("x -- -y", "x -- -y"),
        ("x -n -- -y", "x -n -- -y"),
        ("--max=5 x", "--max-count=5 -- x"),
    ],
)
def test_inject_double_dash(tool: Tools, line: str, out: str) -> None:
    rules = (
        ArgRules()
        .flag("-n")
        .option("-m", Int())
        .positional("it", Text(), min=0, max=9)
        .inject_double_dash()
    )
    assert tool("grep").apply(rules, line.split()) == out.split()
    never = rules.inject_double_dash(InjectDoubleDash.Never)
    assert "--" not in tool("grep").apply(never, ["-n", "x"])


def test_dashes_go_before_a_pair(tool: Tools) -> None:
    """KEY=VALUE is an operand like another to the program."""
    rules = lists("a0-9").flag("-n").option("key=", Text())
    rules = rules.inject_double_dash()
    argv = ["-n", "key=v", "a"]
    assert tool("unknown").apply(rules, argv) == ["-n", "--", "key=v", "a"]


def test_an_option_behind_the_injected_dashes(tool: Tools) -> None:
    rules = ArgRules().flag("-n").positional("it", Text(), max=9)
    found = tool("grep").refuse(rules.inject_double_dash(), ["x", "-n"])
    assert isinstance(found, ArgFlagAfterPositional)
    assert (found.index, found.option) == (1, "--line-number")


def test_inject_double_dash_in_a_subcommand(tool: Tools) -> None:
    inner = ArgRules().flag("-s").positional("it", Text(), min=0)
    rules = ArgRules().subcommand("ls-files", inner.inject_double_dash())
    argv = ["ls-files", "-s", "x"]
    assert tool("git").apply(rules, argv) == ["ls-files", "-s", "--", "x"]

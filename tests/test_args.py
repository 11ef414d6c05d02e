"""The argv grammar: what is a flag, what is counted, where `--` goes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import policy_for, program
from proc_jail import (
    ArgFlagAfterPositional,
    ArgFlagNotAllowed,
    ArgRules,
    ArgRulesDuplicate,
    ArgRulesInvalid,
    ArgRulesRequired,
    ArgRulesUnused,
    ArgSubcommandMismatch,
    ArgTooManyFlags,
    ArgTooManyPositionals,
    ArgValueInvalid,
    InjectDoubleDash,
    LimitInvalid,
    ProcPolicyBuilder,
    ProcRequest,
    Violation,
)

AFTER = InjectDoubleDash.AfterFlags


def rules(
    flags: str = "",
    max_flags: int = 9,
    max_positionals: int = 9,
    inject: bool = False,
    subcommand: str | None = None,
) -> ArgRules:
    made = ArgRules().allowed_flags(flags.split()).max_flags(max_flags)
    made = made.max_positionals(max_positionals)
    if inject:
        made = made.inject_double_dash()
    return made if subcommand is None else made.subcommand(subcommand)


def apply(made: ArgRules, argv: list[str], tool: str = "echo") -> list[str]:
    path = program(tool)
    return policy_for(path, made).prepare(ProcRequest(path, argv)).argv


def refuse(made: ArgRules, argv: list[str], tool: str = "echo") -> Violation:
    path = program(tool)
    found = policy_for(path, made).check(ProcRequest(path, argv))
    assert found is not None, argv
    return found


# --------------------------------------------------------- what is what


@pytest.mark.parametrize(
    "argv",
    [
        ["-n"],
        ["-n", "-n"],
        ["-n", "a"],
        ["a", "-n"],
        ["-", "a"],
        [""],
        ["", "-n", ""],
        ["--", "-x", "--y", "-n"],
        ["-n", "--", "--", "--"],
        ["a", "--", "-x"],
        ["--", "-"],
        ["\u00e4", "\n", "\t", "*", "$(id)", "; id", "'", "\\"],
        ["\udcff"],
    ],
)
def test_accepted_as_it_stands(argv: list[str]) -> None:
    assert apply(rules("-n"), argv) == argv


@pytest.mark.parametrize(
    "token", ["-x", "--", "-", "-nn", "--n", "-n=1", "-N", "-n ", "--n="]
)
def test_a_flag_is_matched_whole(token: str) -> None:
    made = rules("-n", max_positionals=0)
    if token == "--":
        assert apply(made, [token]) == [token]
        return
    found = refuse(made, [token])
    if token == "-":
        assert isinstance(found, ArgTooManyPositionals)
    else:
        assert isinstance(found, ArgFlagNotAllowed)
        assert (found.flag, found.index, found.expected) == (token, 0, "-n")


def test_behind_dashes_everything_is_counted_as_positional() -> None:
    found = refuse(rules("-n", max_positionals=1), ["-n", "--", "-n", "b"])
    assert isinstance(found, ArgTooManyPositionals)
    assert (found.index, found.max, found.got) == (3, 1, 2)


def test_new_rules_allow_nothing_but_nothing() -> None:
    assert apply(ArgRules(), []) == []
    assert isinstance(refuse(ArgRules(), ["a"]), ArgTooManyPositionals)
    assert isinstance(refuse(ArgRules(), ["-a"]), ArgTooManyFlags)


# ----------------------------------------------------------- what it says


def test_flag_not_allowed_tells_which_and_what_is() -> None:
    found = refuse(rules("-n -i"), ["-n", "a", "--exec=id"])
    assert isinstance(found, ArgFlagNotAllowed)
    assert found.code == "ArgFlagNotAllowed"
    assert (found.flag, found.index) == ("--exec=id", 2)
    assert found.expected == "-n -i"
    assert "not allowed" in str(found)
    assert "--exec=id" in str(found)


def test_no_flag_at_all_is_said() -> None:
    found = refuse(rules(max_flags=1), ["-x"])
    assert found.expected == "none"


def test_a_long_list_of_flags_is_cut() -> None:
    found = refuse(rules(" ".join(f"--flag-{i}" for i in range(99))), ["-x"])
    assert found.expected is not None
    assert len(found.expected) <= 131
    assert found.expected.endswith("...")


def test_too_many_flags_tells_how_many() -> None:
    found = refuse(rules("-n -i", max_flags=1), ["-n", "a", "-i", "-n"])
    assert isinstance(found, ArgTooManyFlags)
    assert (found.flag, found.index, found.max, found.got) == ("-i", 2, 1, 3)
    assert "too many flags" in str(found)


def test_too_many_positionals_tells_how_many() -> None:
    found = refuse(rules("-n", max_positionals=1), ["a", "-n", "b", "c"])
    assert isinstance(found, ArgTooManyPositionals)
    assert (found.value, found.index) == ("b", 2)
    assert (found.max, found.got) == (1, 3)
    assert "too many positional" in str(found)


@pytest.mark.parametrize(
    ("argv", "got", "index"),
    [
        (["branch"], "branch", 0),
        (["-n", "branch", "status"], "branch", 1),
        (["-n"], None, None),
        ([], None, None),
        (["--", "status"], "status", 1),
        (["-n", "--", "status"], "status", 2),
        (["STATUS"], "STATUS", 0),
        (["statu"], "statu", 0),
        ([""], None, 0),
    ],
)
def test_subcommand_mismatch_tells_what_was_there(
    argv: list[str], got: str | None, index: int | None
) -> None:
    found = refuse(rules("-n", subcommand="status"), argv)
    assert isinstance(found, ArgSubcommandMismatch)
    assert (found.got, found.index) == (got, index)
    assert found.expected == "status"
    assert "subcommand" in str(found)


def test_flag_after_positional_tells_where() -> None:
    found = refuse(rules("-n", inject=True), ["a", "b", "-n"])
    assert isinstance(found, ArgFlagAfterPositional)
    assert (found.flag, found.index) == ("-n", 2)


def test_values_are_escaped_and_cut() -> None:
    found = refuse(rules(max_flags=1), ["-\x1b[31m\u202e\n" + "x" * 500])
    assert found.flag is not None
    assert found.flag.startswith(r"-\x1b[31m\xe2\x80\xae\x0a")
    assert found.flag.endswith("...")
    assert str(found).isprintable()
    assert len(str(found)) < 768


# -------------------------------------------------------- where -- goes


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], []),
        (["-n"], ["-n"]),
        (["a"], ["--", "a"]),
        (["-n", "a"], ["-n", "--", "a"]),
        (["-n", "-i", "a", "b"], ["-n", "-i", "--", "a", "b"]),
        (["-"], ["--", "-"]),
        ([""], ["--", ""]),
        (["--", "-x"], ["--", "-x"]),
        (["-n", "--", "a"], ["-n", "--", "a"]),
        (["-n", "--"], ["-n", "--"]),
        (["a", "--", "b"], ["a", "--", "b"]),
        (["a", "-n", "--", "b"], ["a", "-n", "--", "b"]),
    ],
)
def test_after_flags(argv: list[str], expected: list[str]) -> None:
    assert apply(rules("-n -i", inject=True), argv) == expected


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["log"], ["log"]),
        (["log", "-n"], ["log", "-n"]),
        (["-n", "log"], ["-n", "log"]),
        (["log", "x"], ["log", "--", "x"]),
        (["log", "-n", "x"], ["log", "-n", "--", "x"]),
        (["-n", "log", "-i", "x"], ["-n", "log", "-i", "--", "x"]),
        (["log", "--", "-x"], ["log", "--", "-x"]),
        (["log", "x", "--", "-x"], ["log", "x", "--", "-x"]),
    ],
)
def test_after_flags_of_a_subcommand(
    argv: list[str], expected: list[str]
) -> None:
    made = rules("-n -i", inject=True, subcommand="log")
    assert apply(made, argv) == expected


def test_the_subcommand_does_not_count() -> None:
    made = rules(max_positionals=1, subcommand="log")
    assert apply(made, ["log", "x"]) == ["log", "x"]
    found = refuse(made, ["log", "x", "y"])
    assert (found.max, found.got, found.index) == (1, 2, 2)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (None, ["--", "a"]),
        (AFTER, ["--", "a"]),
        (InjectDoubleDash.Never, ["a"]),
    ],
)
def test_the_modes(mode: InjectDoubleDash | None, expected: list[str]) -> None:
    assert apply(rules().inject_double_dash(mode), ["a"]) == expected


# ------------------------------------------------- programs that are known


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["-m", "5", "x", "f"], ["-m", "5", "--", "x", "f"]),
        (["-nm", "5", "x", "f"], ["-nm", "5", "--", "x", "f"]),
        (["-m5", "x", "f"], ["-m5", "--", "x", "f"]),
        (["-m5", "-n", "x"], ["-m5", "-n", "--", "x"]),
        (["--max-count", "5", "x"], ["--max-count", "5", "--", "x"]),
        (["--max-c", "5", "x"], ["--max-c", "5", "--", "x"]),
        (["--max-count=5", "x"], ["--max-count=5", "--", "x"]),
        (["--color", "x"], ["--color", "--", "x"]),
        (["-n", "-m", "5", "--", "x"], ["-n", "-m", "5", "--", "x"]),
        (["-m", "-", "x"], ["-m", "-", "--", "x"]),
        (["-m", "", "x"], ["-m", "", "--", "x"]),
    ],
)
def test_an_option_keeps_its_value(
    argv: list[str], expected: list[str]
) -> None:
    flags = "-m -nm -m5 -n --max-count --max-c --max-count=5 --color"
    made = rules(flags, max_positionals=2, inject=True)
    assert apply(made, argv, "grep") == expected


def test_a_value_is_no_positional() -> None:
    made = rules("-m -e", max_positionals=1)
    argv = ["-m", "5", "-e", "x", "file"]
    assert apply(made, argv, "grep") == argv
    found = refuse(made, [*argv, "other"], "grep")
    assert isinstance(found, ArgTooManyPositionals)
    assert (found.index, found.got) == (5, 2)


def test_a_value_is_no_subcommand() -> None:
    """git -C status branch runs branch, in the directory status."""
    made = rules("-C", subcommand="status")
    found = refuse(made, ["-C", "status", "branch"], "git")
    assert isinstance(found, ArgSubcommandMismatch)
    assert (found.got, found.index) == ("branch", 2)
    argv = ["-C", "/tmp", "status", "x"]
    assert apply(made, argv, "git") == argv


@pytest.mark.parametrize("flag", ["-m", "-nm", "--max-count"])
@pytest.mark.parametrize("value", ["-5", "--", "-x", "--include=x"])
def test_a_value_that_could_be_an_option(flag: str, value: str) -> None:
    for inject in (False, True):
        made = rules("-m -nm --max-count -x -5", inject=inject)
        found = refuse(made, [flag, value, "x"], "grep")
        assert isinstance(found, ArgValueInvalid)
        assert (found.value, found.index) == (value, 1)
        assert found.expected == flag
        assert found.reason == "begins with '-'"


def test_a_value_that_is_missing() -> None:
    found = refuse(rules("-n -m"), ["-n", "-m"], "grep")
    assert isinstance(found, ArgValueInvalid)
    assert (found.value, found.index, found.reason) == ("-m", 1, "is missing")


def test_the_value_of_a_flag_that_is_not_allowed() -> None:
    found = refuse(rules("-n"), ["-f", "/etc/shadow", "x"], "grep")
    assert isinstance(found, ArgFlagNotAllowed)
    assert found.flag == "-f"


@pytest.mark.parametrize("tool", ["find", "dd"])
def test_programs_that_read_on_behind_dashes(tool: str) -> None:
    path = program(tool)
    with pytest.raises(ArgRulesInvalid, match="rules invalid") as caught:
        policy_for(path, rules(inject=True))
    assert caught.value.value == tool
    assert policy_for(path, rules())


@pytest.mark.parametrize(
    ("argv", "flag", "index"),
    [
        (["--", "/tmp", "-delete"], "-delete", 2),
        (["--", "-exec", "id", ";"], "-exec", 1),
        (["/tmp", "--", "(", "-name", "x", ")"], "(", 2),
        (["--", "/tmp", "!"], "!", 2),
        (["/tmp", "-fprint", "/tmp/x"], "-fprint", 1),
    ],
)
def test_the_words_of_find_count_behind_dashes(
    argv: list[str], flag: str, index: int
) -> None:
    found = refuse(rules("-name"), argv, "find")
    assert isinstance(found, ArgFlagNotAllowed)
    assert (found.flag, found.index) == (flag, index)


def test_the_values_of_find() -> None:
    made = rules("-name -maxdepth -exec", max_positionals=1)
    argv = ["/tmp", "-maxdepth", "1", "-name", "*.txt"]
    assert apply(made, argv, "find") == argv
    argv = ["/tmp", "-exec", "ls", "-l", "{}", ";"]
    assert apply(made, argv, "find") == argv
    found = refuse(made, [*argv, "-delete"], "find")
    assert (found.flag, found.index) == ("-delete", 6)


def test_a_number_of_find_may_have_a_sign() -> None:
    """It cannot be attached, and -7 is no option of find."""
    made = rules("-mtime -size", max_positionals=1)
    argv = ["/tmp", "-mtime", "-7", "-size", "-10k"]
    assert apply(made, argv, "find") == argv


def test_git_without_a_subcommand_has_no_place_for_dashes() -> None:
    git = program("git")
    with pytest.raises(ArgRulesInvalid, match="subcommand"):
        policy_for(git, rules(inject=True))
    made = rules("--short", inject=True, subcommand="status")
    assert apply(made, ["status", "--short", "x"], "git") == [
        "status",
        "--short",
        "--",
        "x",
    ]


def test_a_program_is_known_by_its_canonical_name(tmp_path: Path) -> None:
    alias = tmp_path / "search"
    alias.symlink_to(program("grep"))
    path = str(alias)
    made = rules("-m", inject=True)
    command = policy_for(path, made).prepare(
        ProcRequest(path, ["-m", "1", "x"])
    )
    assert command.argv == ["-m", "1", "--", "x"]


# ------------------------------------------------------- rules and programs


def test_rules_for_another_spelling_of_the_path(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    shutil.copy(program("echo"), tool)
    link = tmp_path / "link"
    link.symlink_to(tool)
    for allowed, given in ((tool, link), (link, tool)):
        builder = ProcPolicyBuilder().allow_bin(allowed)
        policy = builder.arg_rules(given, rules()).build()
        assert policy.prepare(ProcRequest(str(tool), ["a"])).argv == ["a"]


def test_a_program_without_rules() -> None:
    builder = ProcPolicyBuilder().allow_bin(program("echo"))
    with pytest.raises(ArgRulesRequired, match="rules required") as caught:
        builder.build()
    assert caught.value.path == os.path.realpath(program("echo"))


@pytest.mark.parametrize("path", ["/usr/bin/env", "/none"])
def test_rules_without_a_program(path: str) -> None:
    builder = ProcPolicyBuilder().arg_rules(path, rules())
    with pytest.raises(ArgRulesUnused, match="rules unused") as caught:
        builder.build()
    assert caught.value.path == path


def test_rules_given_twice() -> None:
    echo = program("echo")
    builder = ProcPolicyBuilder().allow_bin(echo).arg_rules(echo, rules())
    with pytest.raises(ArgRulesDuplicate, match="twice"):
        builder.arg_rules(f"/.{echo}", rules()).build()
    assert builder.allow_bin(echo).build()


@pytest.mark.parametrize(
    "setter",
    [
        lambda: ArgRules().subcommand(""),
        lambda: ArgRules().subcommand("-x"),
        lambda: ArgRules().subcommand("--"),
        lambda: ArgRules().allowed_flags(["x"]),
        lambda: ArgRules().allowed_flags(["-"]),
        lambda: ArgRules().allowed_flags(["-n", "--"]),
        lambda: ArgRules().allowed_flags([""]),
        lambda: ArgRules().allowed_flags([" -n"]),
    ],
)
def test_rules_that_mean_nothing(setter: Callable[[], object]) -> None:
    with pytest.raises(ArgRulesInvalid, match="argument rules invalid"):
        setter()


@pytest.mark.parametrize("mode", [-1, 2, 2**32, 2**32 + 1, 2**70])
def test_an_unknown_mode(mode: int) -> None:
    """Those that a C int would cut to a known one, too."""
    with pytest.raises(ArgRulesInvalid):
        ArgRules().inject_double_dash(mode)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [-1, 2**63, 2**70])
def test_a_count_out_of_range(number: int) -> None:
    for setter in (ArgRules().max_flags, ArgRules().max_positionals):
        with pytest.raises(LimitInvalid, match="limit") as caught:
            setter(number)
        assert caught.value.value == setter.__name__


def test_setters_replace_and_leave_the_old_rules_alone() -> None:
    one = rules("-n", max_flags=1, max_positionals=1)
    text = repr(one)
    two = one.allowed_flags(["-i"]).max_flags(0).subcommand("x")
    assert two.max_flags(1).subcommand("y") == rules("-i", 1, 1).subcommand(
        "y"
    )
    assert repr(one) == text
    assert apply(one, ["-n", "a"]) == ["-n", "a"]
    assert isinstance(
        refuse(one.allowed_flags(["-i"]), ["-n"]), ArgFlagNotAllowed
    )


def test_rules_are_copied_into_the_builder() -> None:
    echo = program("echo")
    made = rules(max_positionals=1)
    builder = ProcPolicyBuilder().allow_bin(echo).arg_rules(echo, made)
    made.max_positionals(5)
    policy = builder.build()
    assert isinstance(
        policy.check(ProcRequest(echo, ["a", "b"])), ArgTooManyPositionals
    )

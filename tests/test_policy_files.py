"""Policies from files and dicts: what they come to, and where errors are."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import program
from hosts import on_linux
from policies import (
    ECHO,
    EVERYTHING,
    GREP,
    load,
    load_json,
    one,
    refusal,
    toml_lines,
    top,
    write,
)
from proc_jail import (
    ArgRules,
    Choice,
    GitRef,
    HostName,
    InjectDoubleDash,
    Int,
    Network,
    Overflow,
    Pattern,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    RiskyBinPolicy,
    Sandbox,
    Text,
    Tree,
    Url,
    WritePath,
)
from proc_jail._files import (
    policy_from_dict,
    policy_from_file,
    policy_to_dict,
)
from proc_jail._profile_data import PROFILES
from proc_jail._profiles import which

ROOT = Path(__file__).parent.parent
NEWCOMER = f"""
version = 1
timeout = 5
[env]
locale = true
[[program]]
path = "{GREP}"
flags = ["-n", "-i"]
max_positionals = 2
double_dash = true
[[program.match]]            # examples, enforced at load
argv = ["-n", "x", "f"]
[[program.not_match]]
argv = ["-r", "x"]
"""


def described(policy: ProcPolicy) -> Any:
    """The method calls that make it."""
    return policy.__reduce__()[1]


def builder() -> ProcPolicyBuilder:
    return ProcPolicyBuilder()


def grep(rules: ArgRules) -> ProcPolicyBuilder:
    return builder().allow_bin(GREP).arg_rules(GREP, rules)


# ------------------------------------------------------ what it comes to


def test_what_a_newcomer_writes(tmp_path: Path) -> None:
    policy = load(tmp_path, NEWCOMER)
    rules = ArgRules().allowed_flags(["-n", "-i"]).max_flags(2)
    rules = rules.max_positionals(2).inject_double_dash()
    same = grep(rules).timeout(5).env_locale_only().build()
    assert described(policy) == described(same)
    file = write(tmp_path, "one\nneedle\n", "text")
    output = policy.run(GREP, ["-n", "needle", os.fspath(file)])
    assert output.stdout == b"2:needle\n"


SAME: list[tuple[str, ProcPolicyBuilder]] = [
    (top(""), builder()),
    (top("risky = 'deny'"), builder()),
    (
        top("risky = 'warn'"),
        builder().risky_bin_policy(RiskyBinPolicy.AllowWithWarning),
    ),
    (top("risky = 'allow'"), builder().allow_risky_binaries()),
    (top("timeout = 2.5"), builder().timeout(2.5)),
    (top("timeout = '250ms'"), builder().timeout(0.25)),
    (top("timeout = '2 m'"), builder().timeout(timedelta(minutes=2))),
    (top("timeout = '1h'"), builder().timeout(3600)),
    (
        top("timeout = 9\nstop_grace = '2s'"),
        builder().timeout(9).stop_grace(2),
    ),
    (top("stop_grace = 0"), builder()),
    (top("max_stdout = 0"), builder().max_stdout(0)),
    (top("max_stdout = '3KiB'"), builder().max_stdout(3072)),
    (top("max_stderr = '3 kB'"), builder().max_stderr(3000)),
    (top("max_stdin = '1GiB'"), builder().max_stdin(2**30)),
    (top("on_overflow = 'stop'"), builder()),
    (
        top("on_overflow = 'keep_head'"),
        builder().on_overflow(Overflow.KeepHead),
    ),
    (
        top("on_overflow = 'keep_head_tail'"),
        builder().on_overflow(Overflow.KeepHeadTail),
    ),
    (top("cwd = '/etc'"), builder().cwd("/etc")),
    (top("[cwd]\njail = '/etc'"), builder().cwd_jailed("/etc")),
    (
        top("[cwd]\njail = '/'\ndefault = '/etc'"),
        builder().cwd_jailed("/", "/etc"),
    ),
    (
        top("[cwd]\nallow = ['/', '/etc']"),
        builder().cwd_allowlist(["/", "/etc"]),
    ),
    (
        top("cwd = {allow = [], default = '/etc'}"),
        builder().cwd_allowlist([], "/etc"),
    ),
    (top("[env]"), builder()),
    (top("env.locale = false"), builder()),
    (top("env.locale = true"), builder().env_locale_only()),
    (
        top("env.fixed = {A = 'b', C = ''}"),
        builder().env_fixed({"A": "b", "C": ""}),
    ),
    (top("env.allow = ['A', 'B']"), builder().env_allowlist(["A", "B"])),
    (one(""), grep(ArgRules())),
    (one("subcommand = 'log'"), grep(ArgRules().subcommand("log"))),
    (
        one("flags = ['-n']"),
        grep(ArgRules().allowed_flags(["-n"]).max_flags(1)),
    ),
    (
        one("flags = ['-n']\nmax_flags = 0"),
        grep(ArgRules().allowed_flags(["-n"])),
    ),
    (
        one("flags = ['-n']\nmax_flags = 5\nmax_positionals = 7"),
        grep(ArgRules().allowed_flags(["-n"]).max_flags(5).max_positionals(7)),
    ),
    (
        one("double_dash = true"),
        grep(ArgRules().inject_double_dash(InjectDoubleDash.AfterFlags)),
    ),
    (one("double_dash = false"), grep(ArgRules())),
    (
        one("flag = ['-n', ['-i', '--ignore-case']]"),
        grep(ArgRules().flag("-n").flag("-i", "--ignore-case")),
    ),
    (
        one("flag = ['-n', '-c']\nrequire = [['-n', '-c']]"),
        grep(ArgRules().flag("-n").flag("-c").require("-n", "-c")),
    ),
    (
        one("flag = ['-n', '-c']\nexclusive = [['-n', '-c']]"),
        grep(ArgRules().flag("-n").flag("-c").exclusive("-n", "-c")),
    ),
    (
        one("force = ['--no-messages', '-n']"),
        grep(ArgRules().force("--no-messages", "-n")),
    ),
    (one("force_env = {A = 'b'}"), grep(ArgRules().force_env({"A": "b"}))),
    (one("run_nothing = true"), grep(ArgRules().run_nothing())),
    (one("run_nothing = false"), grep(ArgRules())),
    (
        one("may_read = ['/etc', '/usr']\nmay_write = ['/tmp']"),
        grep(ArgRules().may_read("/etc", "/usr").may_write("/tmp")),
    ),
    (
        one("option = [{names = '-m', value = 'int'}]"),
        grep(ArgRules().option("-m", Int())),
    ),
    (
        one(
            "[[program.option]]\nnames = ['-m', '--max-count']\n"
            "value = {type = 'int', min = -1, max = 9}\n"
            "optional = false\nrepeat = 3"
        ),
        grep(ArgRules().option("-m", "--max-count", Int(-1, 9), repeat=3)),
    ),
    (
        one(
            "[[program.option]]\nnames = '--color'\nvalue = {type = 'choice',"
            " values = ['a', 'b']}\noptional = true\nrepeat = 'unlimited'"
        ),
        grep(
            ArgRules().option(
                "--color", Choice("a", "b"), optional=True, repeat=None
            )
        ),
    ),
    (
        one("positional = [{name = 'x', value = 'text'}]"),
        grep(ArgRules().positional("x", Text())),
    ),
    (
        one("positional = [{name = 'x', value = 'text', min = 2}]"),
        grep(ArgRules().positional("x", Text(), min=2, max=2)),
    ),
    (
        one(
            "[[program.positional]]\nname = 'x'\nvalue = 'text'\nmin = 0\n"
            "max = 'unlimited'\nunless = ['-e']\n"
            "[[program.option]]\nnames = '-e'\nvalue = 'text'\n"
        ),
        grep(
            ArgRules()
            .option("-e", Text())
            .positional("x", Text(), min=0, max=None, unless=["-e"])
        ),
    ),
    (
        one(
            "[[program.subcommand]]\nword = ['a', 'b']\nflag = ['-x']\n"
            "[[program.subcommand.subcommand]]\nword = 'c'\n"
        ).replace(GREP, ECHO),
        builder()
        .allow_bin(ECHO)
        .arg_rules(
            ECHO,
            ArgRules()
            .subcommand("a", ArgRules().flag("-x").subcommand("c", ArgRules()))
            .subcommand(
                "b", ArgRules().flag("-x").subcommand("c", ArgRules())
            ),
        ),
    ),
    (
        top("[[program]]\nprofile = 'grep'\nread = ['/etc']"),
        builder().profile("grep", read=["/etc"]),
    ),
    (
        top(
            "[[program]]\nprofile = 'sort'\nread = ['/etc']\n"
            f"write = ['/tmp']\npath = '{program('sort')}'"
        ),
        builder().profile("sort", read=["/etc"], write=["/tmp"]),
    ),
]
VALUES: list[tuple[str, Any]] = [
    ("'int'", Int()),
    ("{type = 'int', max = 3}", Int(max=3)),
    ("{type = 'int', min = -9223372036854775807}", Int(min=-(2**63) + 1)),
    ("{type = 'choice', values = ['']}", Choice("")),
    ("{type = 'text', max_length = 7}", Text(7)),
    ("{type = 'pattern', pattern = '[a-z]'}", Pattern("[a-z]")),
    (
        "{type = 'pattern', pattern = 'a|b', max_length = 9}",
        Pattern("a|b", 9),
    ),
    (
        "{type = 'read_path', roots = ['/etc', '/usr']}",
        ReadPath("/etc", "/usr"),
    ),
    ("{type = 'read_path', roots = []}", ReadPath()),
    ("{type = 'write_path', roots = ['/tmp']}", WritePath("/tmp")),
    ("'host_name'", HostName()),
    ("{type = 'host_name'}", HostName()),
    ("'url'", Url()),
    (
        "{type = 'url', schemes = ['http'], hosts = ['*.example.org']}",
        Url(["http"], ["*.example.org"]),
    ),
    ("'git_ref'", GitRef()),
]
SANDBOXES: list[tuple[str, Sandbox]] = [
    ("preset = 'default'", Sandbox()),
    ("preset = 'strict'", Sandbox.strict()),
    ("preset = 'compat'", Sandbox.compat()),
    ("preset = 'strict'\nread = ['/etc']", Sandbox.strict().read("/etc")),
    ("read = ['/etc', '/usr']", Sandbox().read("/etc", "/usr")),
    ("write = ['/tmp']", Sandbox().write("/tmp")),
    ("execute = ['/usr/bin']", Sandbox().execute("/usr/bin")),
    ("network = 'deny'", Sandbox().network(Network.Deny)),
    ("network = 'inherit'", Sandbox()),
    ("tree = 'group'", Sandbox().tree(Tree.Group)),
    ("max_memory = '1GiB'", Sandbox().max_memory(2**30)),
    ("max_processes = 7", Sandbox().max_processes(7)),
    ("max_file_size = 99", Sandbox().max_file_size(99)),
    ("max_open_files = 20", Sandbox().max_open_files(20)),
    ("max_cpu_seconds = 3", Sandbox().max_cpu_seconds(3)),
    ("umask = 0o027", Sandbox().umask(0o027)),
    ("umask = '027'", Sandbox().umask(0o027)),
    ("umask = '0o027'", Sandbox().umask(0o027)),
    (
        f"user = {{uid = {os.geteuid()}, gid = {os.getegid()}}}",
        Sandbox().user(os.geteuid(), os.getegid()),
    ),
    (
        "best_effort = ['host_signals', 'tree_totals']",
        Sandbox().best_effort("host_signals", "tree_totals"),
    ),
]


@pytest.mark.parametrize(("text", "same"), SAME)
def test_what_can_be_built_can_be_written(
    text: str, same: ProcPolicyBuilder, tmp_path: Path
) -> None:
    assert described(load(tmp_path, text)) == described(same.build())


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_types_of_values(text: str, value: Any, tmp_path: Path) -> None:
    policy = load(
        tmp_path, one(f"option = [{{names = '-m', value = {text}}}]")
    )
    assert described(policy) == described(
        grep(ArgRules().option("-m", value)).build()
    )
    assert_round_trip(policy)


@on_linux
@pytest.mark.parametrize(("text", "sandbox"), SANDBOXES)
def test_sandboxes(text: str, sandbox: Sandbox, tmp_path: Path) -> None:
    if "user" in text and os.geteuid() != 0:
        pytest.skip("only root may name ids")
    policy = load(tmp_path, f"version = 1\n[sandbox]\n{text}")
    same = builder().sandbox(sandbox).build()
    assert described(policy) == described(same)
    assert_round_trip(policy)


@on_linux
def test_everything_at_once(tmp_path: Path) -> None:
    by_toml = load(tmp_path, toml_lines(EVERYTHING))
    by_json = load_json(tmp_path, EVERYTHING)
    by_dict = policy_from_dict(EVERYTHING)
    assert described(by_toml) == described(by_json) == described(by_dict)
    assert_round_trip(by_toml)


# ----------------------------------------------------------- and back


def assert_round_trip(policy: ProcPolicy) -> None:
    """Its dict makes a policy with the same dict, by way of JSON too."""
    data = policy_to_dict(policy)
    assert policy_to_dict(policy_from_dict(data)) == data
    again = json.loads(json.dumps(data))
    assert policy_to_dict(policy_from_dict(again)) == data


@pytest.mark.parametrize(("text", "same"), SAME)
def test_round_trip(text: str, same: ProcPolicyBuilder) -> None:
    policy = same.build()
    assert_round_trip(policy)
    again = policy_from_dict(policy_to_dict(policy))
    if "profile" not in text:  # it declares in another order
        assert described(again) == described(policy)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_profiles_round_trip(name: str) -> None:
    if not os.path.exists(which(name)):
        pytest.skip(f"{name} is not installed")
    hosts = ["example.org"] if name == "curl" else []
    policy = (
        builder().profile(name, read=["/etc"], write=["/tmp"], hosts=hosts)
    ).build()
    assert_round_trip(policy)


def test_one_program_by_two_names(tmp_path: Path) -> None:
    link = tmp_path / "mygrep"
    link.symlink_to(GREP)
    rules = ArgRules().max_positionals(2)
    policy = grep(rules).allow_bin(link).build()
    data = policy_to_dict(policy)
    assert [p["path"] for p in data["program"]] == [[GREP, os.fspath(link)]]
    again = policy_from_dict(data)
    assert described(again) == described(policy)
    assert again.check(ProcRequest(link, ["a", "b"])) is None


def test_names_of_one_multicall_program_keep_their_rules(
    tmp_path: Path,
) -> None:
    busybox = program("busybox")
    names = [tmp_path / "echo", tmp_path / "cat"]
    made = builder()
    for count, name in enumerate(names, 1):
        name.symlink_to(busybox)
        made = made.allow_bin(name)
        made = made.arg_rules(name, ArgRules().max_positionals(count))
    policy = made.build()
    data = policy_to_dict(policy)
    assert [p["max_positionals"] for p in data["program"]] == [1, 2]
    assert described(policy_from_dict(data)) == described(policy)


def test_rules_by_another_path_come_back_by_the_first(tmp_path: Path) -> None:
    link = tmp_path / "mygrep"
    link.symlink_to(GREP)
    rules = ArgRules().max_positionals(2)
    policy = builder().allow_bin(link).arg_rules(GREP, rules).build()
    data = policy_to_dict(policy)
    assert data["program"][0]["path"] == os.fspath(link)
    assert_round_trip(policy)


def test_bytes_that_are_not_utf8_survive(tmp_path: Path) -> None:
    policy = grep(ArgRules().allowed_flags([b"-\xff"]).max_flags(1))
    policy = policy.env_fixed({b"A\xff": b"\xfe"})
    assert_round_trip(policy.build())


def test_a_dict_is_not_kept(tmp_path: Path) -> None:
    data = copy.deepcopy(EVERYTHING) | {"sandbox": {}}
    before = copy.deepcopy(data)
    policy = policy_from_dict(data)
    assert data == before
    told = described(policy)
    data["program"].clear()
    policy_to_dict(policy)["program"].clear()
    assert described(policy) == told


def test_tuples_and_mappings_are_as_good(tmp_path: Path) -> None:
    policy = policy_from_dict(
        {"version": 1, "program": ({"path": ECHO, "flags": ("-n",)},)}
    )
    assert policy.run(ECHO, ["-n"]).stdout == b""


# -------------------------------------------------- the python of a host


def test_an_unused_loader_is_not_imported() -> None:
    code = (
        "import sys, proc_jail, proc_jail._files;"
        "print(*(m for m in sys.modules"
        " if m in ('json', 'tomllib') or 'proc_jail._files_' in m))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True
    )
    assert done.stdout == b"\n"


def test_without_a_parser_of_toml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    monkeypatch.setitem(sys.modules, name, None)
    error = refusal(tmp_path, "version = 1")
    assert "proc_jail[files]" in error.reason
    load_json(tmp_path, {"version": 1})


def test_paths_of_every_kind(tmp_path: Path) -> None:
    path = write(tmp_path, "version = 1")
    for same in (path, os.fspath(path), os.fsencode(path)):
        policy_from_file(same)
    with pytest.raises(TypeError):
        policy_from_file(3)  # type: ignore[arg-type]


def test_a_path_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "version = 1")
    monkeypatch.chdir(tmp_path)
    policy_from_file("policy.toml")

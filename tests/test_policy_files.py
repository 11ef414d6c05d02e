"""Policies from files and dicts: what they come to, and where errors are."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
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
    write,
)
from policy_cases import SAME, builder, described, grep
from proc_jail import (
    ArgRules,
    Choice,
    GitRef,
    HostName,
    Int,
    Network,
    Pattern,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Sandbox,
    Text,
    Tree,
    Url,
    WritePath,
)
from proc_jail._policy.paths import which
from proc_jail.profiles import PROFILES

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
    ("max_data = '1GiB'", Sandbox().max_data(2**30)),
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
    ("allow = ['TIOCSWINSZ']", Sandbox().allow("TIOCSWINSZ")),
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
    by_dict = ProcPolicy.from_dict(EVERYTHING)
    assert described(by_toml) == described(by_json) == described(by_dict)
    assert_round_trip(by_toml)


# ----------------------------------------------------------- and back


def assert_round_trip(policy: ProcPolicy) -> None:
    """Its dict makes a policy with the same dict, by way of JSON too."""
    data = policy.to_dict()
    assert ProcPolicy.from_dict(data).to_dict() == data
    again = json.loads(json.dumps(data))
    assert ProcPolicy.from_dict(again).to_dict() == data


@pytest.mark.parametrize(("text", "same"), SAME)
def test_round_trip(text: str, same: ProcPolicyBuilder) -> None:
    policy = same.build()
    assert_round_trip(policy)
    again = ProcPolicy.from_dict(policy.to_dict())
    if "profile" not in text:  # it declares in another order
        assert described(again) == described(policy)


@on_linux
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
    data = policy.to_dict()
    assert [p["path"] for p in data["program"]] == [[GREP, os.fspath(link)]]
    again = ProcPolicy.from_dict(data)
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
    data = policy.to_dict()
    assert [p["max_positionals"] for p in data["program"]] == [1, 2]
    assert described(ProcPolicy.from_dict(data)) == described(policy)


def test_names_of_a_multicall_program_in_another_folder(
    tmp_path: Path,
) -> None:
    """Rules belong to the name that they were given by, wherever it is."""
    busybox = program("busybox")
    made = builder()
    for folder in ("allowed", "ruled"):
        (tmp_path / folder).mkdir()
        for name in ("echo", "cat"):
            (tmp_path / folder / name).symlink_to(busybox)
    for name in ("echo", "cat"):
        made = made.allow_bin(tmp_path / "allowed" / name)
    for name, count in (("cat", 2), ("echo", 1)):
        rules = ArgRules().max_positionals(count)
        made = made.arg_rules(tmp_path / "ruled" / name, rules)
    data = made.build().to_dict()
    assert {p["path"]: p["max_positionals"] for p in data["program"]} == {
        os.fspath(tmp_path / "allowed" / "cat"): 2,
        os.fspath(tmp_path / "allowed" / "echo"): 1,
    }


def test_rules_by_another_path_come_back_by_the_first(tmp_path: Path) -> None:
    link = tmp_path / "mygrep"
    link.symlink_to(GREP)
    rules = ArgRules().max_positionals(2)
    policy = builder().allow_bin(link).arg_rules(GREP, rules).build()
    data = policy.to_dict()
    assert data["program"][0]["path"] == os.fspath(link)
    assert_round_trip(policy)


def test_bytes_that_are_not_utf8_survive(tmp_path: Path) -> None:
    policy = grep(ArgRules().allowed_flags([b"-\xff"]).max_flags(1))
    policy = policy.env_fixed({b"A\xff": b"\xfe"})
    assert_round_trip(policy.build())


@on_linux
def test_a_dict_is_not_kept() -> None:
    data = copy.deepcopy(EVERYTHING) | {"sandbox": {}}
    before = copy.deepcopy(data)
    policy = ProcPolicy.from_dict(data)
    assert data == before
    told = described(policy)
    data["program"].clear()
    policy.to_dict()["program"].clear()
    assert described(policy) == told


def test_tuples_and_mappings_are_as_good(tmp_path: Path) -> None:
    policy = ProcPolicy.from_dict(
        {"version": 1, "program": ({"path": ECHO, "flags": ("-n",)},)}
    )
    assert policy.run(ECHO, ["-n"]).stdout == b""


# -------------------------------------------------- the python of a host


def test_an_unused_loader_is_not_imported() -> None:
    code = (
        "import sys, proc_jail, proc_jail._policy.files;"
        "print(*(m for m in sys.modules"
        " if m in ('json', 'tomllib') or 'proc_jail._policy.files.' in m))"
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
        ProcPolicy.from_file(same)
    with pytest.raises(TypeError):
        ProcPolicy.from_file(3)  # type: ignore[arg-type]


def test_a_path_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "version = 1")
    monkeypatch.chdir(tmp_path)
    ProcPolicy.from_file("policy.toml")

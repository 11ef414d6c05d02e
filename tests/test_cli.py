"""proc-jail as it is installed: what it prints, and what it exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import (
    GREP,
    SH,
    grep_policy,
    invoke,
    on_a_terminal,
    policy_of,
    shell_policy,
)
from conftest import program
from hosts import on_linux
from policies import write
from proc_jail import __version__
from proc_jail._policy.files.schema import schema_text
from proc_jail.profiles import PROFILES

# ---------------------------------------------------------------- check


def test_check_of_what_is_allowed(tmp_path: Path) -> None:
    policy = grep_policy(tmp_path, env={"fixed": {"A": "secret"}})
    done = invoke("check", policy, "--env", "B=hidden", "--", "grep", "x", "f")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "allowed": True,
        "command": {
            "bin": os.path.realpath(GREP),
            "argv": ["--", "x", "f"],
            "cwd": os.path.realpath("/tmp"),
            "env": ["A"],
            "stripped_env": ["B"],
        },
    }
    assert done.stderr == b""


def test_check_of_what_is_denied(tmp_path: Path) -> None:
    done = invoke("check", grep_policy(tmp_path), "--", GREP, "-r", "x")
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    assert answer == {
        "allowed": False,
        "error": {
            "code": "ArgFlagNotAllowed",
            "message": answer["error"]["message"],
            "flag": "-r",
            "index": 0,
            "expected": "-n -i",
        },
    }
    assert "not allowed: -r" in answer["error"]["message"]


def test_check_tells_the_category(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path, risky="deny")
    done = invoke("check", policy, "--", SH)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["category"] == "Shell"


def test_check_of_no_policy(tmp_path: Path) -> None:
    policy = write(tmp_path, "version = 1\n\n[env]\nbogus = 1")
    done = invoke("check", policy, "--", GREP)
    assert done.returncode == 4
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "PolicyFileError"
    assert (error["line"], error["column"]) == (4, 1)
    assert error["key"] == "env.bogus"


def test_check_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "made"
    policy = shell_policy(tmp_path)
    done = invoke("check", policy, "--", SH, "-c", f"touch {file}")
    assert done.returncode == 0
    assert not file.exists()


# -------------------------------------------------------------- explain


@on_linux
def test_explain_of_what_is_allowed(tmp_path: Path) -> None:
    policy = grep_policy(
        tmp_path, env={"fixed": {"A": "secret"}}, sandbox={"umask": "077"}
    )
    done = invoke("explain", policy, "--", "grep", "-ni", "x y", "f")
    assert done.returncode == 3  # -ni is one flag, and not listed
    done = invoke("explain", policy, "--", "grep", "-n", "x y", "f")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert [line.split("\t")[1] for line in lines[:9]] == ["ok"] * 9
    told = "\n".join(" ".join(line.split()) for line in lines[10:])
    assert f"request {GREP} -n 'x y' f" in told
    assert "read as option --line-number\nread as operand 'x y'" in told
    assert f"would run {os.path.realpath(GREP)} -n -- 'x y' f" in told
    assert "environment A\n" in told
    assert "timeout 30 seconds" in told
    assert "sandbox umask 63" in told
    assert b"secret" not in done.stdout


@on_linux
def test_explain_tells_the_files_that_rules_leave(tmp_path: Path) -> None:
    rules = {
        "path": GREP,
        "may_read": ["/usr"],
        "positional": [
            {"name": "pattern", "value": {"type": "text", "max_length": 9}},
            {
                "name": "file",
                "value": {"type": "read_path", "roots": ["/etc"]},
            },
        ],
    }
    policy = policy_of(tmp_path, rules, sandbox={"execute": ["/usr/bin"]})
    done = invoke("explain", policy, "--", "grep", "x", "/etc/passwd")
    lines = [" ".join(t.split()) for t in done.stdout.decode().splitlines()]
    assert {
        "may read /etc /usr /usr/bin",
        "may write nothing",
        "may execute /usr/bin",
    } <= set(lines)


@pytest.mark.parametrize(
    ("args", "check", "code"),
    [
        (["/no/such"], "file", "BinNotFound"),
        (["/etc"], "file", "BinIsDirectory"),
        (["/etc/passwd"], "executable", "BinNotExecutable"),
        ([program("wc")], "allow-list", "BinNotAllowed"),
        ([SH], "risk", "BinRiskyDenied"),
        ([GREP, "-r"], "arguments", "ArgTooManyFlags"),
    ],
)
def test_explain_tells_the_check(
    args: list[str], check: str, code: str, tmp_path: Path
) -> None:
    policy = write(
        tmp_path,
        f"version = 1\n[[program]]\npath = '{GREP}'\n"
        f"[[program]]\npath = '{SH}'\n",
    )
    done = invoke("explain", policy, "--", *args)
    assert done.returncode == 3
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    denied = next(row for row in rows if row[1] == "DENIED")
    assert denied[0] == check
    assert denied[2].startswith(f"{code}: ")
    at = rows.index(denied)
    assert {row[1] for row in rows[:at]} <= {"ok"}
    assert {row[1] for row in rows[at + 1 : 9]} <= {"-"}


def test_explain_of_directory_environment_and_input(tmp_path: Path) -> None:
    policy = grep_policy(tmp_path, cwd={"jail": "/"})
    for more, check in (
        (["--env", "=x"], "environment"),
        (["--cwd", "/no/such"], "directory"),
        (["--stdin", "/etc/passwd"], "input"),
    ):
        done = invoke("explain", policy, *more, "--", GREP, "x")
        assert done.returncode == 3
        assert f"{check}\tDENIED\t" in done.stdout.decode()


# ---------------------------------------------------------- on a terminal


def test_colours_and_columns_on_a_terminal(tmp_path: Path) -> None:
    command = ["explain", os.fspath(grep_policy(tmp_path)), "--", GREP, "x"]
    shown = on_a_terminal(*command)
    assert "\x1b[32mok\x1b[0m" in shown
    assert "\t" not in shown
    rows = shown.splitlines()
    assert rows[0].startswith("\x1b[1mcheck")
    assert "\x1b[1;31mDENIED\x1b[0m" in on_a_terminal(*command, "-r")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        shown = on_a_terminal(*command, env=env)
        assert "\x1b" not in shown
        assert "\t" not in shown
        assert shown.splitlines()[0].split() == ["check", "says", "because"]
    assert "\x1b" in on_a_terminal(*command, env={"NO_COLOR": ""})
    assert b"\x1b" not in invoke(*command).stdout


def test_nothing_of_a_request_reaches_the_terminal_raw(
    tmp_path: Path,
) -> None:
    policy = grep_policy(tmp_path)
    evil = "\x1b]0;title\x07\x1b[2J\u202e"
    for name in ("explain", "check", "run"):
        shown = on_a_terminal(
            name, policy, "--", GREP, f"-{evil}", env={"NO_COLOR": "1"}
        )
        assert "title" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)


# ------------------------------------------------------------ the others


def test_lint(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, {"path": program("sort"), "flags": ["-o"]})
    done = invoke("lint", policy)
    assert done.returncode == 1
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert rows[0][:3] == ["error", "OptionWrites", program("sort")]
    found = json.loads(invoke("lint", "--json", policy).stdout)
    assert found[0]["capability"] == "write"
    assert found[0]["source"] == "csrc/programs/sort.def: --output"
    shown = on_a_terminal("lint", policy)
    assert "\x1b[1;31merror\x1b[0m" in shown
    assert found[0]["remedy"] in shown


def test_lint_of_a_good_policy(tmp_path: Path) -> None:
    done = invoke("lint", grep_policy(tmp_path, cwd="/"))
    assert (done.returncode, done.stdout) == (0, b"")
    assert invoke("lint", write(tmp_path, "")).returncode == 4


def test_profiles() -> None:
    done = invoke("profiles")
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert [row[0] for row in rows] == sorted(PROFILES)
    assert dict(rows)["wc"] == PROFILES["wc"].title
    assert json.loads(invoke("profiles", "--json").stdout) == dict(rows)
    told = invoke("profiles", "wc").stdout.decode()
    assert f"allowed\twc {PROFILES['wc'].match[0]}\n" in told
    assert f"DENIED\twc {PROFILES['wc'].not_match[0]}\n" in told
    data = json.loads(invoke("profiles", "wc", "--json").stdout)
    assert data["match"] == list(PROFILES["wc"].match)
    assert invoke("profiles", "bogus").returncode == 1


def test_schema() -> None:
    assert invoke("schema").stdout.decode() == schema_text()


def test_version_and_help() -> None:
    assert invoke("--version").stdout.decode() == f"{__version__}\n"
    done = subprocess.run(
        [sys.executable, "-m", "proc_jail", "--version"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == f"{__version__}\n"
    assert b"exit status of run" in invoke("--help").stdout
    for name in ("run", "check", "explain"):
        assert b"POLICY -- BIN" in invoke(name, "--help").stdout


@pytest.mark.parametrize(
    ("args", "status"),
    [
        ([], 2),
        (["bogus"], 2),
        (["check"], 2),
        (["check", "x.toml"], 2),
        (["check", "x.toml", "--"], 2),
        (["check", "--", "x"], 2),
        (["check", "x.toml", "y", "--", "z"], 2),
        (["check", "x.toml", "--env", "A", "--", "z"], 2),
        (["check", "x.toml", "--bogus", "--", "z"], 2),
        (["lint", "x.toml", "--", "z"], 2),
        (["schema", "x"], 2),
        (["completion", "fish"], 2),
        (["run"], 125),
        (["run", "x.toml"], 125),
        (["run", "--", "x"], 125),
        (["run", "x.toml", "--bogus", "--", "z"], 125),
        (["run", "x.toml", "--env", "A", "--", "z"], 125),
    ],
)
def test_wrong_usage(args: list[str], status: int) -> None:
    done = invoke(*args)
    assert (done.returncode, done.stdout) == (status, b"")
    assert done.stderr.startswith(b"usage: proc-jail")
    assert len(done.stderr.splitlines()) >= 2


MCP = """
import sys, types
sys.modules["proc_jail.tools.mcp"] = {module}
from proc_jail.cli.main import main
sys.exit(main(["mcp", sys.argv[1], "--name", "mine"]))
"""


def mcp(policy: Path, module: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", MCP.format(module=module), policy],
        capture_output=True,
        check=False,
    )


def test_mcp_hands_the_policy_over(tmp_path: Path) -> None:
    module = (
        "types.SimpleNamespace(main=lambda policy, name: "
        "print(policy, name) or 9)"
    )
    done = mcp(grep_policy(tmp_path), module)
    assert done.returncode == 9
    assert done.stdout.decode().startswith(f"ProcPolicy(bins=['{GREP}']")
    assert done.stdout.endswith(b" mine\n")


def test_mcp_without_its_sdk_names_the_extra(tmp_path: Path) -> None:
    done = mcp(grep_policy(tmp_path), "None")
    assert done.returncode == 1
    assert b"pip install 'proc_jail[mcp]'" in done.stderr

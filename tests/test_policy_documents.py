"""What is told of policy files and the command line is so."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from commands import invoke
from conftest import program
from hosts import on_linux
from policies import load, parse, refusal, write
from proc_jail import ProcRequest, lint
from proc_jail._policy.files.containers import Table
from proc_jail._policy.files.format import TABLES
from proc_jail.cli.main import make_parser

ROOT = Path(__file__).parent.parent
FILES = (ROOT / "docs/policy-files.md").read_text(encoding="utf-8")
CLI = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "examples/policy.toml").read_text(encoding="utf-8")


FENCED = re.compile(r"^```(\w*)\n(.*?)^```\n", re.M | re.S)


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in FENCED.findall(text) if kind == language]


@pytest.fixture(autouse=True)
def _needs_its_programs() -> None:
    for name in ("grep", "wc", "uname"):
        if program(name) != f"/usr/bin/{name}":
            pytest.skip(f"{name} is elsewhere")


@on_linux
@pytest.mark.parametrize(
    "text", [EXAMPLE, *blocks(README, "toml"), *blocks(FILES, "toml")]
)
def test_policies_that_are_shown_load(text: str, tmp_path: Path) -> None:
    policy = load(tmp_path, text)
    assert [f for f in lint(policy) if f.severity == "error"] == []


def test_enough_is_shown() -> None:
    assert len(blocks(README, "toml")) == 1
    assert len(blocks(FILES, "toml")) >= 4


def test_the_error_that_is_shown(tmp_path: Path) -> None:
    text = blocks(FILES, "toml")[0].replace("flags", "flgs")
    told = str(refusal(tmp_path, text)).removeprefix(f"{tmp_path}/")
    assert told == blocks(FILES, "")[0].rstrip("\n")


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_entry_is_explained(table: Table) -> None:
    spans = re.findall(r"`[^`]+`", FENCED.sub("", FILES))
    told = set(re.findall(r"[a-z_]+", " ".join(spans)))
    assert set(table.fields) - told <= {"type"}


def test_commands_that_are_shown(tmp_path: Path) -> None:
    """With the statuses that are told: allowed, denied, and so on."""
    policy = write(tmp_path, blocks(README, "toml")[0])
    statuses = {"run": 0, "check": 3, "explain": 0, "lint": 0}
    for text in (README, CLI):
        lines = [
            line.partition("#")[0]
            for block in blocks(text, "sh")
            for line in block.splitlines()
            if line.startswith("proc-jail")
        ]
        assert len(lines) == len(statuses)
        for line in lines:
            _, name, *args = shlex.split(line)
            args = [str(policy) if a == "policy.toml" else a for a in args]
            assert invoke(name, *args).returncode == statuses[name], line


def test_the_answer_that_is_shown(tmp_path: Path) -> None:
    policy = write(tmp_path, blocks(README, "toml")[0])
    done = invoke("check", policy, "--", "grep", "-r", "root", "/etc")
    assert json.loads(done.stdout) == json.loads(blocks(CLI, "json")[0])


def test_every_command_and_option_is_told() -> None:
    told = make_parser().format_help()
    names = re.findall(r"^    ([a-z]+)(?:  |$)", told, re.M)
    assert len(names) == 9
    for name in names:
        assert f"| `{name}" in CLI, name
        shown = invoke(name, "--help").stdout.decode()
        for option in set(re.findall(r"--[a-z]+", shown)) - {"--help"}:
            assert option in CLI, option


@on_linux
def test_the_example_allows_what_it_says(tmp_path: Path) -> None:
    path = write(tmp_path, EXAMPLE)
    policy = load(tmp_path, EXAMPLE)
    assert policy.check(ProcRequest("/usr/bin/uname", ["-r"])) is None
    commands = re.findall(r"^#     proc-jail (.*)", EXAMPLE, re.M)
    assert len(commands) == 2
    for line in commands:
        name, _, *args = shlex.split(line)
        assert invoke(name, path, *args).returncode in (0, 1), line
    assert len(parse(EXAMPLE)["program"]) == 3

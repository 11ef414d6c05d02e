"""Completion scripts, run by real shells."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands import COMMAND, invoke
from proc_jail.cli.main import make_parser

BASH = shutil.which("bash")
ZSH = shutil.which("zsh")
needs_bash = pytest.mark.skipif(BASH is None, reason="no bash here")
needs_zsh = pytest.mark.skipif(ZSH is None, reason="no zsh here")
COMMANDS = [
    "run",
    "check",
    "explain",
    "lint",
    "doctor",
    "profiles",
    "schema",
    "mcp",
    "completion",
]
# How long a shell may take to answer before the test fails.
PATIENCE = 60

ASK = """
eval "$("$1" completion bash)"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_proc_jail
printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash_offers(*words: str, cwd: Path) -> list[str]:
    """What bash offers for the last of these words."""
    done = subprocess.run(
        [
            BASH or "",
            "--norc",
            "-uc",
            ASK,
            "bash",
            COMMAND,
            "proc-jail",
            *words,
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.toml").touch()
    (tmp_path / "with space.toml").touch()
    (tmp_path / "down").mkdir()
    return tmp_path


@needs_bash
def test_bash_offers_commands_and_options(folder: Path) -> None:
    assert bash_offers("", cwd=folder) == [*COMMANDS, "--help", "--version"]
    assert bash_offers("ch", cwd=folder) == ["check"]
    assert bash_offers("run", "--", cwd=folder) == [
        "--help",
        "--cwd",
        "--env",
        "--stdin",
    ]
    assert bash_offers("lint", "--j", cwd=folder) == ["--json"]
    assert bash_offers("completion", "", cwd=folder) == ["bash", "zsh"]
    assert bash_offers("profiles", "gre", cwd=folder) == ["grep"]


@needs_bash
def test_bash_offers_files(folder: Path) -> None:
    files = ["down", "policy.toml", "with space.toml"]
    assert sorted(bash_offers("lint", "", cwd=folder)) == files
    assert bash_offers("run", "pol", cwd=folder) == ["policy.toml"]
    assert bash_offers("run", "x", "--cwd", "", cwd=folder) == ["down"]
    assert sorted(bash_offers("run", "--stdin", "", cwd=folder)) == files
    assert bash_offers("run", "--env", "", cwd=folder) == []
    assert bash_offers("run", "x", "--", "wi", cwd=folder) == [
        "with space.toml"
    ]
    assert bash_offers("schema", "", cwd=folder) == []


class Shell:
    """An interactive shell on a terminal, typed into and read."""

    def __init__(self, *command: str, cwd: Path) -> None:
        self.ours, its = pty.openpty()
        self.shown = ""
        path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
        # A sanitized build needs its runtime in every process.
        kept = ("LD_PRELOAD", "ASAN_OPTIONS")
        self.process = subprocess.Popen(
            command,
            stdin=its,
            stdout=its,
            stderr=its,
            cwd=cwd,
            start_new_session=True,
            env={
                "PATH": path,
                "TERM": "dumb",
                "PS1": "> ",
                "HOME": str(cwd),
                **{k: v for k, v in os.environ.items() if k in kept},
            },
        )
        os.close(its)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until the shell has shown a text."""
        while text not in self.shown:
            ready, _, _ = select.select([self.ours], [], [], PATIENCE)
            assert ready, f"no {text!r} in {self.shown!r}"
            self.shown += os.read(self.ours, 65536).decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


@needs_bash
def test_a_tab_in_bash(folder: Path) -> None:
    shell = Shell(BASH or "", "--norc", "--noprofile", "-i", cwd=folder)
    try:
        shell.type('eval "$(proc-jail completion bash)"; echo rea""dy\n')
        shell.wait_for("ready")
        shell.type("proc-jail exp\t")
        shell.wait_for("proc-jail explain ")
        shell.type("pol\t")
        shell.wait_for("explain policy.toml ")
    finally:
        shell.close()


@needs_zsh
def test_a_tab_in_zsh(folder: Path) -> None:
    shell = Shell(ZSH or "", "-f", "-i", "-o", "no_prompt_cr", cwd=folder)
    try:
        shell.type("autoload -U compinit; compinit -u -D\n")
        shell.type('source <(proc-jail completion zsh); echo rea""dy\n')
        shell.wait_for("ready")
        shell.type("proc-jail exp\t")
        shell.wait_for("proc-jail explain ")
        shell.type("pol\t")
        shell.wait_for(" policy.toml ")
    finally:
        shell.close()


@needs_zsh
def test_zsh_reads_the_script() -> None:
    script = invoke("completion", "zsh").stdout
    done = subprocess.run(
        [ZSH or "", "-n"], input=script, capture_output=True, check=True
    )
    assert done.stderr == b""


def test_both_scripts_know_every_option() -> None:
    parser = make_parser()
    options = set(re.findall(r"--[a-z]+", parser.format_help()))
    for name in COMMANDS:
        told = invoke(name, "--help").stdout.decode()
        options |= set(re.findall(r"--[a-z]+", told))
    for shell in ("bash", "zsh"):
        script = invoke("completion", shell).stdout.decode()
        assert all(name in script for name in COMMANDS)
        missing = {o for o in options if o not in script}
        assert missing <= ({"--version"} if shell == "zsh" else set())


def test_completion_needs_no_python(tmp_path: Path) -> None:
    """A TAB starts nothing, so it does not wait for an interpreter."""
    script = invoke("completion", "bash").stdout.decode()
    body = script.partition("\n")[2]
    assert "proc-jail " not in body.replace("_proc_jail proc-jail", "")
    assert sys.executable not in script

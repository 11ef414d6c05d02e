"""Policy files of the tests: writing them, and one that has everything."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from conftest import program
from proc_jail import PolicyFileError, ProcPolicy

GREP = program("grep")
ECHO = program("echo")

# Every entry of every table, in a policy that loads.
EVERYTHING: dict[str, Any] = {
    "version": 1,
    "risky": "warn",
    "timeout": "1.5m",
    "stop_grace": 0.5,
    "max_stdout": "2MiB",
    "max_stderr": 4096,
    "max_stdin": "1KiB",
    "on_overflow": "keep_head_tail",
    "cwd": {"jail": "/", "default": "/etc"},
    "env": {"fixed": {"TZ": "UTC", "A": "b"}},
    "sandbox": {
        "preset": "default",
        "network": "inherit",
        "tree": "group",
        "read": ["/etc", "/usr"],
        "write": ["/tmp"],
        "execute": ["/usr/bin"],
        "max_memory": "1GiB",
        "max_data": "1GiB",
        "max_processes": 64,
        "max_file_size": "1MiB",
        "max_open_files": 64,
        "max_cpu_seconds": 10,
        "umask": "077",
        "allow": ["TIOCSWINSZ"],
        "best_effort": ["host_signals", "tree_totals"],
    },
    "program": [
        {
            "path": ECHO,
            "flags": ["-n", "-e"],
            "max_flags": 1,
            "max_positionals": 3,
            "match": [["-n", "a"], {"argv": ["x"], "cwd": "/", "env": {}}],
            "not_match": [
                ["-x"],
                {
                    "argv": ["x"],
                    "cwd": "/absent",
                    "code": "CwdForbidden",
                },
            ],
        },
        {
            "path": [GREP],
            "flag": ["-n", ["-i", "--ignore-case"]],
            "option": [
                {
                    "names": ["-m", "--max-count"],
                    "value": {"type": "int", "min": 1, "max": 9},
                    "optional": False,
                    "repeat": 2,
                },
                {"names": "-A", "value": "int", "repeat": "unlimited"},
                {
                    "names": "--color",
                    "value": {"type": "choice", "values": ["never"]},
                    "optional": True,
                },
                {
                    "names": "-e",
                    "value": {
                        "type": "pattern",
                        "pattern": "[a-z]+",
                        "max_length": 99,
                    },
                },
                {
                    "names": "--label",
                    "value": {
                        "type": "url",
                        "schemes": ["https"],
                        "hosts": ["*.example.org"],
                    },
                },
                {"names": "--exclude", "value": {"type": "git_ref"}},
                {"names": "--include", "value": {"type": "host_name"}},
                {
                    "names": "-f",
                    "value": {"type": "write_path", "roots": []},
                },
            ],
            "positional": [
                {
                    "name": "pattern",
                    "value": {"type": "text", "max_length": 99},
                    "unless": ["-e"],
                },
                {
                    "name": "files",
                    "value": {"type": "read_path", "roots": ["/etc"]},
                    "min": 1,
                    "max": "unlimited",
                },
            ],
            "require": [["-n", "-i"]],
            "exclusive": [["-A", "-m"]],
            "force": ["--no-messages"],
            "force_env": {"LC_ALL": "C"},
            "may_read": ["/etc"],
            "may_write": ["/tmp"],
            "run_nothing": True,
            "double_dash": False,
            "match": [["-nm3", "root", "passwd"]],
            "not_match": [["-r", "root", "passwd"], ["x", "passwd"]],
        },
    ],
}


def one(text: str) -> str:
    """A file with this about grep."""
    return f"version = 1\n[[program]]\npath = '{GREP}'\n{text}"


def top(text: str) -> str:
    return f"version = 1\n{text}"


def toml(value: object) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k)} = {toml(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def toml_lines(data: dict[str, Any]) -> str:
    """A document, one entry of the policy a line."""
    return "".join(f"{key} = {toml(value)}\n" for key, value in data.items())


def write(folder: Path, text: str | bytes, name: str = "policy.toml") -> Path:
    """A policy file that is nobody else's."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return path


def load(
    folder: Path, text: str | bytes, name: str = "policy.toml"
) -> ProcPolicy:
    return ProcPolicy.from_file(write(folder, text, name))


def load_json(folder: Path, data: object) -> ProcPolicy:
    return load(folder, json.dumps(data, indent=1), "policy.json")


def refusal(
    folder: Path, text: str | bytes, name: str = "policy.toml"
) -> PolicyFileError:
    """Why a file is no policy."""
    try:
        load(folder, text, name)
    except PolicyFileError as error:
        return error
    raise AssertionError("it was loaded")


def assert_clear(error: PolicyFileError) -> None:
    """One line that can be logged, with a reason in words."""
    assert error.code == "PolicyFileError"
    assert str(error).isprintable()
    assert len(str(error)) < 1000
    assert error.reason
    assert error.reason in str(error)


def parse(text: str) -> Any:
    """A TOML text as plain values."""
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    return importlib.import_module(name).loads(text)

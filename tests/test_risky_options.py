"""No profile takes an option that is known to be dangerous.

What the tables of programs say, and a table that others made.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import oracles
from oracles import id_of
from proc_jail import ProcPolicy, ProcPolicyBuilder, ProcRequest, _core
from proc_jail._policy.model import names_of
from proc_jail._policy.paths import which
from proc_jail.profiles import PROFILES
from proc_jail.profiles.base import table

# What profiles take all the same, and what holds it instead: every file
# that is read lies below a root, by the kernel; the deadline ends the rest;
# sed runs with --sandbox, which refuses the commands that are meant.
BOUNDED = {
    ("diff", "--line-format"): "formats what is below the roots",
    ("git log", "-p"): "--no-ext-diff, and nothing is executed",
    ("git show", "--format"): "--output is refused",
    ("grep", "-P"): "the deadline",
    ("grep", "--perl-regexp"): "the deadline",
    ("grep", "-R"): "the roots",
    ("grep", "--dereference-recursive"): "the roots",
    ("grep", "--directories"): "the roots",
    ("grep", "--recursive"): "the roots",
    ("grep", "-d"): "the roots",
    ("grep", "-r"): "the roots",
    ("sed", "--expression"): "--sandbox",
    ("sed", "--separate"): "--sandbox",
    ("sed", "-e"): "--sandbox",
    ("sed", "-s"): "--sandbox",
    ("sort", "-m"): "the roots",
    ("tar", "--file"): "the roots, since archives are only listed",
    ("tar", "-f"): "the roots, since archives are only listed",
    ("dd", "if="): "the roots",
}


def known() -> list[tuple[str, str]]:
    """Pairs of a program ("git log") and an option of it."""
    return sorted(
        {
            (program, token)
            for program, token, _ in oracles.options()
            if program.partition(" ")[0] in PROFILES
            and _core._program(id_of(program)) is not None
        }
    )


LISTED = known()


def rows_of(program: str) -> list[dict[str, Any]]:
    options: list[dict[str, Any]] = table(id_of(program))["options"]
    return options


def dangerous() -> list[tuple[str, str]]:
    """Every option of the tables that can execute, write or connect."""
    found = []
    for name, profile in PROFILES.items():
        parts = [f"{name} {inner.name}" for inner in profile.inner]
        for program in (name, *parts):
            for row in rows_of(program):
                if row["effect"] in ("exec", "write", "network", "config"):
                    found += [(program, token) for token in names_of(row)]
    return found


def abbreviations(token: str) -> list[str]:
    """A long name cut short, down to one letter."""
    if not token.startswith("--"):
        return []
    return [token[:end] for end in range(3, len(token))]


def spellings(program: str, token: str) -> list[list[str]]:
    """All the ways to write an option, with a value or without."""
    if token.endswith("="):
        return [[token + "x"], ["bs=1", token + "/etc/passwd"]]
    ways = [[token], [token, "x"], [token, "/tmp/x"]]
    if token.startswith("--"):
        for name in [token, *abbreviations(token)]:
            ways += [[name], [name + "=x"], [name, "x"]]
    elif len(token) == 2:
        plain = [
            row["letter"]
            for row in rows_of(program)
            if row["letter"] and row["arity"] == "no_value"
        ]
        ways += [[token + "x"], [token + "=x"]]
        ways += [[letter + token[1:], "x"] for letter in plain]
        ways += [[letter + token[1:] + "x"] for letter in plain]
    return ways


def means(program: str, argv: list[str], token: str) -> bool:
    """Whether the program, by its table, reads that option in argv."""
    words = program.split()[1:] + argv
    try:
        items = _core._read_argv(program.split(maxsplit=1)[0], words)
    except Exception:
        return True  # cannot be read: must be refused
    names = {
        name
        for row in rows_of(program)
        if token in names_of(row)
        for name in names_of(row)
    }
    return any(item[2] in names for item in items)


def policy_of(name: str, root: Path) -> ProcPolicy:
    if not os.path.exists(which(name)):
        pytest.skip(f"no {name} here")
    builder = ProcPolicyBuilder().profile(
        name, read=[root], hosts=["example.com"]
    )
    return builder.cwd(root).build()


ALL: dict[str, list[str]] = {}
for _program, _token in sorted(set(LISTED) | set(dangerous())):
    if (_program, _token) not in BOUNDED:
        ALL.setdefault(_program, []).append(_token)


@pytest.mark.parametrize("program", ALL)
def test_every_spelling_is_refused(program: str, tmp_path: Path) -> None:
    name, *inner = program.split()
    policy = policy_of(name, tmp_path)
    (tmp_path / "x").write_text("")
    for token in ALL[program]:
        tried = 0
        for way in spellings(program, token):
            for tail in ([], ["x"], ["x", "x"]):
                argv = [*way, *tail]
                if not means(program, argv, token):
                    continue
                tried += 1
                request = ProcRequest(which(name), [*inner, *argv])
                assert policy.check(request) is not None, argv
        assert tried > 0, token


def test_the_list_is_not_empty() -> None:
    assert len(dangerous()) > 150
    assert len(LISTED) > 80

"""proc-jail explain: the checks one by one, and what would be run."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from proc_jail import _core
from proc_jail._core import (
    PreparedCommand,
    ProcPolicy,
    ProcRequest,
    Violation,
)
from proc_jail._escape import one_line
from proc_jail._policy.model import files_of, name_at
from proc_jail.cli.outcome import DENIED, OK
from proc_jail.cli.request import load, request_of
from proc_jail.cli.screen import Screen

# The checks in their order, and how the codes of each begin.
CHECKS: list[tuple[str, tuple[str, ...]]] = [
    ("path", ("BinNotAbsolute", "NulByte")),
    ("file", ("BinNotFound", "BinCanonicalize", "BinIs", "BinNotRegular")),
    ("executable", ("BinNotExecutable", "BinChanged")),
    ("allow-list", ("BinNotAllowed",)),
    ("risk", ("BinRisky",)),
    ("arguments", ("Arg", "ValueType")),
    ("environment", ("Env",)),
    ("directory", ("Cwd",)),
    ("input", ("Stdin",)),
]


def explain(args: argparse.Namespace) -> int:
    policy = load(args, checks_only=True)
    request = request_of(args, policy)
    screen = Screen(sys.stdout)
    try:
        command = policy.prepare(request)
    except Violation as error:
        _tell_checks(screen, denied=error)
        _tell(screen, [*_request(request), *_reading(request)])
        return DENIED
    _tell_checks(screen, facts=_facts(command, request))
    _tell(
        screen,
        [
            *_request(request),
            *_reading(request),
            *_command(command),
            *files_of(command.program),
            *_limits(policy),
            *_missing(command),
        ],
    )
    return OK


def _tell_checks(
    screen: Screen,
    facts: Mapping[str, str] | None = None,
    denied: Violation | None = None,
) -> None:
    at = len(CHECKS) if denied is None else _check_of(str(denied.code))
    rows = []
    for number, (name, _) in enumerate(CHECKS):
        if number < at:
            rows.append((name, "ok", (facts or {}).get(name, "")))
        elif number == at and denied is not None:
            rows.append((name, "DENIED", f"{denied.code}: {denied}"))
        else:
            rows.append((name, "-", "not reached"))
    screen.table(("check", "says", "because"), rows)


def _check_of(code: str) -> int:
    return next(
        number
        for number, (_, begins) in enumerate(CHECKS)
        if code.startswith(begins)
    )


def _facts(command: PreparedCommand, request: ProcRequest) -> dict[str, str]:
    """What each check found, where that is worth showing."""
    risk = _core.risk_of(command.bin)
    return {
        "path": request.bin,
        "file": command.bin,
        "risk": "none known"
        if risk is None
        else f"{risk.name}, allowed by the policy",
        "environment": f"{len(command.env)} variables",
        "directory": command.cwd,
        "input": f"{len(request.stdin or b'')} bytes",
    }


Facts = Iterator[tuple[str, str]]


def _tell(screen: Screen, facts: list[tuple[str, str]]) -> None:
    """Print names and texts, after an empty line."""
    screen.line()
    width = max(len(name) for name, _ in facts)
    for name, text in facts:
        head = screen.bold(name.ljust(width))
        screen.line(f"{head}  {one_line(text)}".rstrip())


def _request(request: ProcRequest) -> Facts:
    yield "request", shlex.join([request.bin, *request.argv])


def _reading(request: ProcRequest) -> Facts:
    """How the program itself reads the arguments, if it is known."""
    name = name_at(request.bin)
    try:
        table, _ = _core._program_at(request.bin)
    except Violation:
        return
    if table is None:
        return
    try:
        items = _core._read_argv(table, request.argv)
    except Violation as error:
        if error.code != "ArgProgramUnknown":
            yield "read as", f"{name} would refuse it: {error}"
        return
    for kind, _, option, *values in items:
        given = " ".join(shlex.quote(v) for v in values if v is not None)
        if kind == "dashes":
            yield "read as", "-- (no options after it)"
        elif kind == "operand":
            yield "read as", f"operand {given}"
        else:
            yield "read as", f"option {option} {given}".rstrip()


def _command(command: PreparedCommand) -> Facts:
    """What would run; of the environment, only the names."""
    yield "would run", shlex.join([command.bin, *command.argv])
    yield "environment", " ".join(sorted(command.env)) or "empty"
    if command.stripped_env:
        yield "left out", " ".join(sorted(command.stripped_env))
    yield "directory", command.cwd


def _limits(policy: ProcPolicy) -> Facts:
    data: dict[str, Any] = policy.to_dict()
    for key in ("timeout", "stop_grace"):
        if key in data:
            yield key, f"{data[key]} seconds"
    for key in ("max_stdout", "max_stderr", "max_stdin"):
        yield key, f"{data.get(key, 0)} bytes"
    yield "on_overflow", data.get("on_overflow", "stop")
    sandbox = data.get("sandbox", {"preset": "default"})
    for key, value in sandbox.items():
        yield f"sandbox {key}", _flat(value)


def _missing(command: PreparedCommand) -> Facts:
    if command.sandbox.missing:
        yield "not enforced", " ".join(command.sandbox.missing)


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    return " ".join(value) if isinstance(value, list) else str(value)

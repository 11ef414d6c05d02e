"""proc-jail check: the answer as one JSON object."""

from __future__ import annotations

import argparse
import json
from typing import Any

from proc_jail._cli import DENIED, INVALID, OK
from proc_jail._cli_request import denial, load, request_of
from proc_jail._core import PreparedCommand, Violation
from proc_jail._errors import PolicyFileError


def check(args: argparse.Namespace) -> int:
    try:
        policy = load(args)
        command = policy.prepare(request_of(args, policy))
    except PolicyFileError as error:
        return _answer(INVALID, allowed=False, error=_invalid(error))
    except Violation as error:
        return _answer(DENIED, allowed=False, error=denial(error))
    return _answer(OK, allowed=True, command=_told(command))


def _answer(status: int, **answer: Any) -> int:
    print(json.dumps(answer, indent=2))
    return status


def _invalid(error: PolicyFileError) -> dict[str, Any]:
    told: dict[str, Any] = {"code": error.code, "message": str(error)}
    for field in ("path", "line", "column", "key", "reason"):
        value = getattr(error, field)
        if value is not None:
            told[field] = value
    return told


def _told(command: PreparedCommand) -> dict[str, Any]:
    """The command, without the values of its environment."""
    return {
        "bin": command.bin,
        "argv": command.argv,
        "cwd": command.cwd,
        "env": sorted(command.env),
        "stripped_env": sorted(command.stripped_env),
    }

"""proc-jail check: the answer as one JSON object."""

from __future__ import annotations

import argparse
import json
from typing import Any

from proc_jail._core import PreparedCommand, Violation
from proc_jail._errors import PolicyFileError, fields_of
from proc_jail.cli.outcome import DENIED, INVALID, OK
from proc_jail.cli.request import load, request_of


def check(args: argparse.Namespace) -> int:
    try:
        policy = load(args, checks_only=True)
        command = policy.prepare(request_of(args, policy))
    except PolicyFileError as error:
        return _answer(INVALID, allowed=False, error=_told(error))
    except Violation as error:
        return _answer(DENIED, allowed=False, error=_told(error))
    return _answer(OK, allowed=True, command=_command(command))


def _answer(status: int, **answer: Any) -> int:
    print(json.dumps(answer, indent=2))
    return status


def _command(command: PreparedCommand) -> dict[str, Any]:
    """The command, without the values of its environment."""
    return {
        "bin": command.bin,
        "argv": command.argv,
        "cwd": command.cwd,
        "env": sorted(command.env),
        "stripped_env": sorted(command.stripped_env),
    }


def _told(error: Violation | PolicyFileError) -> dict[str, Any]:
    """An error as a dict, with the fields that are set."""
    found = {
        "code": error.code,
        "message": str(error),
        **dict(fields_of(error)),
    }
    if isinstance(error, Violation) and error.category is not None:
        found["category"] = error.category.name
    return found

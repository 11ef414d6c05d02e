"""The request that a command line makes, and how its denial is shown."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import Any

from proc_jail._cli import complain
from proc_jail._core import ProcPolicy, ProcRequest, Violation
from proc_jail._described import calls_of, setting_of
from proc_jail._errors import PolicyFileError, fields_of


def load(args: argparse.Namespace) -> ProcPolicy:
    """Load the named policy; show its warnings as proc-jail's own."""
    warnings.showwarning = _show_warning
    return ProcPolicy.from_file(args.policy)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    complain(f"warning: {message}")


def request_of(args: argparse.Namespace, policy: ProcPolicy) -> ProcRequest:
    """The request that the arguments make."""
    name, *argv = args.command
    request = ProcRequest(
        path_of(name, policy), argv, dict(args.env), args.cwd
    )
    if args.stdin == "-":
        # One byte more than may be is enough to be refused.
        most = setting_of(policy, "max_stdin") or (0,)
        return request.with_stdin(sys.stdin.buffer.read(most[0] + 1))
    if args.stdin is not None:
        return request.with_stdin(args.stdin)
    return request


def path_of(name: str, policy: ProcPolicy) -> str:
    """The path of a program; a bare name is that of an allowed one."""
    if "/" in name:
        return name
    found = [
        args[0]
        for method, args, _ in calls_of(policy)
        if method == "allow_bin" and os.path.basename(args[0]) == name
    ]
    return found[0] if len(found) == 1 else name


def told(error: Violation | PolicyFileError) -> dict[str, Any]:
    """An error as a dict, with the fields that are set."""
    found = {
        "code": error.code,
        "message": str(error),
        **dict(fields_of(error)),
    }
    if isinstance(error, Violation) and error.category is not None:
        found["category"] = error.category.name
    return found

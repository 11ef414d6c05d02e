"""What the command line asks for, and how it tells that it was denied."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import Any

from proc_jail._cli import complain
from proc_jail._core import ProcPolicy, ProcRequest, Violation

FIELDS = (
    "path",
    "flag",
    "option",
    "key",
    "value",
    "index",
    "max",
    "got",
    "expected",
    "reason",
    "control",
    "needs",
    "found",
)


def load(args: argparse.Namespace) -> ProcPolicy:
    """The policy that is named; warnings are told in our own words."""
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
        most = policy.to_dict().get("max_stdin", 0) + 1
        return request.with_stdin(sys.stdin.buffer.read(most))
    if args.stdin is not None:
        return request.with_stdin(args.stdin)
    return request


def path_of(name: str, policy: ProcPolicy) -> str:
    """A bare name is that of an allowed program, and never looked up."""
    if "/" in name:
        return name
    found = []
    for program in policy.to_dict().get("program", ()):
        paths = program["path"]
        paths = [paths] if isinstance(paths, str) else paths
        found += [path for path in paths if os.path.basename(path) == name]
    return found[0] if len(found) == 1 else name


def denial(error: Violation) -> dict[str, Any]:
    """A violation with the fields that tell something."""
    told: dict[str, Any] = {"code": error.code, "message": str(error)}
    for field in FIELDS:
        value = getattr(error, field, None)
        if value is not None:
            told[field] = value
    if error.category is not None:
        told["category"] = error.category.name
    return told

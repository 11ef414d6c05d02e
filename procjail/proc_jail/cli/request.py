"""The policy that a command line names, and the request under it."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Any

from proc_jail._core import ProcPolicy, ProcRequest
from proc_jail._policy.model import setting_of
from proc_jail._policy.paths import path_of
from proc_jail.cli.outcome import complain


def load(args: argparse.Namespace, *, checks_only: bool = False) -> ProcPolicy:
    """Load the named policy; show its warnings as proc-jail's own."""
    warnings.showwarning = _show_warning
    return ProcPolicy.from_file(args.policy, checks_only=checks_only)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    complain(f"warning: {message}")


def request_of(args: argparse.Namespace, policy: ProcPolicy) -> ProcRequest:
    """The request that the arguments make."""
    name, *argv = args.command
    try:
        path = path_of(policy, name)
    except LookupError as error:  # what is not a path is denied below
        complain(str(error.args[0]))
        path = name
    request = ProcRequest(path, argv, dict(args.env), args.cwd)
    if args.stdin == "-":
        # One byte more than the limit is enough to be refused.
        most = setting_of(policy, "max_stdin") or (0,)
        return request.with_stdin(sys.stdin.buffer.read(most[0] + 1))
    if args.stdin is not None:
        return request.with_stdin(args.stdin)
    return request

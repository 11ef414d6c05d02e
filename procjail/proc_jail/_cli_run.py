"""proc-jail run: the program's own output and exit status."""

from __future__ import annotations

import argparse
import sys

from proc_jail._cli import (
    RUN_DENIED,
    RUN_FAILED,
    RUN_STOPPED,
    complain,
)
from proc_jail._cli_request import load, request_of
from proc_jail._core import (
    ExecError,
    Output,
    Overflow,
    PreparedCommand,
    ProcPolicy,
    StoppedError,
    Violation,
)
from proc_jail._described import setting_of


def run(args: argparse.Namespace) -> int:
    policy = load(args)
    try:
        command = policy.prepare(request_of(args, policy))
    except Violation as error:
        complain(f"denied: {error.code}: {error}")
        return RUN_DENIED
    try:
        output = _output_of(command, policy)
    except StoppedError as error:
        _write(error.stdout, error.stderr)
        complain(f"stopped: {error.code}: {error}")
        return RUN_STOPPED
    except ExecError as error:
        _write(error.stdout, error.stderr)
        complain(f"{error.code}: {error}")
        return RUN_FAILED
    if output.signal is not None:
        return 128 + output.signal
    return output.returncode


def _output_of(command: PreparedCommand, policy: ProcPolicy) -> Output:
    """Run it; its output is written as it comes, its errors at the end.

    The end of an output can only be kept if its beginning was not yet given
    away, so where the policy says so it is all written at the end.
    """
    written = 0
    if setting_of(policy, "on_overflow") == (Overflow.KeepHeadTail,):
        output = command.spawn_sync()
        written = len(output.stdout)
        _write(output.stdout, output.stderr)
    else:
        with command.start() as running:
            for chunk in running:
                _write(chunk, b"")
                written += len(chunk)
        output = running.wait()
        _write(b"", output.stderr)
    _tell_of_cuts(output, written)
    return output


def _write(out: bytes, err: bytes) -> None:
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()
    sys.stderr.buffer.write(err)
    sys.stderr.buffer.flush()


def _tell_of_cuts(output: Output, written: int) -> None:
    for name, kept, total in (
        ("stdout", written, output.stdout_total),
        ("stderr", len(output.stderr), output.stderr_total),
    ):
        if total > kept:
            complain(f"{name} was cut: {kept} of {total} bytes")

"""proc-jail run: the program's own output and exit status."""

from __future__ import annotations

import argparse
import time

from proc_jail._core import (
    Cancelled,
    ExecError,
    Output,
    Overflow,
    PreparedCommand,
    ProcPolicy,
    StoppedError,
    Violation,
)
from proc_jail._policy.model import setting_of
from proc_jail.cli.outcome import (
    RUN_DENIED,
    RUN_FAILED,
    RUN_STOPPED,
    complain,
)
from proc_jail.cli.request import load, request_of
from proc_jail.cli.streams import Sink

DEFAULT_TIMEOUT = 30


class Streams:
    """Where the output goes, for as long as the policy lets a command run."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        deadline = time.monotonic() + seconds
        self.out = Sink(1, deadline)
        self.err = Sink(2, deadline)

    def write(self, out: bytes, err: bytes) -> None:
        self.out.write(out)
        self.err.write(err)

    def complaint(self) -> str | None:
        """A message about output that was not taken in time, or None."""
        for sink, name in ((self.out, "output"), (self.err, "error")):
            if sink.expired:
                told = f"; {sink.lost} bytes are lost" if sink.lost else ""
                return (
                    f"standard {name} was not taken within {self._seconds} s"
                    + told
                )
        return None


def run(args: argparse.Namespace) -> int:
    policy = load(args)
    try:
        command = policy.prepare(request_of(args, policy))
    except Violation as error:
        complain(f"denied: {error.code}: {error}")
        return RUN_DENIED
    streams = Streams(command_timeout(policy))
    told: str | None = None
    try:
        status = _status_of(_output_of(command, policy, streams))
    except ExecError as error:
        streams.write(error.stdout, error.stderr)
        status, told = RUN_FAILED, f"{error.code}: {error}"
        if isinstance(error, (StoppedError, Cancelled)):
            status, told = RUN_STOPPED, f"stopped: {told}"
    untaken = streams.complaint()
    if untaken is not None:
        told, status = f"stopped: Timeout: {untaken}", RUN_STOPPED
    if told is not None:
        complain(told)
    return status


def command_timeout(policy: ProcPolicy) -> float:
    (seconds,) = setting_of(policy, "timeout") or (DEFAULT_TIMEOUT,)
    return float(seconds)


def _status_of(output: Output) -> int:
    if output.signal is not None:
        return 128 + output.signal
    return output.returncode


def _output_of(
    command: PreparedCommand, policy: ProcPolicy, streams: Streams
) -> Output:
    """Run it; its output is written as it comes, its errors at the end.

    The end of an output can only be kept if its beginning has not been
    passed on, so with KeepHeadTail all of it is written at the end.
    """
    written = 0
    if setting_of(policy, "on_overflow") == (Overflow.KeepHeadTail,):
        output = command.spawn_sync()
        written = len(output.stdout)
        streams.write(output.stdout, output.stderr)
    else:
        with command.start() as running:
            # Nothing watches the command while a write waits for its reader.
            streams.out.at_deadline = running.kill
            for chunk in running:
                streams.out.write(chunk)
                written += len(chunk)
        output = running.wait()
        streams.write(b"", output.stderr)
    _tell_of_cuts(output, written)
    return output


def _tell_of_cuts(output: Output, written: int) -> None:
    for name, kept, total in (
        ("stdout", written, output.stdout_total),
        ("stderr", len(output.stderr), output.stderr_total),
    ):
        if total > kept:
            complain(f"{name} was cut: {kept} of {total} bytes")

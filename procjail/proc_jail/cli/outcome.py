"""How the command line ends: its exit statuses, and its complaints."""

from __future__ import annotations

import contextlib

from proc_jail._escape import one_line
from proc_jail.cli.streams import Sink

# What a command exits with; those of `run` leave room for the program's own.
OK = 0
FAILED = 1  # or lint found an error
USAGE = 2
DENIED = 3
INVALID = 4  # the policy file
RUN_STOPPED = 124  # as timeout(1)
RUN_FAILED = 125  # as env(1): proc-jail itself, not the program
RUN_DENIED = 126
PIPE_CLOSED = 141


def complain(text: str) -> None:
    """Print an error of proc-jail on one line, if anyone reads it."""
    line = f"proc-jail: {one_line(text)}\n"
    with contextlib.suppress(OSError):
        Sink(2, 0).write(line.encode("utf-8", "backslashreplace"))

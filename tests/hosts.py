"""Hosts of their own: Python programs that use proc_jail and are watched.

What would disturb the test process itself (signals, lost children, full
descriptor tables) happens in one of these.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

# Whether the build under test takes the path of other POSIX systems, which
# cannot do all that Linux can.
PORTABLE = os.environ.get("PJ_PORTABLE") == "1" or sys.platform != "linux"
on_linux = pytest.mark.skipif(PORTABLE, reason="only Linux can do this")
# Of the portable build too, if that runs on Linux.
needs_proc = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has /proc to look at"
)


def has_loopback() -> bool:
    with socket.socket() as server:
        try:
            server.bind(("127.0.0.1", 0))
            server.listen()
            socket.create_connection(server.getsockname(), 5).close()
        except OSError:
            return False
    return True


# A fresh network namespace has the device, and it is down.
needs_loopback = pytest.mark.skipif(
    not has_loopback(), reason="127.0.0.1 cannot be reached here"
)

# What a command leaves without a parent becomes the host's own, not ours.
PRELUDE = """
import ctypes, os, resource, signal, sys, threading, time
import proc_jail
from conftest import policy_for, shell
from proc_jail import ProcPolicyBuilder, ProcRequest

def adopt_orphans(on=1):
    if sys.platform != "linux":
        return
    assert ctypes.CDLL(None).prctl(36, on, 0, 0, 0) == 0

adopt_orphans()
"""


def _command(code: str, args: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-c", PRELUDE + textwrap.dedent(code), *args]


def _environment() -> dict[str, str]:
    path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def run_host(code: str, *args: str) -> str:
    """Run a host to its end and return what it printed."""
    done = subprocess.run(
        _command(code, args),
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def started_host(code: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A host that runs while the block does."""
    with subprocess.Popen(
        _command(code, args),
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as host:
        try:
            yield host
        finally:
            host.kill()


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Poll until the condition holds; fail at the deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.002)


def written_pid(path: Path) -> int:
    """Wait for a process id and a newline in a file; one that several write
    is emptied by each.
    """
    text = ""

    def is_there() -> bool:
        nonlocal text
        text = path.read_text() if path.exists() else ""
        return text.endswith("\n")

    wait_until(is_there)
    return int(text)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a zombie of ours is reaped here."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def reap_orphans() -> None:
    """Reap what ended hosts have left to this process."""

    def none_left() -> bool:
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            return True
        return False

    wait_until(none_left)


def interrupt(host: subprocess.Popen[str]) -> None:
    """Send Ctrl-C and wait for the host's end."""
    host.send_signal(signal.SIGINT)
    host.wait(timeout=20)

"""The installed command proc-jail, and policies for it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from conftest import program
from hosts import reap_orphans
from policies import toml_lines, write

COMMAND = str(Path(sys.executable).with_name("proc-jail"))
GREP = program("grep")
SH = program("sh")


def invoke(
    *args: str | bytes | os.PathLike[str],
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run proc-jail to its end."""
    done = subprocess.run(
        [COMMAND, *args],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        check=False,
    )
    reap_orphans()  # what a killed shell had started
    return done


def on_a_terminal(
    *args: str | os.PathLike[str], env: dict[str, str] | None = None
) -> str:
    """What proc-jail shows on a terminal."""
    ours, its = pty.openpty()
    shown = b""
    try:
        with subprocess.Popen(
            [COMMAND, *args],
            stdin=subprocess.DEVNULL,
            stdout=its,
            stderr=its,
            env={**os.environ, "TERM": "xterm", **(env or {})},
        ):
            os.close(its)
            while chunk := _read(ours):
                shown += chunk
    finally:
        os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # how Linux tells that nobody has it open any more
        return b""


def grep_policy(folder: Path, **more: object) -> Path:
    """grep -n and -i, two positionals."""
    rules = {
        "path": GREP,
        "flags": ["-n", "-i"],
        "max_positionals": 2,
        "double_dash": True,
    }
    return policy_of(folder, rules, **more)


def shell_policy(folder: Path, **more: object) -> Path:
    """sh -c SCRIPT ARG..., to make things happen with."""
    rules = {"path": SH, "flags": ["-c"], "max_positionals": 20}
    more = {
        "risky": "allow",
        "env": {"fixed": {"PATH": "/usr/bin:/bin"}},
        **more,
    }
    return policy_of(folder, rules, **more)


def policy_of(folder: Path, rules: object, **more: object) -> Path:
    data = {"version": 1, **more, "program": [rules]}
    return write(folder, toml_lines(data))

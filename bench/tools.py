"""What the measurements need: the C floor, the published wheel, workers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
WHEEL = "proc_jail==0.3.0"


def note(text: str) -> None:
    print(f"-- {text}", file=sys.stderr, flush=True)


def make_floor(directory: Path) -> Path:
    """Compile floor.c, unless that was done."""
    source = HERE / "floor.c"
    program = directory / "floor"
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    subprocess.run(
        [compiler, "-O2", "-Wall", "-Wextra", "-o", program, source],
        check=True,
    )
    return program


def has_wheel(python: Path) -> bool:
    code = "from importlib.metadata import version as v; print(v('proc_jail'))"
    try:
        shown = subprocess.run(
            [python, "-I", "-c", code],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return WHEEL.endswith(f"=={shown.stdout.strip()}")


def make_wheel(directory: Path) -> Path | None:
    """An interpreter with the published wheel, or None.

    It needs an environment of its own: the import name is the same.
    """
    home = directory / "wheel"
    python = home / "bin" / "python"
    if has_wheel(python):
        return python
    note(f"making an environment with {WHEEL}")
    venv.create(home, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--only-binary"]
    done = subprocess.run([*command, "proc_jail", WHEEL], check=False)
    if done.returncode == 0 and has_wheel(python):
        return python
    note(f"{WHEEL} cannot be had here: measuring without it")
    return None


class Worker:
    """A worker.py in a process of its own, with `mib` MiB of memory."""

    def __init__(self, python: Path | None = None, mib: int = 0) -> None:
        # Isolated, so that no PYTHONPATH puts this package before the wheel.
        prefix = [sys.executable] if python is None else [str(python), "-I"]
        self._process = subprocess.Popen(
            [*prefix, str(HERE / "worker.py"), str(mib)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, task: str, **arguments: Any) -> Any:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        request = json.dumps({"task": task, **arguments})
        process.stdin.write(request + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker failed at {request}")
        return json.loads(answer)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def run_floor(floor: Path, *arguments: str) -> list[float]:
    """The numbers that one run of the C program prints."""
    done = subprocess.run(
        [floor, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return [float(line) for line in done.stdout.split()]


def available_mib() -> int:
    """Memory that can be used without pushing anything out."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0


def idle_share(seconds: float = 1.0) -> float:
    """How much of the processors nobody uses while this sleeps."""

    def ticks() -> list[int]:
        first = Path("/proc/stat").read_text().partition("\n")[0]
        return [int(word) for word in first.split()[1:]]

    before = ticks()
    time.sleep(seconds)
    spent = [b - a for a, b in zip(before, ticks(), strict=True)]
    return (spent[3] + spent[4]) / max(1, sum(spent[:8]))

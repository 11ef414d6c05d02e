"""What the measurements need: C programs, people to be, workers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

HERE = Path(__file__).parent
NOBODY = 65534


class Who(NamedTuple):
    """Whose rights a measurement has; no uid: those of the driver."""

    name: str
    uid: int | None = None


def people() -> list[Who]:
    """Root and an unprivileged user, or just the latter."""
    if os.geteuid() != 0:
        return [Who("user")]
    return [Who("root"), Who("user", NOBODY)]


def note(text: str) -> None:
    print(f"-- {text}", file=sys.stderr, flush=True)


def compile_program(name: str, directory: Path) -> Path:
    """The program of a C file that is here."""
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    program = directory / name
    subprocess.run(
        [
            compiler,
            *("-O2", "-Wall", "-Wextra", "-o", program),
            HERE / f"{name}.c",
        ],
        check=True,
    )
    return program


class Worker:
    """A worker.py in a process of its own, with `mib` MiB of memory."""

    def __init__(self, who: Who, mib: int = 0) -> None:
        command = [sys.executable, str(HERE / "worker.py"), str(mib)]
        if who.uid is not None:
            command.append(str(who.uid))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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


def run_floor(floor: Path, who: Who, *arguments: str) -> list[float]:
    """The numbers that one run of the C program prints."""
    rights: dict[str, Any] = {}
    if who.uid is not None:
        rights = {"user": who.uid, "group": who.uid, "extra_groups": []}
    done = subprocess.run(
        [floor, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        **rights,
    )
    return [float(line) for line in done.stdout.split()]


def available_mib() -> int:
    """Memory that can be used without pushing anything out."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0

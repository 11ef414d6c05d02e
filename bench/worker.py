"""One interpreter that measures itself, driven by JSON lines.

`python worker.py [MIB]` reads a request a line from standard input and
writes an answer a line to standard output.  MIB of touched memory make the
parent of its spawns as large as a real application.  It runs unchanged with
this package and with the published wheel.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

# Runs a command once and returns the length of what it wrote.
Spawn: TypeAlias = Callable[[], int]


def with_subprocess(argv: list[str], limit: int) -> Spawn:
    """What most people write; it has no limit on the output."""

    def spawn() -> int:
        done = subprocess.run(
            argv,
            capture_output=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            check=True,
        )
        return len(done.stdout)

    return spawn


def with_prepared(argv: list[str], limit: int) -> Spawn:
    """A command that was checked before."""
    from proc_jail import ProcRequest

    policy = policy_for(argv, limit)
    command = policy.prepare(ProcRequest(argv[0], argv[1:]))

    def spawn() -> int:
        output = command.spawn_sync()
        if not output.success:
            raise RuntimeError(f"{argv[0]} failed")
        return len(output.stdout)

    return spawn


def with_run(argv: list[str], limit: int) -> Spawn:
    """Checked anew each time."""
    policy = policy_for(argv, limit)

    def spawn() -> int:
        output = policy.run(argv[0], argv[1:])
        if not output.success:
            raise RuntimeError(f"{argv[0]} failed")
        return len(output.stdout)

    return spawn


def policy_for(argv: list[str], limit: int) -> Any:
    from proc_jail import ArgRules, ProcPolicyBuilder

    builder = ProcPolicyBuilder().allow_bin(argv[0])
    builder = builder.arg_rules(argv[0], ArgRules().max_positionals(2))
    if limit:
        builder = builder.max_stdout(limit)
    return builder.build()


CONTENDERS = {
    "subprocess": with_subprocess,
    "prepared": with_prepared,
    "run": with_run,
}


def with_sandbox(name: str, argv: list[str]) -> Spawn:
    """A prepared command inside one of the sandboxes that are compared."""
    from proc_jail import (
        ArgRules,
        Network,
        ProcPolicyBuilder,
        ProcRequest,
        Sandbox,
        Tree,
    )

    sandboxes = {
        "compat": Sandbox.compat(),
        "limits": Sandbox.compat().max_open_files(64).max_file_size(1 << 30),
        "landlock": Sandbox.compat().read("/"),
        "seccomp": Sandbox.compat().network(Network.Deny),
        "default": Sandbox(),
        "strict": Sandbox.strict(),
        "user": Sandbox().user(os.getuid(), os.getgid()),
        "namespace": Sandbox().tree(Tree.PidNamespace),
    }
    builder = ProcPolicyBuilder().allow_bin(argv[0])
    builder = builder.arg_rules(argv[0], ArgRules())
    policy = builder.sandbox(sandboxes[name]).build()
    command = policy.prepare(ProcRequest(argv[0], argv[1:]))
    return lambda: len(command.spawn_sync().stdout)


def make_spawn(how: str, argv: list[str], limit: int = 0) -> Spawn:
    if how.startswith("sandbox "):
        return with_sandbox(how.removeprefix("sandbox "), argv)
    return CONTENDERS[how](argv, limit)


_made: dict[tuple[str, ...], Spawn] = {}


def warm_spawn(how: str, argv: list[str]) -> Spawn:
    """A spawn that is kept between requests and has run before."""
    key = (how, *argv)
    if key not in _made:
        _made[key] = make_spawn(how, argv)
        for _ in range(5):
            _made[key]()
    return _made[key]


def times(how: str, argv: list[str], count: int) -> list[int]:
    """Nanoseconds of each of `count` spawns."""
    spawn = warm_spawn(how, argv)
    found = []
    for _ in range(count):
        begun = time.perf_counter_ns()
        spawn()
        found.append(time.perf_counter_ns() - begun)
    return found


async def spawn_coroutine(argv: list[str]) -> Callable[[], Any]:
    """Our spawn on the running loop, as a function that is awaited."""
    command = policy_for(argv, 0).prepare(_request(argv))
    return command.spawn  # type: ignore[no-any-return]


def _request(argv: list[str]) -> Any:
    from proc_jail import ProcRequest

    return ProcRequest(argv[0], argv[1:])


async def create_and_communicate(argv: list[str]) -> None:
    """What asyncio itself offers."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    await process.communicate()


def async_times(argv: list[str], count: int) -> dict[str, list[int]]:
    """Nanoseconds of spawns on one loop, ours and asyncio's in turn."""

    async def measure() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {"ours": [], "asyncio": []}
        ours = await spawn_coroutine(argv)
        for number in range(count + 5):
            begun = time.perf_counter_ns()
            await ours()
            middle = time.perf_counter_ns()
            await create_and_communicate(argv)
            if number >= 5:
                found["ours"].append(middle - begun)
                found["asyncio"].append(time.perf_counter_ns() - middle)
        return found

    return asyncio.run(measure())


GREP_ARGV = ["-n", "-m", "5", "-i", "--color=never", "-e", "text", "a", "b"]


def grep_rules(kind: str) -> Any:
    """What lets GREP_ARGV pass, as tokens or with types."""
    from proc_jail import ArgRules, Choice, Int, Text

    if kind == "plain":
        flags = ["-n", "-m", "-i", "-e", "--color=never"]
        rules = ArgRules().allowed_flags(flags).max_flags(5)
        return rules.max_positionals(2)
    return (
        ArgRules()
        .flag("-n", "--line-number")
        .flag("-i", "--ignore-case")
        .flag("-c", "--count")
        .option("-m", "--max-count", Int(1, 1000))
        .option("-e", "--regexp", Text(200), repeat=5)
        .option("--color", Choice("always", "never"), optional=True)
        .positional("pattern", Text(200), unless=["-e"])
        .positional("files", Text(), min=1, max=20)
        .exclusive("-n", "-c")
    )


def prepare_times(kind: str, path: str, count: int) -> list[int]:
    """Nanoseconds of each of `count` checks of one request."""
    from proc_jail import ProcPolicyBuilder, ProcRequest

    builder = ProcPolicyBuilder().allow_bin(path)
    policy = builder.arg_rules(path, grep_rules(kind)).build()
    request = ProcRequest(path, GREP_ARGV)
    found = []
    for _ in range(count):
        begun = time.perf_counter_ns()
        policy.prepare(request)
        found.append(time.perf_counter_ns() - begun)
    return found


def rate(how: str, argv: list[str], count: int, threads: int) -> float:
    """Spawns per second of `threads` threads that share `count` spawns."""
    spawn = warm_spawn(how, argv)
    barrier = threading.Barrier(threads + 1)
    errors: list[BaseException] = []

    def body() -> None:
        barrier.wait()
        try:
            for _ in range(count // threads):
                spawn()
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=body) for _ in range(threads)]
    for worker in workers:
        worker.start()
    barrier.wait()
    begun = time.perf_counter()
    for worker in workers:
        worker.join()
    elapsed = time.perf_counter() - begun
    if errors:
        raise errors[0]
    return count // threads * threads / elapsed


def status_kib(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise KeyError(field)


def touch_memory(size: int) -> None:
    """Make sure that this much free memory is quick to get.

    Under a virtual machine the host may hand it out only at the first
    touch, at a tenth of the usual speed, and take it back soon after.
    """
    _ = bytearray(b"\1") * size


def capture(
    how: str, argv: list[str], warm: list[str], limit: int, size: int
) -> dict[str, float]:
    """MB/s of one capture, and the memory it took above the idle process."""
    make_spawn(how, warm, limit)()
    touch_memory(3 * size)
    spawn = make_spawn(how, argv, limit)
    with contextlib.suppress(OSError):  # else: the peak since the start
        Path("/proc/self/clear_refs").write_text("5")
    idle = status_kib("VmRSS")
    begun = time.perf_counter()
    got = spawn()
    elapsed = time.perf_counter() - begun
    peak = status_kib("VmHWM")
    if got != size:
        raise RuntimeError(f"captured {got} bytes of {size}")
    return {"rate": size / 1e6 / elapsed, "peak": (peak - idle) / 1024}


def children() -> int:
    """Child processes, dead ones that nobody reaped included."""
    listed = "/proc/self/task/*/children"
    files = Path("/").glob(listed.lstrip("/"))
    return sum(len(file.read_text().split()) for file in files)


def census() -> dict[str, float]:
    """What a leak would show in."""
    return {
        # The listing itself holds one.
        "descriptors": len(os.listdir("/proc/self/fd")) - 1,
        "children": children(),
        "threads": len(os.listdir("/proc/self/task")),
        "RSS, MiB": status_kib("VmRSS") / 1024,
    }


TASKS: dict[str, Callable[..., Any]] = {
    "async_times": async_times,
    "times": times,
    "prepare_times": prepare_times,
    "rate": rate,
    "capture": capture,
    "census": census,
}


def main() -> None:
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    # Filled, so every page of it is there.
    ballast = bytearray(b"\1") * (mib << 20)
    for line in sys.stdin:
        request = json.loads(line)
        answer = TASKS[request.pop("task")](**request)
        print(json.dumps(answer), flush=True)
    del ballast


if __name__ == "__main__":
    main()

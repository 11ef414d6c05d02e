"""One interpreter that measures itself, driven by JSON lines.

`python worker.py [MIB [UID]]` reads a request a line from standard input and
writes an answer a line to standard output.  MIB of touched memory make the
parent of its spawns as large as a real application; with UID, root becomes
that user first.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

# Runs a command once and returns the length of what it wrote.
Spawn: TypeAlias = Callable[[], int]

PR_SET_DUMPABLE = 4


def with_subprocess(
    argv: list[str], limit: int, timeout: float | None = None
) -> Spawn:
    """What most people write; it has no limit on the output."""

    def spawn() -> int:
        done = subprocess.run(
            argv,
            capture_output=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=True,
        )
        return len(done.stdout)

    return spawn


def with_timeout(argv: list[str], limit: int) -> Spawn:
    """What the careful write: it asks for the child's end, and sleeps."""
    return with_subprocess(argv, limit, timeout=30)


def with_prepared(
    argv: list[str], limit: int, sandbox: Any | None = None
) -> Spawn:
    """A command that was checked before; contained unless told otherwise."""
    command = policy_for(argv, limit, sandbox).prepare(_request(argv))

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


def policy_for(argv: list[str], limit: int, sandbox: Any | None = None) -> Any:
    """Lets just this command pass, in the default sandbox or in another."""
    from proc_jail import ArgRules, ProcPolicyBuilder

    flags = [arg for arg in argv[1:] if arg.startswith("-")]
    rules = ArgRules().allowed_flags(flags).max_flags(len(flags))
    rules = rules.max_positionals(9)
    builder = ProcPolicyBuilder().allow_bin(argv[0]).arg_rules(argv[0], rules)
    if limit:
        builder = builder.max_stdout(limit)
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    return builder.build()


def _request(argv: list[str]) -> Any:
    from proc_jail import ProcRequest

    return ProcRequest(argv[0], argv[1:])


def sandbox_of(name: str) -> Any:
    """One of the sandboxes that are compared."""
    from proc_jail import Network, Sandbox, Tree

    # Root changes to an ordinary user; a user can only stay the same.
    uid, gid = os.getuid() or 65534, os.getgid() or 65534
    makers: dict[str, Callable[[], Sandbox]] = {
        "hygiene": Sandbox.compat,
        "landlock": lambda: Sandbox.compat().read("/"),
        "seccomp": lambda: Sandbox.compat().network(Network.Deny),
        "default": Sandbox,
        "strict": Sandbox.strict,
        "user": lambda: Sandbox.compat().user(uid, gid),
        "namespace": lambda: Sandbox.compat().tree(Tree.PidNamespace),
    }
    return makers[name]()


def with_check(kind: str, path: str) -> Spawn:
    """No spawn at all: the check of one request to grep."""
    from proc_jail import ProcPolicyBuilder, ProcRequest

    builder = ProcPolicyBuilder().allow_bin(path)
    policy = builder.arg_rules(path, grep_rules(kind)).build()
    request = ProcRequest(path, GREP_ARGV)

    def check() -> int:
        policy.prepare(request)
        return 0

    return check


CONTENDERS: dict[str, Callable[[list[str], int], Spawn]] = {
    "subprocess": with_subprocess,
    "timeout": with_timeout,
    "prepared": with_prepared,
    "run": with_run,
}


def make_spawn(how: str, argv: list[str], limit: int = 0) -> Spawn:
    kind, _, name = how.partition(" ")
    if kind == "sandbox":
        return with_prepared(argv, limit, sandbox_of(name))
    if kind == "check":
        return with_check(name, argv[0])
    return CONTENDERS[how](argv, limit)


_made: dict[tuple[str, ...], Spawn] = {}


def warm_spawn(how: str, argv: list[str]) -> Spawn:
    """A spawn that is kept between requests and has run before."""
    key = (how, *argv)
    if key not in _made:
        _made[key] = make_spawn(how, argv)
        for _ in range(3):
            _made[key]()
    return _made[key]


def turns(
    contenders: dict[str, tuple[str, list[str]]], count: int
) -> dict[str, list[int]]:
    """Nanoseconds of each of `count` runs of all, in turns.

    The order changes: none always finds what the same other one left.
    """
    spawns = {n: warm_spawn(*how) for n, how in contenders.items()}
    found: dict[str, list[int]] = {name: [] for name in spawns}
    for _ in range(count):
        for name in random.sample(list(spawns), len(spawns)):
            spawn = spawns[name]
            begun = time.perf_counter_ns()
            spawn()
            found[name].append(time.perf_counter_ns() - begun)
    return found


async def create_and_communicate(argv: list[str]) -> None:
    """What asyncio itself offers."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    await process.communicate()


def async_turns(argv: list[str], count: int) -> dict[str, list[int]]:
    """Nanoseconds of spawns on one loop, ours and asyncio's in turns."""

    async def measure() -> dict[str, list[int]]:
        command = policy_for(argv, 0).prepare(_request(argv))
        spawns: dict[str, Callable[[], Any]] = {
            "ours": command.spawn,
            "asyncio": lambda: create_and_communicate(argv),
        }
        found: dict[str, list[int]] = {name: [] for name in spawns}
        for number in range(-3, count):
            for name in random.sample(list(spawns), len(spawns)):
                begun = time.perf_counter_ns()
                await spawns[name]()
                if number >= 0:
                    found[name].append(time.perf_counter_ns() - begun)
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


def rate(
    name: str, how: str, argv: list[str], count: int, threads: int
) -> dict[str, list[float]]:
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
    return {name: [count // threads * threads / elapsed]}


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
    "async_turns": async_turns,
    "turns": turns,
    "rate": rate,
    "capture": capture,
    "census": census,
}


def become(uid: int) -> None:
    """Give up root, in the process: it may own the way to the interpreter.

    Everything was imported when it does: here by a run of each kind.
    """
    true = shutil.which("true") or "/bin/true"
    async_turns([true], 1)
    turns({how: (how, [true]) for how in CONTENDERS}, 1)
    _made.clear()
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    # A change of ids forbids dumps and hides /proc/self; that of a process
    # which was started by this user is open to it.
    if ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_DUMPABLE) failed")


def main() -> None:
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    if len(sys.argv) > 2:
        become(int(sys.argv[2]))
    # Filled, so every page of it is there.
    ballast = bytearray(b"\1") * (mib << 20)
    random.seed(mib)
    for line in sys.stdin:
        request = json.loads(line)
        answer = TASKS[request.pop("task")](**request)
        print(json.dumps(answer), flush=True)
    del ballast


if __name__ == "__main__":
    main()

"""Controls bring what they lean on, whatever the preset."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import landlock_abi
from containment import (
    Outcome,
    assert_stopped,
    attack,
    build,
    escaped,
    folder,
    in_host,
    run_here,
    uids,
)
from hosts import needs_loopback
from proc_jail import (
    ArgRules,
    Network,
    Output,
    ProcPolicyBuilder,
    Sandbox,
)

SECRET = ctypes.create_string_buffer(b"secret")

NAMED: dict[str, Callable[[], Sandbox]] = {
    "network": lambda: Sandbox.compat().network(Network.Deny),
    "read": lambda: Sandbox.compat().read("/"),
    "write": lambda: Sandbox.compat().write("/tmp"),
    "execute": lambda: Sandbox.compat().execute("/").read("/"),
}
named = pytest.mark.parametrize("name", NAMED)

WAYS = [
    ("pidfd_getfd", "{host}", "{socket}"),
    ("ptrace_pid", "{host}"),
    ("vm_readv", "{host}", "{address}"),
    ("proc_mem", "{host}", "{address}"),
    ("open_file", "read", "/proc/{host}/environ"),
]


def attempt(
    uid: int, sandbox: Sandbox, way: tuple[str, ...]
) -> Outcome[Output]:
    """One of the ways into a host that has a connection."""

    def work() -> Output:
        with socket.create_server(("127.0.0.1", 0)) as server:
            with socket.create_connection(server.getsockname()) as client:
                facts = {
                    "host": os.getpid(),
                    "socket": client.fileno(),
                    "address": ctypes.addressof(SECRET),
                }
                program, *args = way
                words = [arg.format(**facts) for arg in args]
                return run_here(sandbox, attack(program), *words)

    return in_host(uid, work)


@needs_loopback
@uids
@named
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_no_way_round_by_the_host(
    way: tuple[str, ...], name: str, uid: int
) -> None:
    """Else the host's own descriptors and memory would be a way round."""
    assert escaped(attempt(uid, Sandbox.compat(), way))
    assert_stopped(attempt(uid, NAMED[name](), way))


# ----------------------------------------------------------- run_nothing

RUNNERS: dict[str, Callable[[Path], Sandbox | None]] = {
    "default": lambda _: None,
    "compat": lambda _: Sandbox.compat(),
    "strict": lambda place: (
        Sandbox.strict().execute("/").read("/").write(place)
    ),
}


def run_alone(
    uid: int, preset: str, nothing: bool, place: Path, *args: str
) -> Outcome[Output]:
    path = attack("execute_path")
    rules = ArgRules().max_positionals(9)
    if nothing:
        rules = rules.run_nothing()
    builder = ProcPolicyBuilder().allow_bin(path).arg_rules(path, rules)
    sandbox = RUNNERS[preset](place)
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    return in_host(uid, lambda: build(builder, sandbox).run(path, list(args)))


@uids
@pytest.mark.parametrize("preset", RUNNERS)
@pytest.mark.parametrize("how", ["path", "memory", "copy"])
def test_nothing_is_executed_by_a_raw_call(
    how: str, preset: str, uid: int
) -> None:
    """The filter sees no path, and has to leave the call of our own start."""
    with folder(uid) as place:
        args = {
            "path": ["path", "/bin/sh"],
            "memory": ["memory"],
            "copy": ["copy", str(place / "program")],
        }[how]
        held = run_alone(uid, preset, True, place, *args)
        assert_stopped(held)
        told = held.get().sandbox
        assert landlock_abi() == 0 or "exec_lock" in told.enforced
        (place / "program").unlink(missing_ok=True)
        control = run_alone(uid, preset, False, place, *args)
        if how == "memory" and preset == "strict":
            return  # execute roots refuse it by themselves
        assert escaped(control)

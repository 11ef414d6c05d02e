"""What a program can reach under a policy, told carefully.

A hint for whoever asks a person for consent: where it cannot be told, the
answer is the worse one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proc_jail._core import HostName, Network, ReadPath, Url, WritePath
from proc_jail._policy.model import Level, Program, calls_of, setting_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proc_jail._core import ProcPolicy, Sandbox, _Value
    from proc_jail._policy.model import Table


@dataclass(frozen=True)
class Reach:
    """What a program can do to the world around it."""

    # The kernel lets it write no file.
    read_only: bool
    # It may talk to other machines.
    open_world: bool


def reach_of(policy: ProcPolicy, program: Program) -> Reach:
    """What a program of a policy can reach."""
    setting = setting_of(policy, "sandbox")
    sandbox = None if setting is None else setting[0]
    level, table = program.level, program.table
    return Reach(
        read_only=not _writes(level) and _is_limited(level, sandbox),
        open_world=not _is_cut_off(sandbox) and _may_connect(level, table),
    )


def _sandbox_calls(sandbox: Sandbox | None) -> tuple[str, dict[str, Any]]:
    if sandbox is None:
        return "Sandbox", {}
    calls = {method: args for method, args, _ in calls_of(sandbox)}
    return sandbox.__reduce__()[1][0], calls


def _levels(level: Level) -> Iterator[Level]:
    yield level
    for inner in level.subcommands.values():
        yield from _levels(inner)


def _values(level: Level) -> Iterator[_Value]:
    for part in _levels(level):
        yield from (o.value for o in part.options if o.value is not None)
        yield from (p.value for p in part.positionals)


def _writes(level: Level) -> bool:
    return any(
        isinstance(value, WritePath) and value.roots
        for value in _values(level)
    ) or any(part.may_write for part in _levels(level))


def _is_limited(level: Level, sandbox: Sandbox | None) -> bool:
    """Whether the kernel is sure to hold it to the roots of its paths."""
    preset, calls = _sandbox_calls(sandbox)
    if "write" in calls or not sys.platform.startswith("linux"):
        return False
    if "write_roots" in calls.get("best_effort", ()):
        return False
    if preset == "Sandbox.strict":
        return True
    declares = any(
        isinstance(value, ReadPath | WritePath) for value in _values(level)
    ) or any(part.may_read for part in _levels(level))
    return declares and preset == "Sandbox"


def _is_cut_off(sandbox: Sandbox | None) -> bool:
    preset, calls = _sandbox_calls(sandbox)
    network = calls.get("network", (None,))[0]
    if network is not None:
        return bool(network is Network.Deny)
    return preset == "Sandbox.strict"


def _may_connect(level: Level, table: Table | None) -> bool:
    """Whether its options or values lead to other machines."""
    if table is None or level.plain is not None or not level.run_nothing:
        return True
    if any(isinstance(v, Url | HostName) for v in _values(level)):
        return True
    names = {n for p in _levels(level) for o in p.options for n in o.names}
    return any(
        row["effect"] in ("network", "exec")
        and not names.isdisjoint({row["letter"], f"--{row['name']}"})
        for row in table["options"]
    )

"""What a program can reach under a policy, told carefully.

A hint for whoever asks a person for consent: where it cannot be told, the
answer is the worse one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proc_jail._core import HostName, Url

if TYPE_CHECKING:
    from proc_jail._policy.model import Program


@dataclass(frozen=True)
class Reach:
    """What a program can do to the world around it."""

    # The kernel lets it write no file.
    read_only: bool
    # It may connect to other machines.
    open_world: bool


def reach_of(program: Program) -> Reach:
    """What a program of a policy can reach."""
    allowed = program.allowed
    is_cut_off = "network_deny" in allowed.sandbox.enforced
    return Reach(
        read_only=allowed.write_roots == (),
        open_world=not is_cut_off and _may_connect(program),
    )


def _may_connect(program: Program) -> bool:
    """Whether its options or values lead to other machines."""
    level, table = program.level, program.table
    if table is None or not program.allowed.runs_nothing:
        return True
    if any(isinstance(v, Url | HostName) for v in level.values()):
        return True
    names = {n for p in level.all() for o in p.options for n in o.names}
    return any(
        row["effect"] in ("network", "exec")
        and not names.isdisjoint({row["letter"], f"--{row['name']}"})
        for row in table["options"]
    )

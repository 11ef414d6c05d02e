"""Ready rule sets for known programs; ProcPolicyBuilder.profile() is here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from proc_jail._core import ArgRulesInvalid
from proc_jail.profiles.base import Profile, Roots, which
from proc_jail.profiles.git import GIT
from proc_jail.profiles.system import MORE
from proc_jail.profiles.text import FILE_TOOLS, NETWORK_TOOLS, TEXT_TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from proc_jail._core import ProcPolicyBuilder

PROFILES = {
    profile.name: profile
    for profile in (*TEXT_TOOLS, *FILE_TOOLS, *NETWORK_TOOLS, *MORE, GIT)
}


def strings(value: Iterable[str | os.PathLike[str]], what: str) -> list[str]:
    if isinstance(value, str | bytes | os.PathLike):
        raise TypeError(f"{what} must be a list, not a single path")
    return [os.fspath(item) for item in value]


def find(name: str) -> Profile:
    """The profile of a program; LookupError for none."""
    if name not in PROFILES:
        known = " ".join(sorted(PROFILES))
        raise LookupError(f"no profile for {name!r}; there are: {known}")
    return PROFILES[name]


def extend(
    builder: ProcPolicyBuilder,
    name: str,
    read: Iterable[str | os.PathLike[str]] = (),
    write: Iterable[str | os.PathLike[str]] = (),
    path: str | os.PathLike[str] | None = None,
    hosts: Iterable[str] = (),
) -> ProcPolicyBuilder:
    """Behind ProcPolicyBuilder.profile()."""
    profile = find(name)
    roots = Roots(
        tuple(strings(read, "read")),
        tuple(strings(write, "write")),
        tuple(strings(hosts, "hosts")),
    )
    if any(o.kind == "url" for o in profile.operands) and not roots.hosts:
        raise ArgRulesInvalid(
            f"argument rules invalid: the profile {name} reaches the network; "
            "name the hosts that it may reach"
        )
    place = os.fspath(path) if path is not None else which(name)
    return builder.allow_bin(place).arg_rules(place, profile.rules(roots))

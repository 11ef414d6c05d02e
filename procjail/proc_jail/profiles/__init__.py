"""Ready rule sets for known programs; ProcPolicyBuilder.profile() is here.

The examples of the profiles are run by the tests in a small tree: a.txt,
b.txt, data.csv, data.json, dir/c.txt, archives of a.txt, and a git
repository.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from proc_jail import _core
from proc_jail._core import ArgRulesInvalid, Violation
from proc_jail._policy.paths import which
from proc_jail.profiles import (
    archives,
    binary,
    files,
    git,
    network,
    system,
    text,
)
from proc_jail.profiles.base import Profile, Roots, table, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from proc_jail._core import ProcPolicyBuilder

GROUPS = (text, files, binary, archives, system, network, git)
PROFILES: dict[str, Profile] = {
    profile.name: profile for group in GROUPS for profile in group.PROFILES
}


def strings(value: Iterable[str | os.PathLike[str]], what: str) -> list[str]:
    if isinstance(value, str | bytes | os.PathLike):
        raise TypeError(f"{what} must be a list, not a single path")
    return [os.fspath(item) for item in value]


def find(name: str) -> Profile:
    """Return the profile of a program; raises LookupError without one."""
    if name not in PROFILES:
        known = " ".join(sorted(PROFILES))
        raise LookupError(f"no profile for {name!r}; there are: {known}")
    return PROFILES[name]


def fitted(profile: Profile, place: str) -> Profile:
    """The profile for the program at a path, which may be of any maker.

    Where its name says nothing, the profile is as it is; what is wrong with
    the path itself is for build() to say.
    """
    known = {found["name"]: found["maker"] for found in tables_of(profile)}
    if None in known.values():  # there is only one
        return profile
    try:
        name, maker = _core._program_at(place)
    except Violation:
        return profile
    if name is not None:
        return profile.by(table(name)) if name in known else profile
    named = {
        name
        for path in (place, os.path.realpath(place))
        for name in _core._program_tables(os.path.basename(path))
    }
    if named.isdisjoint(known):
        return profile
    makers = " or ".join(known.values())
    its = "has no mark of them" if maker is None else f"is of {maker}"
    raise ArgRulesInvalid(
        f"argument rules invalid: the profile {profile.name} is for the "
        f"{profile.name} of {makers}, and {place} {its}; write rules for it, "
        "as for a program without a profile"
    )


def extend(
    builder: ProcPolicyBuilder,
    name: str,
    read: Iterable[str | os.PathLike[str]] = (),
    write: Iterable[str | os.PathLike[str]] = (),
    path: str | os.PathLike[str] | None = None,
    hosts: Iterable[str] = (),
) -> ProcPolicyBuilder:
    """Implement ProcPolicyBuilder.profile()."""
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
    profile = fitted(profile, place)
    return builder.allow_bin(place).arg_rules(place, profile.rules(roots))

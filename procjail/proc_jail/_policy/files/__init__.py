"""Policies from files and dicts, and back.

ProcPolicy.from_file, from_dict and to_dict are these. What they need is
loaded when they are called: most programs never do.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proc_jail._core import ProcPolicy


def from_file(
    path: str | bytes | os.PathLike[str], *, checks_only: bool = False
) -> ProcPolicy:
    """Return the policy of a .toml or .json file (docs/policy-files.md).

    The file must belong to this user or to root, and be writable by nobody
    else. Raises PolicyFileError, with line and column, for an unknown entry
    and for an example that does not come out as stated; SandboxUnavailable
    when the system lacks what the file asks for, unless it is for
    ProcPolicyBuilder.checks_only(), which runs nothing.

    >>> policy = from_file("policy.toml")
    """
    from proc_jail._policy.files.load import load
    from proc_jail._policy.files.source import read_source

    return load(read_source(path), checks_only=checks_only)


def from_dict(
    data: Mapping[str, Any], *, checks_only: bool = False
) -> ProcPolicy:
    """Return the policy of a dict with the entries of a policy file.

    Raises PolicyFileError, whose `key` is the entry; SandboxUnavailable
    when the system lacks what it asks for, unless it is for checks_only().

    >>> policy = from_dict({"version": 1, "timeout": "5s"})
    """
    from proc_jail._policy.files.load import load
    from proc_jail._policy.files.source import Source

    return load(Source(data), checks_only=checks_only)


def to_dict(policy: ProcPolicy) -> dict[str, Any]:
    """Return a dict of which from_dict() makes the same policy.

    It contains the values of a fixed environment. Profiles are written out
    as rules; examples are not kept.

    >>> data = to_dict(policy)
    """
    from proc_jail._policy.files.dump import write_policy

    return write_policy(policy)

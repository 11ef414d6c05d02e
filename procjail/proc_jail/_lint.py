"""A linter for policies: what a policy allows and should not.

The program's table (csrc/programs) tells what an option can do; the policy
itself and the files that it names tell the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from proc_jail._core import ProcPolicy


class Finding(NamedTuple):
    """Something that a policy allows, or lacks.

    `severity` is error, warning or note; `capability` what it can be used
    for (execute, write, read, network, config), or None; `program` its path,
    or None; `source` the fact or the entry behind it; `remedy` what to
    change.
    """

    code: str
    severity: str
    capability: str | None
    program: str | None
    message: str
    source: str
    remedy: str


Finding.__module__ = "proc_jail"  # where it is found


def lint(policy: ProcPolicy) -> list[Finding]:
    """Return what is questionable about a policy, the most severe first.

    Looks at the files that the policy names; runs nothing. Raises TypeError
    when `policy` is not a ProcPolicy.

    >>> codes = [finding.code for finding in lint(policy)]
    """
    from proc_jail._core import ProcPolicy
    from proc_jail._lint_policy import findings_of

    if not isinstance(policy, ProcPolicy):
        raise TypeError(f"not a ProcPolicy: {type(policy).__name__}")
    return findings_of(policy)

"""A linter for policies: what a policy allows that it should not.

What an option can do is told by the program's table (csrc/programs); the
rest by the policy itself, and by the files that it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from proc_jail._core import ProcPolicy


class Finding(NamedTuple):
    """Something that a policy allows, or lacks.

    `severity` is error, warning or note; `capability` what can be done with
    it (execute, write, read, network, config, input, time), or None;
    `program` its path, or None; `source` the fact or the entry that tells so;
    `remedy` what to change.
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
    """Return what is questionable about a policy, the worst first.

    Looks at the files that the policy names, and runs nothing. Raises
    TypeError for what is no ProcPolicy.

    >>> [finding.code for finding in lint(policy)]
    """
    from proc_jail._core import ProcPolicy
    from proc_jail._lint_policy import findings_of

    if not isinstance(policy, ProcPolicy):
        raise TypeError(f"not a ProcPolicy: {type(policy).__name__}")
    return findings_of(policy)

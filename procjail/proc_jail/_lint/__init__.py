"""A linter for policies: what a policy allows that it should not.

What an option can do is told by the program's table (csrc/programs); the
rest by the policy itself, and by the files that it names.
"""

from __future__ import annotations

from proc_jail._core import ProcPolicy
from proc_jail._lint.options import Finding
from proc_jail._lint.policy import findings_of

__all__ = ["Finding", "lint"]


def lint(policy: ProcPolicy) -> list[Finding]:
    """Return what is questionable about a policy, the worst first.

    Looks at the files that the policy names, and runs nothing. Raises
    TypeError for what is no ProcPolicy.

    >>> [finding.code for finding in lint(policy)]
    """
    if not isinstance(policy, ProcPolicy):
        raise TypeError(f"not a ProcPolicy: {type(policy).__name__}")
    return findings_of(policy)

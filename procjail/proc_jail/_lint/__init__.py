"""A linter for policies: what a policy allows and should not.

The program's table (csrc/programs) says what an option can do; the policy
itself and the files that it names say the rest.
"""

from __future__ import annotations

from proc_jail._core import ProcPolicy
from proc_jail._lint.options import Finding
from proc_jail._lint.policy import findings_of

__all__ = ["Finding", "lint"]


def lint(policy: ProcPolicy) -> list[Finding]:
    """Return what is questionable about a policy, the most severe first.

    Looks at the files that the policy names; runs nothing. Raises TypeError
    when `policy` is not a ProcPolicy.

    >>> codes = [finding.code for finding in lint(policy)]
    """
    if not isinstance(policy, ProcPolicy):
        raise TypeError(f"not a ProcPolicy: {type(policy).__name__}")
    return findings_of(policy)

"""The examples of a policy file, which must come out as stated.

They are checked like requests, on this machine: paths are followed from the
directory that the request or the policy names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proc_jail._core import ProcPolicy, ProcRequest, Violation
from proc_jail._errors import shown
from proc_jail._files_at import At
from proc_jail._files_build import names_of

Values = Mapping[str, Any]


def check_examples(policy: ProcPolicy, table: Values, at: At) -> None:
    """Raise PolicyFileError for the first example that comes out otherwise."""
    for i, program in enumerate(table.get("program", ())):
        here = at / "program" / i
        path = _path_of(program)
        for n, example in enumerate(program.get("match", ())):
            _must_pass(policy, path, _entries(example), here / "match" / n)
        for n, example in enumerate(program.get("not_match", ())):
            where = here / "not_match" / n
            _must_be_refused(policy, path, _entries(example), where)


def _path_of(program: Values) -> str:
    if "path" in program:
        return names_of(program["path"])[0]
    from proc_jail._profiles import which

    return which(program["profile"])


def _entries(example: Values | list[str]) -> Values:
    return {"argv": example} if isinstance(example, list) else example


def _check(
    policy: ProcPolicy, path: str, example: Values, at: At
) -> Violation | None:
    with at.blamed():
        request = ProcRequest(
            path, example["argv"], example.get("env"), example.get("cwd")
        )
        return policy.check(request)


def _told(example: Values) -> str:
    return shown(" ".join(example["argv"]) or "no arguments")


def _must_pass(policy: ProcPolicy, path: str, example: Values, at: At) -> None:
    refused = _check(policy, path, example, at)
    if refused is not None:
        raise at.error(
            f"this example has to pass, and is refused: {_told(example)}: "
            f"{refused.code}: {refused}"
        ) from refused


def _must_be_refused(
    policy: ProcPolicy, path: str, example: Values, at: At
) -> None:
    """Require a denial by the arguments, unless the example names a code.

    A request that is refused for its directory would prove nothing.
    """
    refused = _check(policy, path, example, at)
    if refused is None:
        raise at.error(
            f"this example has to be refused, and passes: {_told(example)}"
        )
    code, wanted = str(refused.code), example.get("code")
    if code == wanted or (wanted is None and code.startswith("Arg")):
        return
    whose = f"with {wanted}" if wanted else "for its arguments"
    raise at.error(
        f"this example has to be refused {whose}, and is refused with "
        f"{code}: {refused}"
    ) from refused

"""What Python adds to the core's errors: one more, and their fields."""

from __future__ import annotations

from proc_jail._core import ProcJailError

# Also for the package's __init__: typing is slow to import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# The fields of errors, in the order in which they are shown.
FIELDS = (
    "bin",
    "path",
    "line",
    "column",
    "flag",
    "option",
    "key",
    "value",
    "index",
    "max",
    "got",
    "expected",
    "reason",
    "control",
    "needs",
    "found",
    "elapsed",
    "limit",
    "step",
    "errno",
    "returncode",
)


def fields_of(error: ProcJailError) -> Iterator[tuple[str, Any]]:
    """The fields of an error that are set."""
    for name in FIELDS:
        value = getattr(error, name, None)
        if value is not None:
            yield name, value


class PolicyFileError(ProcJailError, ValueError):
    """A policy file, or the dict of one, is not a valid policy.

    `path`, `line` and `column` (from 1) tell where in the file, `key` which
    entry, and `reason` what is wrong there. Fields that do not apply are None.
    `__cause__` is the Violation or OSError behind it, if there is one.
    """

    __module__ = "proc_jail"  # where users import it from

    code = "PolicyFileError"
    path: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None
    reason: str = ""

    @classmethod
    def make(
        cls,
        reason: str,
        *,
        path: str | None = None,
        place: tuple[int, int] | None = None,
        key: str = "",
    ) -> PolicyFileError:
        """The error of one place, with a message that begins with it."""
        from proc_jail._escape import shown

        where = shown(path) if path is not None else ""
        if place is not None:
            where += f":{place[0]}:{place[1]}"
        parts = [where, shown(key), reason]
        error = cls(": ".join(part for part in parts if part))
        error.path = path
        error.line, error.column = place or (None, None)
        error.key = key or None
        error.reason = reason
        return error

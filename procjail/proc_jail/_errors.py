"""The one exception that is not made from the core's table of codes."""

from __future__ import annotations

from proc_jail._core import ProcJailError

SHOWN = 128


def shown(value: object) -> str:
    """A value as messages show it: printable, and not longer than a line."""
    text = str(value)
    if len(text) > SHOWN:
        text = text[:SHOWN] + "..."
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in text
    )


class PolicyFileError(ProcJailError, ValueError):
    """A policy file, or the dict of one, is no policy; none was made.

    `path`, `line` and `column` (from 1) tell where in the file, `key` which
    entry of it, `reason` what is wrong there. What does not apply is None.
    `__cause__` is the Violation or OSError behind it, if there is one.
    """

    __module__ = "proc_jail"  # where it is found

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

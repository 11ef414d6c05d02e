"""The position of a reader in a policy, and errors that state it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from proc_jail._core import ProcJailError
from proc_jail._errors import PolicyFileError
from proc_jail._files_places import MAX_DEPTH, Key
from proc_jail._files_text import Source


class At:
    """One entry of a policy; `at / "key"` is an entry of that entry."""

    def __init__(self, source: Source, key: Key = ()) -> None:
        self.source = source
        self.key = key
        # A dict that was not a file may even hold itself.
        if len(key) > MAX_DEPTH:
            raise self.error("is nested too deeply")

    def __truediv__(self, part: str | int) -> At:
        return At(self.source, (*self.key, part))

    def error(self, reason: str, *, at_key: bool = False) -> PolicyFileError:
        return self.source.error(self.key, reason, at_key=at_key)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn what the core refuses into an error of this entry."""
        try:
            yield
        except PolicyFileError:
            raise
        except (ProcJailError, LookupError) as error:
            # What str() makes of a KeyError is not its message.
            raise self.error(str(error.args[0])) from error

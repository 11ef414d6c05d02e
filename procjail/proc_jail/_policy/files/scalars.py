"""The kinds of values in a policy file: read, written back, and described.

One object does all three, so the loader, `to_dict` and the JSON Schema
cannot disagree about what an entry may be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Protocol

from proc_jail._escape import shown
from proc_jail._policy.files.source import At

Schema = dict[str, Any]

MAX_INT = 2**63 - 1

UNITS = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
TIMES = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
SIZE_TEXT = rf"^([0-9]{{1,15}}) ?({'|'.join(UNITS)})$"
TIME_TEXT = r"^([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(ms|s|m|h)$"
NO_NUL = r"^[^\u0000]*$"


class Kind(Protocol):
    """What an entry may be."""

    @property
    def what(self) -> str:
        """It in words, for "must be ..."."""

    def takes(self, value: object) -> bool:
        """Whether a value is of the right type, if not of the right size."""

    def read(self, value: Any, at: At) -> Any:
        """The value as the builder wants it; at.error() is raised."""

    def write(self, value: Any) -> Any:
        """The other way: what read() would read."""

    def schema(self) -> Schema:
        """The same as JSON Schema."""


def type_name(value: object) -> str:
    """What a value is, in the words of TOML and JSON."""
    names: list[tuple[type | tuple[type, ...], str]] = [
        (bool, "a boolean"),
        (str, "a string"),
        (int, "an integer"),
        (float, "a number"),
        (Mapping, "a table"),
        ((list, tuple), "an array"),
        (type(None), "null"),
    ]
    for kind, name in names:
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"


def check_type(kind: Kind, value: object, at: At) -> None:
    if not kind.takes(value):
        raise at.error(f"must be {kind.what}, not {type_name(value)}")


class Bool:
    what = "true or false"

    def takes(self, value: object) -> bool:
        return isinstance(value, bool)

    def read(self, value: Any, at: At) -> bool:
        check_type(self, value, at)
        return bool(value)

    def write(self, value: Any) -> bool:
        return bool(value)

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Whole:
    """An integer in a range."""

    what = "an integer"

    def __init__(self, least: int = 0, most: int = MAX_INT) -> None:
        self._least = least
        self._most = most

    def takes(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    def read(self, value: Any, at: At) -> int:
        check_type(self, value, at)
        if not self._least <= value <= self._most:
            raise at.error(f"must be from {self._least} to {self._most}")
        return int(value)

    def write(self, value: Any) -> int:
        return int(value)

    def schema(self) -> Schema:
        return {
            "type": "integer",
            "minimum": self._least,
            "maximum": self._most,
        }


class Text:
    """A string that a program can be given: no NUL, encodable."""

    what = "a string"

    def __init__(self, pattern: str = "", expected: str = "") -> None:
        self._pattern = re.compile(pattern or NO_NUL, re.DOTALL)
        self._expected = expected

    def takes(self, value: object) -> bool:
        return isinstance(value, str)

    def read(self, value: Any, at: At) -> str:
        check_type(self, value, at)
        if "\0" in value:
            raise at.error("must not contain a NUL byte")
        try:
            os.fsencode(value)
        except UnicodeEncodeError:
            raise at.error("cannot be encoded") from None
        if not self._pattern.fullmatch(value):
            raise at.error(f"must be {self._expected}, not '{shown(value)}'")
        return str(value)

    def write(self, value: Any) -> str:
        return str(value)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": self._pattern.pattern}


PATH = Text(r"^/[^\u0000]*$", "an absolute path")
WORD = Text(r"^[^\u0000]+$", "a word")


class Choice:
    """One of some words, each standing for a value."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = dict(values)
        self.what = "one of " + ", ".join(f"'{name}'" for name in values)

    def takes(self, value: object) -> bool:
        return isinstance(value, str)

    def read(self, value: Any, at: At) -> object:
        check_type(self, value, at)
        if value not in self._values:
            raise at.error(f"must be {self.what}, not '{shown(value)}'")
        return self._values[value]

    def write(self, value: Any) -> str:
        return next(n for n, v in self._values.items() if v == value)

    def schema(self) -> Schema:
        return {"enum": list(self._values)}


class Seconds:
    """A time: a number of seconds, or a string with a unit."""

    what = "a number of seconds, or a string like '30s' or '1.5m'"

    def __init__(self, *, zero: bool = False) -> None:
        self._zero = zero

    def takes(self, value: object) -> bool:
        return isinstance(value, (int, float, str)) and not isinstance(
            value, bool
        )

    def read(self, value: Any, at: At) -> float:
        check_type(self, value, at)
        if isinstance(value, str):
            found = re.fullmatch(TIME_TEXT, value)
            if found is None:
                raise at.error(f"must be {self.what}, not '{shown(value)}'")
            value = _exact(float(found[1]) * TIMES[found[2]])
        if not 0 <= value <= 1e9:  # False for NaN
            raise at.error("must be a time of 0 to 1e9 seconds")
        if value == 0 and not self._zero:
            raise at.error("must be more than 0")
        number: float = value
        return number

    def write(self, value: Any) -> float:
        number: float = value
        return number

    def schema(self) -> Schema:
        least = "minimum" if self._zero else "exclusiveMinimum"
        return {
            "oneOf": [
                {"type": "number", least: 0, "maximum": 1e9},
                {"type": "string", "pattern": TIME_TEXT},
            ]
        }


def _exact(number: float) -> float:
    return int(number) if number.is_integer() else number


class _Spelled:
    """An integer up to `most`, or a text of `pattern` that stands for one."""

    what: str
    pattern: str
    most: int
    range: str

    def takes(self, value: object) -> bool:
        return isinstance(value, (int, str)) and not isinstance(value, bool)

    def number(self, text: re.Match[str]) -> int:
        raise NotImplementedError

    def read(self, value: Any, at: At) -> int:
        check_type(self, value, at)
        if isinstance(value, str):
            found = re.fullmatch(self.pattern, value)
            if found is None:
                raise at.error(f"must be {self.what}, not '{shown(value)}'")
            value = self.number(found)
        if not 0 <= value <= self.most:
            raise at.error(f"must be from {self.range}")
        return int(value)

    def write(self, value: Any) -> int:
        return int(value)

    def schema(self) -> Schema:
        return {
            "oneOf": [
                {"type": "integer", "minimum": 0, "maximum": self.most},
                {"type": "string", "pattern": self.pattern},
            ]
        }


class Size(_Spelled):
    """A number of bytes, or a string with a unit."""

    what = "a number of bytes, or a string like '64KiB' or '10MiB'"
    pattern = SIZE_TEXT
    most = MAX_INT
    range = f"0 to {MAX_INT} bytes"

    def number(self, text: re.Match[str]) -> int:
        return int(text[1]) * UNITS[text[2]]


class Mode(_Spelled):
    """A umask: an integer, or a string of octal digits."""

    what = "an integer, or a string of octal digits"
    pattern = r"^(0o)?[0-7]{1,4}$"
    most = 0o777
    range = "0 to 0o777"

    def number(self, text: re.Match[str]) -> int:
        return int(text[0].removeprefix("0o"), 8)

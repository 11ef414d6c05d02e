"""Values of tool calls: their JSON Schema, and the word they become."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from proc_jail._core import (
    Choice,
    GitRef,
    HostName,
    Int,
    Pattern,
    ReadPath,
    Text,
    Url,
    WritePath,
)

if TYPE_CHECKING:
    from proc_jail._core import _Value

Schema = dict[str, Any]

# Extended expressions that mean the same to ECMAScript: without classes,
# without escapes except of what is special in both, and without a bracket
# that begins with what POSIX reserves.
_SHARED = re.compile(
    r"(?:[^][\\(){}*+?|^$]|\\[][\\(){}*+?|^$./]"
    r"|\[\^?[^][\\^][^][\\]*\]|[()*+?|]|\{\d+(?:,\d*)?\})*",
)


class BadArgument(Exception):
    """An argument of a tool call has not the shape that the schema says."""


def schema_of(value: _Value) -> Schema:
    """The JSON Schema of one value; a description tells the rest.

    >>> schema_of(Int(1, 9))["maximum"]
    9
    """
    if isinstance(value, Int):
        return _int_schema(value)
    if isinstance(value, Choice):
        return {"type": "string", "enum": list(value.values)}
    if isinstance(value, Text):
        return {"type": "string", "maxLength": value.max_length}
    if isinstance(value, Pattern):
        return _pattern_schema(value)
    return {"type": "string", "description": _wanted(value)}


def _int_schema(value: Int) -> Schema:
    schema: Schema = {"type": "integer"}
    if value.min is not None:
        schema["minimum"] = value.min
    if value.max is not None:
        schema["maximum"] = value.max
    return schema


def _pattern_schema(value: Pattern) -> Schema:
    schema: Schema = {"type": "string", "maxLength": value.max_length}
    if _SHARED.fullmatch(value.pattern):
        schema["pattern"] = f"^(?:{value.pattern})$"
    else:
        schema["description"] = f"must match all of {value.pattern}"
    return schema


def _wanted(value: _Value) -> str:
    if isinstance(value, ReadPath):
        return f"path of an existing file {_below(value.roots)}"
    if isinstance(value, WritePath):
        return f"path of a file to write {_below(value.roots)}"
    if isinstance(value, HostName):
        return "host name or IPv4 address"
    if isinstance(value, Url):
        hosts = "any host" if value.hosts is None else ", ".join(value.hosts)
        return f"URL; schemes: {', '.join(value.schemes)}; hosts: {hosts}"
    if isinstance(value, GitRef):
        return "branch, tag, commit or range of commits"
    raise TypeError(f"no schema for {type(value).__name__}")


def _below(roots: tuple[str, ...]) -> str:
    return f"at or below {', '.join(roots)}" if roots else "(none is allowed)"


def word_of(value: _Value | None, given: object, name: str) -> str:
    """A value as one word of a command line.

    Only its type is checked: the policy decides whether it is allowed.

    >>> word_of(Int(1, 9), 12, "count")
    '12'
    """
    if isinstance(given, str) and not isinstance(value, Int):
        return given
    # Numbers are text on a command line. JSON does not distinguish 5 from 5.0.
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return _digits(given, name)
    kind = "an integer" if isinstance(value, Int) else "a string"
    raise BadArgument(f"argument {name!r} must be {kind}")


def _digits(number: int, name: str) -> str:
    """Python writes no integer of thousands of digits."""
    if abs(number) >> 64:
        raise BadArgument(f"argument {name!r} is out of range")
    return str(number)

"""Containers: lists, tables, unions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple, Protocol

from proc_jail._escape import shown
from proc_jail._policy.files.scalars import (
    NO_NUL,
    Kind,
    Schema,
    Text,
    check_type,
)
from proc_jail._policy.files.source import At


class List:
    """An array of one kind."""

    what = "an array"

    def __init__(self, kind: Kind, least: int = 0) -> None:
        self._kind = kind
        self._least = least

    def takes(self, value: object) -> bool:
        return isinstance(value, (list, tuple))

    def read(self, value: Any, at: At) -> list[Any]:
        check_type(self, value, at)
        if len(value) < self._least:
            raise at.error("must not be empty")
        return [self._kind.read(v, at / i) for i, v in enumerate(value)]

    def write(self, value: Any) -> list[Any]:
        return [self._kind.write(v) for v in value]

    def schema(self) -> Schema:
        least = {"minItems": self._least} if self._least else {}
        return {"type": "array", "items": self._kind.schema(), **least}


class Map:
    """A table of strings by names that the policy chooses."""

    what = "a table of strings"
    _text = Text()

    def takes(self, value: object) -> bool:
        return isinstance(value, Mapping)

    def read(self, value: Any, at: At) -> dict[str, str]:
        check_type(self, value, at)
        return {
            self._text.read(k, at): self._text.read(v, at / shown(k))
            for k, v in value.items()
        }

    def write(self, value: Any) -> dict[str, str]:
        return dict(value)

    def schema(self) -> Schema:
        return {
            "type": "object",
            "propertyNames": {"pattern": NO_NUL},
            "additionalProperties": self._text.schema(),
        }


class Either:
    """One of some kinds, told apart by the type of the value."""

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = kinds
        self.what = ", or ".join(kind.what for kind in kinds)

    def takes(self, value: object) -> bool:
        return any(kind.takes(value) for kind in self._kinds)

    def read(self, value: Any, at: At) -> Any:
        check_type(self, value, at)
        kind = next(k for k in self._kinds if k.takes(value))
        return kind.read(value, at)

    def write(self, value: Any) -> Any:
        return next(k for k in self._kinds if k.takes(value)).write(value)

    def schema(self) -> Schema:
        return {"anyOf": [kind.schema() for kind in self._kinds]}


class Later:
    """A kind that is made later, for tables that contain themselves."""

    def __init__(self, what: str, get: Callable[[], Kind]) -> None:
        self.what = what
        self._get = get

    def takes(self, value: object) -> bool:
        return self._get().takes(value)

    def read(self, value: Any, at: At) -> Any:
        return self._get().read(value, at)

    def write(self, value: Any) -> Any:
        return self._get().write(value)

    def schema(self) -> Schema:
        return self._get().schema()


class How(Enum):
    """How the value of an entry becomes calls of a method."""

    ONE = 0  # method(value)
    SPREAD = 1  # method(*value)
    EACH = 2  # method(*item) for each item
    SWITCH = 3  # method() if it is true


class Field(NamedTuple):
    """An entry of a table, and the method that it calls, if any."""

    kind: Kind
    doc: str
    call: str = ""
    how: How = How.ONE
    required: bool = False


class Rule(Protocol):
    """What entries of one table must be together."""

    def check(self, table: Mapping[str, object], at: At) -> None: ...

    def schema(self) -> Schema: ...


def _any_of(keys: tuple[str, ...]) -> Schema:
    return {"anyOf": [{"required": [key]} for key in keys]}


class Apart:
    """Entries of these groups exclude one another."""

    def __init__(self, *groups: tuple[str, ...], why: str = "") -> None:
        self._groups = groups
        self._why = why

    def check(self, table: Mapping[str, object], at: At) -> None:
        used = [
            next(key for key in group if key in table)
            for group in self._groups
            if any(key in table for key in group)
        ]
        if len(used) > 1:
            first, second = sorted(used[:2], key=list(table).index)
            raise (at / second).error(
                f"does not go together with '{first}'{self._why}", at_key=True
            )

    def schema(self) -> Schema:
        pairs = [
            {"not": {"allOf": [_any_of(one), _any_of(other)]}}
            for i, one in enumerate(self._groups)
            for other in self._groups[i + 1 :]
        ]
        return {"allOf": pairs}


class NeedsOne:
    """One of these entries is required, or only if `given` is present."""

    def __init__(self, *keys: str, given: str = "") -> None:
        self._keys = keys
        self._given = given

    def check(self, table: Mapping[str, object], at: At) -> None:
        names = " or ".join(f"'{key}'" for key in self._keys)
        if any(key in table for key in self._keys):
            return
        if not self._given:
            raise at.error(f"needs {names}")
        if self._given in table:
            at = at / self._given
            raise at.error(f"is only for {names}", at_key=True)

    def schema(self) -> Schema:
        if not self._given:
            return _any_of(self._keys)
        return {
            "if": {"required": [self._given]},
            "then": _any_of(self._keys),
        }


class Table:
    """A table with known entries."""

    what = "a table"

    def __init__(
        self, name: str, doc: str, fields: dict[str, Field], *rules: Rule
    ) -> None:
        self.name = name
        self.doc = doc
        self.fields = fields
        self._rules = rules

    def takes(self, value: object) -> bool:
        return isinstance(value, Mapping)

    def read(self, value: Any, at: At) -> dict[str, Any]:
        check_type(self, value, at)
        for key in value:
            if key not in self.fields:
                raise self._unknown(key, at)
        for key, field in self.fields.items():
            if field.required and key not in value:
                raise at.error(f"needs '{key}'")
        for rule in self._rules:
            rule.check(value, at)
        return {
            key: field.kind.read(value[key], at / key)
            for key, field in self.fields.items()
            if key in value
        }

    def _unknown(self, key: object, at: At) -> Exception:
        from difflib import get_close_matches

        close = get_close_matches(str(key), self.fields, 1)
        hint = (
            f"did you mean '{close[0]}'?"
            if close
            else "known are: " + ", ".join(self.fields)
        )
        return (at / str(key)).error(f"unknown key; {hint}", at_key=True)

    def write(self, value: Any) -> dict[str, Any]:
        return {
            key: field.kind.write(value[key])
            for key, field in self.fields.items()
            if key in value
        }

    def schema(self) -> Schema:
        return {"$ref": f"#/$defs/{self.name}"}

    def definition(self) -> Schema:
        """What schema() refers to."""
        required = [k for k, f in self.fields.items() if f.required]
        found: Schema = {
            "description": self.doc,
            "type": "object",
            "additionalProperties": False,
            "properties": {
                key: {"description": field.doc, **field.kind.schema()}
                for key, field in self.fields.items()
            },
        }
        if required:
            found["required"] = required
        if self._rules:
            found["allOf"] = [rule.schema() for rule in self._rules]
        return found


class Tagged:
    """One of some tables, told apart by their entry `type`."""

    what = "a table"

    def __init__(self, *tables: Table) -> None:
        self._tables = {table.name: table for table in tables}

    def takes(self, value: object) -> bool:
        return isinstance(value, Mapping)

    def read(self, value: Any, at: At) -> dict[str, Any]:
        check_type(self, value, at)
        if "type" not in value:
            raise at.error("needs 'type'")
        name = value["type"]
        if not isinstance(name, str) or name not in self._tables:
            names = ", ".join(f"'{name}'" for name in self._tables)
            raise (at / "type").error(f"must be one of {names}")
        return self._tables[name].read(value, at)

    def write(self, value: Any) -> dict[str, Any]:
        return self._tables[value["type"]].write(value)

    def schema(self) -> Schema:
        return {"anyOf": [table.schema() for table in self._tables.values()]}

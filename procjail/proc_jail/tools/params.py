"""The parameters of a tool: each has a schema, and writes its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from proc_jail import _core
from proc_jail._core import Violation
from proc_jail.tools.values import BadArgument, schema_of, word_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proc_jail._policy.model import Option, Positional, Table
    from proc_jail.tools.values import Schema

# Where it is on the command line.
OPTION, POSITIONAL, OUTSIDE = "option", "positional", "outside"
# What APIs accept as the name of a property.
NAME_LIMIT = 64


class Parameter(Protocol):
    """What a property of a tool's arguments is."""

    @property
    def label(self) -> str:
        """What it wants to be called."""

    @property
    def place(self) -> str:
        """Where its words stand."""

    @property
    def required(self) -> bool:
        """Whether it has to be given."""

    def schema(self) -> Schema:
        """Its JSON Schema."""

    def words(self, given: object, name: str) -> list[str]:
        """Its words on the command line; BadArgument for another shape."""


def property_name(label: str) -> str:
    """A name that every API accepts; empty where nothing is left.

    >>> property_name("--max-count")
    'max_count'
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")
    return name[:NAME_LIMIT] if re.search("[A-Za-z]", name) else ""


def _described(schema: Schema, text: str) -> Schema:
    """With a description, put before what the value itself says."""
    more = schema.get("description")
    return {**schema, "description": f"{text}; {more}" if more else text}


def _items(given: object) -> list[object]:
    return list(given) if isinstance(given, list | tuple) else [given]


# By identity: two sections may have options that look the same.
@dataclass(frozen=True, eq=False)
class FlagParameter:
    """An option without a value: a boolean."""

    names: tuple[str, ...]
    word: str
    required: bool = False
    place: str = OPTION

    @property
    def label(self) -> str:
        return max(self.names, key=len)

    def schema(self) -> Schema:
        schema: Schema = {"type": "boolean"}
        if self.required:
            schema["enum"] = [True]
        return _described(schema, " ".join(self.names))

    def words(self, given: object, name: str) -> list[str]:
        if not isinstance(given, bool):
            raise BadArgument(f"argument {name!r} must be true or false")
        return [self.word] if given else []


@dataclass(frozen=True, eq=False)
class OptionParameter:
    """An option with a value; a list of them where it may be repeated.

    `form` is how it is written: "=" attached to a long name, "" attached to
    a letter, and " " as a word of its own.
    """

    option: Option
    name: str
    form: str
    required: bool = False
    place: str = OPTION

    @property
    def label(self) -> str:
        return max(self.option.names, key=len)

    @property
    def _many(self) -> bool:
        return self.option.repeat is None or self.option.repeat > 1

    def schema(self) -> Schema:
        value = self.option.value
        assert value is not None
        schema = schema_of(value)
        if self.option.optional:
            either = [{"type": "boolean"}, schema]
            schema = {"anyOf": either}
        if self._many:
            schema = {"type": "array", "items": schema}
            if self.option.repeat is not None:
                schema["maxItems"] = self.option.repeat
        return _described(schema, " ".join(self.option.names))

    def words(self, given: object, name: str) -> list[str]:
        items = _items(given) if self._many else [given]
        return [word for item in items for word in self._one(item, name)]

    def _one(self, given: object, name: str) -> list[str]:
        if self.option.optional and isinstance(given, bool):
            return [self.name] if given else []
        word = word_of(self.option.value, given, name)
        # Attached to a letter, an empty value is no value.
        if self.form == " " or (self.form == "" and not word):
            return [self.name, word]
        return [f"{self.name}{self.form}{word}"]


@dataclass(frozen=True, eq=False)
class PairParameter:
    """An option that takes two words (jq --arg NAME VALUE)."""

    option: Option
    name: str
    # The keys of the two words; which one has the type; the other one.
    keys: tuple[str, str]
    typed: str
    required: bool = False
    place: str = OPTION

    @property
    def label(self) -> str:
        return max(self.option.names, key=len)

    def schema(self) -> Schema:
        assert self.option.value is not None
        fields: Schema = {key: {"type": "string"} for key in self.keys}
        fields[self.typed] = schema_of(self.option.value)
        schema: Schema = {
            "type": "array",
            "items": {
                "type": "object",
                "properties": fields,
                "required": list(self.keys),
                "additionalProperties": False,
            },
        }
        if self.option.repeat is not None:
            schema["maxItems"] = self.option.repeat
        return _described(schema, " ".join(self.option.names))

    def words(self, given: object, name: str) -> list[str]:
        words: list[str] = []
        for item in _items(given):
            if not isinstance(item, dict) or set(item) != set(self.keys):
                raise BadArgument(
                    f"argument {name!r} must be a list of objects with "
                    f"{' and '.join(self.keys)}"
                )
            words.append(self.name)
            for key in self.keys:
                kind = self.option.value if key == self.typed else None
                words.append(word_of(kind, item[key], f"{name}.{key}"))
        return words


@dataclass(frozen=True, eq=False)
class PositionalParameter:
    """Declared positionals: one value, or a list."""

    positional: Positional
    place: str = POSITIONAL

    @property
    def label(self) -> str:
        return self.positional.name

    @property
    def required(self) -> bool:
        return self.positional.min > 0 and not self.positional.unless

    def schema(self) -> Schema:
        rule = self.positional
        schema = schema_of(rule.value)
        if rule.max != 1:
            schema = {"type": "array", "items": schema}
            if rule.min > 0 and not rule.unless:
                schema["minItems"] = rule.min
            if rule.max is not None:
                schema["maxItems"] = rule.max
        text = rule.name
        if rule.unless:
            text += f"; left out with {' or '.join(rule.unless)}"
        return _described(schema, text)

    def words(self, given: object, name: str) -> list[str]:
        items = _items(given) if self.positional.max != 1 else [given]
        return [word_of(self.positional.value, i, name) for i in items]


@dataclass(frozen=True, eq=False)
class ListParameter:
    """The arguments of a program whose rules compare tokens."""

    max: int
    label: str = "args"
    place: str = POSITIONAL
    required: bool = False

    def schema(self) -> Schema:
        return {
            "type": "array",
            "items": {"type": "string"},
            "maxItems": self.max,
            "description": "arguments, each a word of its own",
        }

    def words(self, given: object, name: str) -> list[str]:
        if not isinstance(given, list | tuple):
            raise BadArgument(f"argument {name!r} must be a list of strings")
        return [word_of(None, item, name) for item in given]


@dataclass(frozen=True, eq=False)
class OutsideParameter:
    """What is not on the command line: its input, and where it runs."""

    label: str
    text: str
    place: str = OUTSIDE
    required: bool = False

    def schema(self) -> Schema:
        return {"type": "string", "description": self.text}

    def words(self, given: object, name: str) -> list[str]:
        return [word_of(None, given, name)]


def _reads(table: str, words: list[str]) -> list[tuple[Any, ...]]:
    """How a program reads words; none where it refuses them."""
    try:
        return list(_core._read_argv(table, words))
    except Violation:
        return []


def honours_dashes(table: str) -> bool:
    """Whether `--` may stand before the first operand, and ends options."""
    read = _reads(table, ["--", "-x"])
    return [item[0] for item in read] == ["dashes", "operand"]


def _spellings(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Names and forms, the attached ones first."""
    for name in sorted(names, key=len, reverse=True):
        if name.endswith("="):
            yield name, ""
        elif name.startswith("--"):
            yield name, "="
        elif len(name) == 2:
            yield name, ""
    for name in sorted(names, key=len, reverse=True):
        yield name, " "


def _spelling(
    names: tuple[str, ...], table: Table | None
) -> tuple[str, str] | None:
    """The first spelling that the program reads as this option."""
    # Neither unknown programs nor git before its subcommand take a value
    # that is attached to a letter.
    apart = table is None or table["dashdash"] == "subcommand"
    for name, form in _spellings(names):
        if apart and not form and not name.endswith("="):
            continue
        if table is None:
            return name, form
        words = [name, "1"] if form == " " else [f"{name}{form}1"]
        read = _reads(table["name"], words)
        if len(read) == 1 and read[0][0] == "option" and read[0][3] == "1":
            return name, form
    return None


def _row_of(option: Option, table: Table | None) -> dict[str, Any]:
    """What the table says of an option; nothing where it has none."""
    for row in table["options"] if table is not None else ():
        names = {row["letter"], f"--{row['name']}", row["name"]}
        if not names.isdisjoint(option.names):
            return dict(row)
    return {}


def parameter_of(
    option: Option, table: Table | None, required: bool
) -> Parameter:
    """The parameter of a declared option."""
    name = max(option.names, key=len)
    if option.value is None:
        return FlagParameter(option.names, name, required)
    arity = _row_of(option, table).get("arity")
    if arity == "name_value":
        return PairParameter(
            option, name, ("name", "value"), "value", required
        )
    if arity == "value_text":
        return PairParameter(
            option, name, ("value", "text"), "value", required
        )
    spelling = _spelling(option.names, table)
    if spelling is None and option.optional:
        return FlagParameter(option.names, name, required)
    name, form = spelling or (name, " ")
    return OptionParameter(option, name, form, required)

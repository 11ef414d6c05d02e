"""The shape of a tool: what its properties are, and the argv they make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from proc_jail._escape import one_line
from proc_jail._policy.model import Level, Plain, Program, sub_table
from proc_jail.tools.params import (
    OPTION,
    OUTSIDE,
    POSITIONAL,
    FlagParameter,
    ListParameter,
    OutsideParameter,
    Parameter,
    PositionalParameter,
    honours_dashes,
    parameter_of,
    property_name,
)
from proc_jail.tools.values import BadArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from proc_jail._policy.model import Table
    from proc_jail.tools.values import Schema

# How to handle a positional that begins with a dash.
ALWAYS, BEFORE_DASHED, NEVER = "always", "before dashed", "never"
DESCRIPTION_LIMIT = 1024


@dataclass(frozen=True)
class Section:
    """What stands between one subcommand and the next, or the end."""

    parameters: tuple[Parameter, ...]
    dashes: str = NEVER
    # Whether its words are an expression, which comes after positionals.
    expression: bool = False
    # The subcommand that follows.
    word: str | None = None


@dataclass(frozen=True)
class Shape:
    """One program, or one subcommand of it, as a tool."""

    program: Program
    words: tuple[str, ...]
    sections: tuple[Section, ...]
    properties: Mapping[str, Parameter]
    text: str

    @property
    def title(self) -> str:
        return " ".join([_base_name(self.program.path), *self.words])

    def schema(self) -> Schema:
        """The JSON Schema of the arguments."""
        return {
            "type": "object",
            "properties": {
                name: parameter.schema()
                for name, parameter in self.properties.items()
            },
            "required": self.required(),
            "additionalProperties": False,
        }

    def required(self) -> list[str]:
        """The properties that have to be given."""
        return [n for n, p in self.properties.items() if p.required]

    def check(self, arguments: Mapping[str, object]) -> None:
        """BadArgument for what is not a property, or missing."""
        for name in arguments:
            if name not in self.properties:
                raise BadArgument(self._unknown(name))
        for name in self.required():
            if arguments.get(name) is None:
                raise BadArgument(f"argument {name!r} is missing")

    def _unknown(self, name: object) -> str:
        """What to say of a name; it comes from outside, so it is cut."""
        shown = one_line(str(name))[:64]
        near = get_close_matches(shown, self.properties)
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        else:
            hint = f"there are: {', '.join(self.properties) or 'none'}"
        return f"there is no argument '{shown}'; {hint}"

    def argv(self, arguments: Mapping[str, object]) -> list[str]:
        """The command line that the arguments make."""
        self.check(arguments)
        given: dict[Parameter, list[str]] = {}
        for name, value in arguments.items():
            parameter = self.properties[name]
            if value is not None and parameter.place != OUTSIDE:
                given[parameter] = parameter.words(value, name)
        return [
            word
            for section in self.sections
            for word in _section_words(section, given)
        ]

    def outside(self, arguments: Mapping[str, object], name: str) -> Any:
        """What is given besides the command line, or None."""
        for property_, parameter in self.properties.items():
            if parameter.place == OUTSIDE and parameter.label == name:
                value = arguments.get(property_)
                if value is not None:
                    return parameter.words(value, property_)[0]
        return None


def _base_name(path: str) -> str:
    return path.rpartition("/")[2]


def _section_words(
    section: Section, given: Mapping[Parameter, list[str]]
) -> Iterator[str]:
    """Options as they were given, positionals as they were declared."""
    options: list[str] = []
    behind: list[str] = []
    for parameter, words in given.items():
        if parameter in section.parameters and parameter.place == OPTION:
            late = section.expression and not _is_letter(parameter)
            (behind if late else options).extend(words)
    operands = [
        word
        for parameter in section.parameters
        if parameter.place == POSITIONAL
        for word in given.get(parameter, ())
    ]
    yield from options
    yield from _dashed(operands, section.dashes)
    yield from behind
    if section.word is not None:
        yield section.word


def _is_letter(parameter: Parameter) -> bool:
    return isinstance(parameter, FlagParameter) and len(parameter.word) == 2


def _dashed(operands: list[str], dashes: str) -> list[str]:
    if dashes == ALWAYS and operands:
        return ["--", *operands]
    if dashes == BEFORE_DASHED and "--" not in operands:
        for at, word in enumerate(operands):
            if word.startswith("-"):
                return [*operands[:at], "--", *operands[at:]]
    return operands


def _dashes_of(table: Table | None, parent: Table | None) -> str:
    """Behind a subcommand `--` may mean more than the end of options."""
    if table is None:
        return NEVER
    if parent is not None:
        return BEFORE_DASHED
    return ALWAYS if honours_dashes(table["name"]) else NEVER


def _parameters(level: Level, table: Table | None) -> tuple[Parameter, ...]:
    sole = {group[0] for group in level.require if len(group) == 1}
    options = [
        parameter_of(option, table, not sole.isdisjoint(option.names))
        for option in level.options
    ]
    return (*options, *(PositionalParameter(p) for p in level.positionals))


def _names(sections: Sequence[Section]) -> dict[str, Parameter]:
    """A property for each parameter; the innermost get their own names."""
    found: dict[str, Parameter] = {}
    for section in reversed(sections):
        for parameter in sorted(section.parameters, key=_is_option):
            wanted = property_name(parameter.label)
            if wanted:
                found[unique(wanted, found, 64)] = parameter
    return found


def _is_option(parameter: Parameter) -> bool:
    return parameter.place == OPTION


def unique(name: str, taken: Iterable[str], limit: int) -> str:
    """The name, followed by a number if it is taken.

    >>> unique("a", ["a"], 64)
    'a_2'
    """
    number, result = 1, name[:limit]
    while result in taken:
        number += 1
        result = f"{name[: limit - len(str(number)) - 1]}_{number}"
    return result


def shapes_of(
    program: Program, extra: Sequence[OutsideParameter], limits: str
) -> Iterator[Shape]:
    """The tools of a program: one, or one for each of its subcommands."""
    plain = program.level.plain
    if plain is not None:
        yield _plain_shape(program, plain, extra, limits)
    else:
        table = program.table
        for words, sections, level in _walk(program.level, table, None):
            last = Section(tuple(extra))
            yield Shape(
                program,
                words,
                sections,
                _names([last, *sections]),
                _text_of(program, level, limits),
            )


def _walk(
    level: Level, table: Table | None, parent: Table | None
) -> Iterator[tuple[tuple[str, ...], tuple[Section, ...], Level]]:
    """The ends of a tree of subcommands, each with what leads there."""
    parameters = _parameters(level, table)
    if not level.subcommands:
        expression = table is not None and table["order"] == "expression"
        dashes = _dashes_of(table, parent)
        yield (), (Section(parameters, dashes, expression),), level
        return
    for word, inner in level.subcommands.items():
        here = Section(parameters, word=word)
        for words, sections, end in _walk(
            inner, sub_table(table, word), table
        ):
            yield (word, *words), (here, *sections), end


def _plain_shape(
    program: Program,
    plain: Plain,
    extra: Sequence[OutsideParameter],
    limits: str,
) -> Shape:
    # One more for a `--` of the caller's own.
    args = ListParameter(plain.max_flags + plain.max_positionals + 1)
    sections = [Section((args,), word=None)]
    if plain.subcommand is not None:
        sections.insert(0, Section((), word=plain.subcommand))
    flags = " ".join(plain.flags) if plain.max_flags > 0 else ""
    rules = f"Allowed flags: {flags or 'none'}"
    if flags:
        rules += f" (at most {plain.max_flags})"
    rules += f"; at most {plain.max_positionals} other arguments."
    return Shape(
        program,
        () if plain.subcommand is None else (plain.subcommand,),
        tuple(sections),
        _names([Section(tuple(extra)), *sections]),
        _cut([_head_of(program), rules, limits, *_files_of(program)]),
    )


def _text_of(program: Program, level: Level, limits: str) -> str:
    parts = [_head_of(program)]
    for names in level.require:
        if len(names) > 1:
            parts.append(f"At least one of {' '.join(names)} is needed.")
    for names in level.exclusive:
        parts.append(f"At most one of {' '.join(names)} may be given.")
    return _cut([*parts, limits, *_files_of(program)])


def _head_of(program: Program) -> str:
    return f"Runs {program.path}, without a shell."


def _files_of(program: Program) -> Iterator[str]:
    """What the kernel holds it to; last, as it can be long."""
    for verb, roots in (
        ("reads", program.allowed.read_roots),
        ("writes", program.allowed.write_roots),
    ):
        if roots is not None:
            where = f"only below {' '.join(roots)}" if roots else "no files"
            yield f"It {verb} {where}."


def _cut(parts: list[str]) -> str:
    text = " ".join(part for part in parts if part)
    if len(text) <= DESCRIPTION_LIMIT:
        return text
    return text[: DESCRIPTION_LIMIT - 3] + "..."


def tool_name(shape: Shape) -> str:
    """A name that every API takes.

    The characters A-Z a-z 0-9 _ - and at most 64 of them.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", shape.title.replace(" ", "_"))
    return name.strip("_-")[:64] or "program"

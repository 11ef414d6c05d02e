"""A policy as data: its programs and their rules, for whoever shows them.

Policies and rules are described by the calls that make them again; this
reads those calls.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proc_jail import _core

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from proc_jail._core import (
        AllowedProgram,
        ArgRules,
        ProcPolicy,
        Sandbox,
        _Value,
    )

Table = dict[str, Any]
Call = tuple[str, tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Option:
    """A declared option; a flag has no value."""

    names: tuple[str, ...]
    value: _Value | None = None
    optional: bool = False
    repeat: int | None = 1


@dataclass(frozen=True)
class Positional:
    """A declared list of positionals."""

    name: str
    value: _Value
    min: int = 1
    max: int | None = 1
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plain:
    """Rules that compare tokens."""

    flags: tuple[str, ...] = ()
    max_flags: int = 0
    max_positionals: int = 0
    subcommand: str | None = None
    double_dash: bool = False


@dataclass(frozen=True)
class Level:
    """The rules of a program, or of one subcommand of it."""

    options: tuple[Option, ...] = ()
    positionals: tuple[Positional, ...] = ()
    require: tuple[tuple[str, ...], ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    subcommands: Mapping[str, Level] = field(default_factory=dict)
    may_read: tuple[str, ...] = ()
    may_write: tuple[str, ...] = ()
    plain: Plain | None = None

    def all(self) -> Iterator[Level]:
        """This level, and those of its subcommands."""
        yield self
        for inner in self.subcommands.values():
            yield from inner.all()

    def values(self) -> Iterator[_Value]:
        """The types of all values, with those of its subcommands."""
        for level in self.all():
            yield from (o.value for o in level.options if o.value is not None)
            yield from (p.value for p in level.positionals)


@dataclass(frozen=True)
class Program:
    """An allowed program, as the policy names it."""

    path: str
    allowed: AllowedProgram
    level: Level

    @property
    def name(self) -> str:
        """What the program itself is called."""
        return os.path.basename(self.allowed.canonical)

    @property
    def table(self) -> Table | None:
        """What is known of its options."""
        table = self.allowed.table
        return None if table is None else _core._program(table)


def name_at(path: str) -> str:
    """What the program at a path is called, links followed."""
    return os.path.basename(os.path.realpath(path))


def sub_table(table: Mapping[str, Any] | None, word: str) -> Table | None:
    """What is known of a subcommand's options."""
    if table is None:
        return None
    return _core._program(f"{table['name']}_{word.replace('-', '_')}")


def names_of(row: Mapping[str, Any]) -> list[str]:
    """The names of a row, as ArgRules takes them."""
    if row["form"] == "word":
        return [row["name"]]
    if row["form"] == "operand":
        return [row["name"] + "="]
    names = [] if row["letter"] is None else [row["letter"]]
    if row["name"] is not None:
        names.append("--" + row["name"])
    return names


def calls_of(described: ProcPolicy | ArgRules | Sandbox) -> Iterator[Call]:
    """The method calls that make an object, in order."""
    for call in described.__reduce__()[1][1]:
        yield call[0], call[1], call[2] if len(call) > 2 else {}


def level_of(rules: ArgRules) -> Level:
    """Rules as data."""
    found: dict[str, list[Any]] = {}
    single: dict[str, Any] = {}
    for method, args, kwargs in calls_of(rules):
        if method == "flag":
            found.setdefault("options", []).append(Option(args))
        elif method == "option":
            option = Option(args[:-1], args[-1], **kwargs)
            found.setdefault("options", []).append(option)
        elif method == "positional":
            found.setdefault("positionals", []).append(
                Positional(*args, **kwargs)
            )
        elif method in ("require", "exclusive"):
            found.setdefault(method, []).append(args)
        elif method == "subcommand" and len(args) == 2:
            found.setdefault("subcommands", []).append(args)
        else:
            single[method] = args
    return Level(
        options=tuple(found.get("options", ())),
        positionals=tuple(found.get("positionals", ())),
        require=tuple(found.get("require", ())),
        exclusive=tuple(found.get("exclusive", ())),
        subcommands={
            word: level_of(inner)
            for word, inner in found.get("subcommands", ())
        },
        may_read=single.get("may_read", ()),
        may_write=single.get("may_write", ()),
        plain=None if found else _plain_of(single),
    )


def _plain_of(calls: Mapping[str, tuple[Any, ...]]) -> Plain | None:
    """Rules without any declaration are plain, unless they force some."""
    if not calls.keys().isdisjoint(_TYPED_ONLY):
        return None
    return Plain(
        flags=tuple(calls.get("allowed_flags", ((),))[0]),
        max_flags=calls.get("max_flags", (0,))[0],
        max_positionals=calls.get("max_positionals", (0,))[0],
        subcommand=calls.get("subcommand", (None,))[0],
        double_dash="inject_double_dash" in calls,
    )


_TYPED_ONLY = frozenset(
    {"force", "force_env", "run_nothing", "may_read", "may_write"}
)


def programs_of(policy: ProcPolicy) -> list[Program]:
    """The programs of a policy, once for each path."""
    return [
        Program(path, allowed, level_of(allowed.rules))
        for allowed in policy.programs()
        for path in allowed.paths
    ]


def files_of(program: AllowedProgram) -> Iterator[tuple[str, str]]:
    """What the kernel lets a program do with files, in words."""
    for access, roots, nothing in (
        ("read", program.read_roots, "only what it needs to start"),
        ("write", program.write_roots, "nothing"),
        ("execute", program.execute_roots, "nothing else"),
    ):
        text = "whatever its user may"
        if roots is not None:
            text = " ".join(roots) or nothing
        yield f"may {access}", text


def setting_of(policy: ProcPolicy, method: str) -> tuple[Any, ...] | None:
    """The arguments of a builder's call, or None where it was not made."""
    for name, args, _ in calls_of(policy):
        if name == method:
            return args
    return None

"""Ready rule sets for known programs: safe, typed, and useful.

What a program's options can do is in its table (csrc/programs).  A profile
takes from it what can do no harm, gives every value a type, and adds what
the table cannot tell: the positionals, and what has to be forced.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from proc_jail import _core
from proc_jail._core import (
    ArgRules,
    ArgRulesInvalid,
    Pattern,
    ReadPath,
    Text,
    Url,
    WritePath,
)
from proc_jail._policy.model import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proc_jail._core import _Value

Row = dict[str, Any]

# Signed, with a fraction and a unit, as sizes and counts are written.
NUMBER = Pattern(r"[-+]?[0-9]*\.?[0-9]+[A-Za-z%]{0,3}", 64)
COUNT = Pattern(r"[-+]?[0-9]+[A-Za-z]{0,3}", 64)
WORDS = Pattern(r"[A-Za-z0-9_,=+.:/-]+", 200)
# Programs that print user names need these files.
USERS = ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf")


@dataclass(frozen=True)
class Roots:
    """What the application lets a profile reach."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operand:
    """One list of positionals.

    `kind` is "read", "text", "url", or an expression that its text has to
    match.
    """

    name: str
    kind: str = "read"
    min: int = 0
    max: int | None = None
    unless: tuple[str, ...] = ()


FILES = (Operand("files"),)
FILE = (Operand("file", max=1),)


@dataclass(frozen=True)
class Profile:
    """The rules for one program, or for one subcommand of it."""

    name: str
    title: str
    operands: tuple[Operand, ...] = ()
    # Names of options: the only ones; those left out; those allowed even
    # though the table says that they can do something; those whose value
    # is a file to write in the table, and is only read here.
    only: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    require: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    force_env: Mapping[str, str] = field(default_factory=dict)
    may_read: tuple[str, ...] = ()
    # Rules for subcommands, instead of operands.
    inner: tuple[Profile, ...] = ()
    # Command lines that must pass, and those that must not.
    match: tuple[str, ...] = ()
    not_match: tuple[str, ...] = ()
    # The table, if it is not the best known one of that name.
    table: str = ""
    # What is different for the program of another maker.
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # Files that it reads name programs, and no option prevents that.
    only_kernel_holds: bool = False

    def rules(self, roots: Roots) -> ArgRules:
        """The rules, for what the application lets it reach.

        Of most profiles the options alone keep a program from running
        others; the kernel is a second line, left out where there is none.
        """
        rules = self._level(roots)
        if self.only_kernel_holds or _core._has_kernel():
            rules = rules.run_nothing()
        if self.force_env:
            rules = rules.force_env(dict(self.force_env))
        extra = [path for path in self.may_read if os.path.exists(path)]
        return rules.may_read(*roots.read, *extra).may_write(*roots.write)

    def by(self, found: Mapping[str, Any]) -> Profile:
        """This profile for the program that a table describes.

        Names that it does not have are left out, but nothing that keeps it
        from doing harm: such a program has no profile.
        """
        if found["name"] == table(self.table or self.name)["name"]:
            return self
        changes = self.others.get(found["maker"], {})
        changed = replace(self, table=found["name"], **changes)
        known = {name for row in found["options"] for name in names_of(row)}
        require = tuple(n for n in changed.require if n in known)
        lost = [n for n in changed.force if n.partition("=")[0] not in known]
        if self.require and not require:
            lost += self.require
        if lost:
            raise ArgRulesInvalid(
                f"argument rules invalid: the profile {self.name} depends on "
                f"{lost[0]}, which the {self.name} of {found['maker']} lacks"
            )
        operands = tuple(
            replace(o, unless=tuple(n for n in o.unless if n in known))
            for o in changed.operands
        )
        return replace(changed, require=require, operands=operands)

    def _level(self, roots: Roots) -> ArgRules:
        rules, options = ArgRules(), self.options(roots)
        for row in options:
            rules = self._option(rules, row, roots)
        modes = modes_of(options)
        if len(modes) > 1:
            rules = rules.exclusive(*modes)
        for operand in self.operands:
            rules = rules.positional(
                operand.name,
                operand_type(operand, roots),
                min=operand.min,
                max=operand.max,
                unless=operand.unless,
            )
        for inner in self.inner:
            rules = rules.subcommand(inner.name, inner._level(roots))
        if self.require:
            rules = rules.require(*self.require)
        return rules.force(*self.force) if self.force else rules

    def _option(self, rules: ArgRules, row: Row, roots: Roots) -> ArgRules:
        names = names_of(row)
        if row["arity"] == "no_value":
            return rules.flag(*names)
        value = (
            option_type(row, roots)
            if self.reads.isdisjoint(names)
            else ReadPath(*roots.read)
        )
        optional = row["arity"] == "optional"
        return rules.option(*names, value, optional=optional, repeat=None)

    def options(self, roots: Roots) -> list[Row]:
        """The rows of the table that are part of the rules."""
        rows = table(self.table or self.name)["options"]
        return [row for row in rows if self._allows(row, roots)]

    def _allows(self, row: Row, roots: Roots) -> bool:
        names = names_of(row)
        if row["arity"] == "until_semicolon" or not names:
            return False
        if self.only is not None:
            return not self.only.isdisjoint(names)
        if not self.deny.isdisjoint(names):
            return False
        if row["effect"] == "none" or not self.also.isdisjoint(names):
            return True
        return row["effect"] == "write" and bool(roots.write)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def plain(name: str, title: str, *match: str, refused: str) -> Profile:
    """A program that takes files, and options that only shape its output."""
    return Profile(
        name,
        title,
        FILES,
        match=match,
        not_match=("/etc/passwd", refused),
    )


def table(name: str) -> dict[str, Any]:
    """The option table of a program."""
    found = _core._program(name)
    if found is None:
        raise LookupError(f"no option table for {name}")
    return found


def tables_of(profile: Profile) -> list[dict[str, Any]]:
    """What the programs of several makers take, the best known one first."""
    if profile.table:
        return [table(profile.table)]
    return [table(name) for name in _core._program_tables(profile.name)]


def modes_of(rows: list[Row]) -> list[str]:
    """The options that say what is done, of which only one may be given."""
    return [names_of(row)[0] for row in rows if row["kind"] == "mode"]


def option_type(row: Row, roots: Roots) -> _Value:
    """The type of an option's value, by the kind that the table has."""
    if row["kind"] == "read_path":
        return ReadPath(*roots.read)
    if row["kind"] == "write_path":
        return WritePath(*roots.write)
    if row["kind"] == "number":
        return NUMBER
    if row["kind"] == "count":
        return COUNT
    if row["kind"] in ("choice", "word"):
        return WORDS
    return Text(4096)


def operand_type(operand: Operand, roots: Roots) -> _Value:
    """The type of a positional."""
    if operand.kind == "read":
        return ReadPath(*roots.read)
    if operand.kind == "url":
        return Url(["https"], roots.hosts)
    if operand.kind == "text":
        return Text(4096)
    return Pattern(operand.kind)

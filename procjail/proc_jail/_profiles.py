"""Ready rule sets for known programs: safe, typed, and useful.

What a program's options can do is in its table (csrc/programs).  A profile
takes from it what can do no harm, gives every value a type, and adds what
the table cannot tell: the positionals, and what has to be forced.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
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
from proc_jail._described import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from proc_jail._core import ProcPolicyBuilder, _Value

PLACES = "/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin:/usr/sbin:/sbin"
# Signed, with a fraction and a unit, as sizes and counts are written.
NUMBER = Pattern(r"[-+]?[0-9]*\.?[0-9]+[A-Za-z%]{0,3}", 64)
WORDS = Pattern(r"[A-Za-z0-9_,=+.:/-]+", 200)
# What prints names of users needs to know them.
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


@dataclass(frozen=True)
class Profile:
    """The rules for one program, or for one subcommand of it."""

    name: str
    title: str
    operands: tuple[Operand, ...] = ()
    # Names of options: the only ones; those left out; those that read files,
    # which are left out but for these; and those whose value has another
    # type than the table says ("read": a file to read).
    only: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    values: Mapping[str, _Value | str] = field(default_factory=dict)
    require: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    force_env: Mapping[str, str] = field(default_factory=dict)
    may_read: tuple[str, ...] = ()
    # Rules for subcommands, instead of operands.
    inner: tuple[Profile, ...] = ()
    # Command lines that have to pass, and that must not.
    match: tuple[str, ...] = ()
    not_match: tuple[str, ...] = ()
    # The table, where it is not that of the name.
    table: str = ""
    # Files that it reads name programs, and no option keeps it from them.
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

    def _level(self, roots: Roots) -> ArgRules:
        rules = ArgRules()
        for row in table(self.table or self.name)["options"]:
            rules = self._option(rules, row, roots)
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

    def _option(
        self, rules: ArgRules, row: dict[str, Any], roots: Roots
    ) -> ArgRules:
        names = names_of(row)
        if not self.allows(names, row, roots):
            return rules
        if row["arity"] == "no_value":
            return rules.flag(*names)
        kinds = [self.values[name] for name in names if name in self.values]
        value = kinds[0] if kinds else option_type(row, roots)
        if isinstance(value, str):
            value = ReadPath(*roots.read)
        optional = row["arity"] == "optional"
        return rules.option(*names, value, optional=optional, repeat=None)

    def allows(
        self, names: list[str], row: dict[str, Any], roots: Roots
    ) -> bool:
        """Whether an option of the table is part of the rules."""
        if row["arity"] == "until_semicolon" or not names:
            return False
        if self.only is not None:
            return not self.only.isdisjoint(names)
        if not self.deny.isdisjoint(names):
            return False
        if row["effect"] == "none" or not self.also.isdisjoint(names):
            return True
        return row["effect"] == "write" and bool(roots.write)


def table(name: str) -> dict[str, Any]:
    """The option table of a program."""
    found = _core._program(name)
    if found is None:
        raise LookupError(f"no option table for {name}")
    return found


def option_type(row: dict[str, Any], roots: Roots) -> _Value:
    """The type of an option's value, by the kind that the table has."""
    if row["kind"] == "read_path":
        return ReadPath(*roots.read)
    if row["kind"] == "write_path":
        return WritePath(*roots.write)
    if row["kind"] == "number":
        return NUMBER
    if row["kind"] == "choice":
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


def strings(value: Iterable[str | os.PathLike[str]], what: str) -> list[str]:
    if isinstance(value, str | bytes | os.PathLike):
        raise TypeError(f"{what} must be a list, not a single path")
    return [os.fspath(item) for item in value]


def find(name: str) -> Profile:
    """Return the profile of a program; raises LookupError without one."""
    from proc_jail._profile_data import PROFILES

    if name not in PROFILES:
        known = " ".join(sorted(PROFILES))
        raise LookupError(f"no profile for {name!r}; there are: {known}")
    return PROFILES[name]


def extend(
    builder: ProcPolicyBuilder,
    name: str,
    read: Iterable[str | os.PathLike[str]] = (),
    write: Iterable[str | os.PathLike[str]] = (),
    path: str | os.PathLike[str] | None = None,
    hosts: Iterable[str] = (),
) -> ProcPolicyBuilder:
    """Implement ProcPolicyBuilder.profile()."""
    profile = find(name)
    roots = Roots(
        tuple(strings(read, "read")),
        tuple(strings(write, "write")),
        tuple(strings(hosts, "hosts")),
    )
    if any(o.kind == "url" for o in profile.operands) and not roots.hosts:
        raise ArgRulesInvalid(
            f"argument rules invalid: the profile {name} reaches the network; "
            "name the hosts that it may reach"
        )
    place = os.fspath(path) if path is not None else which(name)
    return builder.allow_bin(place).arg_rules(place, profile.rules(roots))


def which(name: str) -> str:
    """Where a program is; never by $PATH, which others may have set."""
    found = shutil.which(name, path=PLACES)
    return found if found is not None else f"/usr/bin/{name}"

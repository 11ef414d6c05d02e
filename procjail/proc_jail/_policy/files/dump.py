"""From a policy back to the tables of a policy file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proc_jail._core import AllowedProgram, ArgRules, ProcPolicy, Sandbox
from proc_jail._policy.files.containers import Field, How
from proc_jail._policy.files.format import (
    ENV,
    NO_LIMIT,
    POLICY,
    PRESETS,
    RULES,
    SANDBOX,
    VALUES,
    VERSION,
)
from proc_jail._policy.files.load import VALUE_TYPES
from proc_jail._policy.model import Call, calls_of

Values = dict[str, Any]

TAGS = {name: tag for tag, (name, _, _) in VALUE_TYPES.items()}


def _write(fields: Mapping[str, Field], calls: list[Call]) -> Values:
    """Write the entries that stand for one call each."""
    keys = {field.call: key for key, field in fields.items() if field.call}
    found: Values = {}
    for name, args, _ in calls:
        if name not in keys:
            continue
        key = keys[name]
        field = fields[key]
        if field.how is How.SWITCH:
            found[key] = True
        elif field.how is How.EACH:
            found.setdefault(key, []).append(list(args))
        else:
            value = list(args) if field.how is How.SPREAD else args[0]
            found[key] = field.kind.write(value)
    return found


def _in_order(fields: Mapping[str, Field], table: Values) -> Values:
    return {key: table[key] for key in fields if key in table}


# ------------------------------------------------------------ arguments


def write_value(value: Any) -> Values:
    """A type of values, such as Int(1, 10)."""
    table = VALUES[TAGS[type(value).__name__]]
    found: Values = {"type": table.name}
    for key in table.fields:
        given = getattr(value, key, None)
        if given is not None:
            found[key] = list(given) if isinstance(given, tuple) else given
    return found


def _limit(number: int | None) -> int | str:
    return NO_LIMIT.write(None) if number is None else number


def _write_option(args: tuple[Any, ...], named: dict[str, Any]) -> Values:
    found: Values = {
        "names": list(args[:-1]),
        "value": write_value(args[-1]),
    }
    if named.get("optional"):
        found["optional"] = True
    if "repeat" in named:
        found["repeat"] = _limit(named["repeat"])
    return found


def _write_positional(args: tuple[Any, ...], named: dict[str, Any]) -> Values:
    found: Values = {"name": args[0], "value": write_value(args[1])}
    found["min"] = named.get("min", 1)
    found["max"] = _limit(named.get("max", 1))
    if named.get("unless"):
        found["unless"] = list(named["unless"])
    return found


def write_rules(rules: ArgRules) -> Values:
    """The rules of a program, or of a subcommand."""
    calls = list(calls_of(rules))
    found = _write(RULES, calls)
    for name, args, named in calls:
        if name == "option":
            found.setdefault(name, []).append(_write_option(args, named))
        elif name == "positional":
            found.setdefault(name, []).append(_write_positional(args, named))
        elif name == "subcommand" and len(args) == 1:
            found[name] = args[0]
        elif name == "subcommand":
            inner = {"word": args[0], **write_rules(args[1])}
            found.setdefault(name, []).append(inner)
    if "flags" in found:
        found.setdefault("max_flags", 0)
    if "flag" in found:
        found["flag"] = [n[0] if len(n) == 1 else n for n in found["flag"]]
    return _in_order({"word": RULES["flags"], **RULES}, found)


# ----------------------------------------------------------- the policy


def _write_program(program: AllowedProgram) -> Values:
    """Its rules, with all the paths that they are for."""
    paths = list(program.paths)
    path = paths[0] if len(paths) == 1 else paths
    return {"path": path, **write_rules(program.rules)}


def _write_cwd(calls: list[Call]) -> str | Values | None:
    for name, args, _ in calls:
        if name == "cwd":
            return str(args[0])
        if name in ("cwd_jailed", "cwd_allowlist"):
            key = "jail" if name == "cwd_jailed" else "allow"
            found = {key: args[0]}
            if args[1] is not None:
                found["default"] = args[1]
            return found
    return None


def write_sandbox(sandbox: Sandbox) -> Values:
    _, (head, _) = sandbox.__reduce__()
    calls = list(calls_of(sandbox))
    preset = head.partition(".")[2]
    found: Values = {
        "preset": next(k for k, v in PRESETS.items() if v == preset)
    }
    found |= _write(SANDBOX.fields, calls)
    for name, args, _ in calls:
        if name == "user":
            found["user"] = {"uid": args[0], "gid": args[1]}
    return _in_order(SANDBOX.fields, found)


def write_policy(policy: ProcPolicy) -> Values:
    """Write a whole policy; examples are not part of it."""
    calls = list(calls_of(policy))
    found = {"version": VERSION, **_write(POLICY.fields, calls)}
    if env := _write(ENV.fields, calls):
        found["env"] = env
    if (cwd := _write_cwd(calls)) is not None:
        found["cwd"] = cwd
    for name, args, _ in calls:
        if name == "sandbox":
            found["sandbox"] = write_sandbox(args[0])
    if programs := policy.programs():
        found["program"] = [_write_program(one) for one in programs]
    return _in_order(POLICY.fields, found)

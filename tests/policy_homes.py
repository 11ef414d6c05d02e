"""A place in a policy for every table, to try its entries one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies import GREP
from proc_jail._policy.files.containers import Table
from proc_jail._policy.files.format import (
    COUNTEREXAMPLE,
    CWD,
    ENV,
    EXAMPLE,
    OPTION,
    POLICY,
    POSITIONAL,
    PROGRAM,
    SANDBOX,
    SUBCOMMAND,
    TABLES,
    USER,
    VALUES,
)

Place = tuple[str | int, ...]

# A document with each table in it, and where it is there.
HOMES: dict[str, tuple[dict[str, Any], Place]] = {
    POLICY.name: ({}, ()),
    ENV.name: ({"env": {}}, ("env",)),
    CWD.name: ({"cwd": {"jail": "/"}}, ("cwd",)),
    SANDBOX.name: ({"sandbox": {}}, ("sandbox",)),
    USER.name: (
        {"sandbox": {"user": {"uid": 1, "gid": 1}}},
        ("sandbox", "user"),
    ),
}


def in_program(more: dict[str, Any], *place: str | int) -> Any:
    document = {"program": [{"path": GREP, **more}]}
    return document, ("program", 0, *place)


HOMES[PROGRAM.name] = in_program({})
HOMES[SUBCOMMAND.name] = in_program(
    {"subcommand": [{"word": "a"}]}, "subcommand", 0
)
HOMES[OPTION.name] = in_program(
    {"option": [{"names": "-m", "value": "int"}]}, "option", 0
)
HOMES[POSITIONAL.name] = in_program(
    {"positional": [{"name": "a", "value": "int"}]}, "positional", 0
)
HOMES[EXAMPLE.name] = in_program({"match": [{"argv": []}]}, "match", 0)
HOMES[COUNTEREXAMPLE.name] = in_program(
    {"not_match": [{"argv": ["x"]}]}, "not_match", 0
)
NEEDED: dict[str, dict[str, object]] = {
    "choice": {"values": ["a"]},
    "pattern": {"pattern": "a"},
    "read_path": {"roots": []},
    "write_path": {"roots": []},
}
for _name in VALUES:
    _value = {"type": _name, **NEEDED.get(_name, {})}
    HOMES[_name] = in_program(
        {"option": [{"names": "-m", "value": _value}]}, "option", 0, "value"
    )

SAMPLES: list[object] = [True, 7, 1.5, "x", [], {}]


by_table = pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)


def wrong_types(table: Table) -> list[tuple[str, object]]:
    """Every entry, with a value of every type that it may not have."""
    return [
        (key, value)
        for key, field in table.fields.items()
        for value in SAMPLES
        if not field.kind.takes(value)
    ]


def document(table: Table, changes: dict[str, object]) -> dict[str, Any]:
    """A policy in which the table has other entries."""
    copied: dict[str, Any]
    copied, place = json.loads(json.dumps(HOMES[table.name]))
    node: Any = copied
    for part in place:
        node = node[part]
    node.update(changes)
    return {"version": 1, **copied}


def key_of(table: Table, key: str) -> str:
    text = ""
    for part in (*HOMES[table.name][1], key):
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")

"""The JSON Schema of policy files says what the loader says."""

from __future__ import annotations

import copy
import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policies import EVERYTHING, GREP, parse
from policy_cases import SAME, described
from policy_homes import by_table, document, wrong_types
from proc_jail import PolicyFileError, ProcPolicy
from proc_jail._policy.files.containers import Table
from proc_jail._policy.files.format import TABLES
from proc_jail._policy.files.schema import policy_schema, schema_text

ROOT = Path(__file__).parent.parent
VALIDATOR = Draft202012Validator(policy_schema())


def valid(data: object) -> bool:
    return VALIDATOR.is_valid(data)


def refused(data: Any) -> bool:
    """Whether the loader refuses it."""
    try:
        ProcPolicy.from_dict(data)
    except PolicyFileError:
        return True
    return False


def test_the_shipped_schema_is_the_one_of_the_tables() -> None:
    shipped = importlib.resources.files("proc_jail") / "policy.schema.json"
    assert shipped.read_text(encoding="utf-8") == schema_text()
    source = ROOT / "procjail/proc_jail/policy.schema.json"
    assert source.read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(policy_schema())
    assert policy_schema()["$schema"].endswith("2020-12/schema")


def test_every_reference_leads_somewhere() -> None:
    text = schema_text()
    names = set(re.findall(r'"#/\$defs/(\w+)"', text))
    assert names == {table.name for table in TABLES}
    assert names == set(policy_schema()["$defs"])


def test_everything_is_valid() -> None:
    assert valid(EVERYTHING)
    assert valid({"version": 1})


@pytest.mark.parametrize("text", [text for text, _ in SAME])
def test_what_loads_is_valid(text: str) -> None:
    assert valid(parse(text))


@by_table
def test_wrong_types_are_not_valid(table: Table) -> None:
    assert valid(document(table, {}))
    for key, value in wrong_types(table):
        assert not valid(document(table, {key: value})), (key, value)


@by_table
def test_unknown_and_missing_keys_are_not_valid(table: Table) -> None:
    assert not valid(document(table, {"bogus": 1}))
    for key, field in table.fields.items():
        if field.required:
            data = document(table, {key: "to be removed"})
            text = json.dumps(data)
            assert not valid(json.loads(without(text, key)))


def without(text: str, key: str) -> str:
    pattern = rf'("{key}": "to be removed", )|(,? ?"{key}": "to be removed")'
    changed, count = re.subn(pattern, "", text)
    assert count == 1
    return changed


# What is wrong with a value that has the right type, or with a table.
BAD: dict[str, dict[str, Any]] = {
    "version": {"version": 2},
    "choice": {"risky": "perhaps"},
    "time": {"timeout": "5 parsecs"},
    "no time": {"timeout": 0},
    "negative time": {"stop_grace": -1},
    "long time": {"timeout": 1e10},
    "size": {"max_stdout": "1 mib"},
    "negative size": {"max_stdout": -1},
    "relative": {"cwd": "etc"},
    "empty cwd": {"cwd": {}},
    "two kinds of cwd": {"cwd": {"jail": "/", "allow": ["/"]}},
    "default alone": {"cwd": {"default": "/"}},
    "two kinds of env": {"env": {"locale": True, "fixed": {}}},
    "env of numbers": {"env": {"fixed": {"A": 1}}},
    "NUL": {"env": {"fixed": {"A": "\0"}}},
    "NUL in a name": {"env": {"fixed": {"\0": "A"}}},
    "empty name": {"env": {"allow": [""]}},
    "umask": {"sandbox": {"umask": "888"}},
    "umask too large": {"sandbox": {"umask": 512}},
    "descriptors": {"sandbox": {"max_open_files": 2}},
    "user": {"sandbox": {"user": {"uid": -1, "gid": 0}}},
}
BAD_PROGRAMS: dict[str, dict[str, Any]] = {
    "neither path nor profile": {"flags": []},
    "no paths": {"path": []},
    "roots without a profile": {"path": GREP, "read": ["/"]},
    "profile and rules": {"profile": "grep", "flags": []},
    "profile and force_env": {"profile": "grep", "force_env": {}},
    "plain and typed": {"path": GREP, "flags": [], "flag": []},
    "counts and types": {"path": GREP, "max_flags": 1, "positional": []},
    "no names": {"path": GREP, "flag": [[]]},
    "empty group": {"path": GREP, "require": [[]]},
    "count": {"path": GREP, "max_flags": -1},
    "bare type": {
        "path": GREP,
        "option": [{"names": "-m", "value": "choice"}],
    },
    "type": {
        "path": GREP,
        "option": [{"names": "-m", "value": {"type": "integer"}}],
    },
    "entry of another type": {
        "path": GREP,
        "option": [{"names": "-m", "value": {"type": "int", "roots": []}}],
    },
    "repeat": {
        "path": GREP,
        "option": [{"names": "-m", "value": "int", "repeat": "often"}],
    },
    "example": {"path": GREP, "match": ["x"]},
    "code of an example": {
        "path": GREP,
        "match": [{"argv": [], "code": "ArgMissing"}],
    },
    "plain subcommand": {
        "path": GREP,
        "subcommand": [{"word": "a", "flags": []}],
    },
}


@pytest.mark.parametrize("name", [*BAD, *BAD_PROGRAMS])
def test_what_is_not_valid_does_not_load(name: str) -> None:
    data = {"version": 1}
    data |= BAD.get(name) or {"program": [BAD_PROGRAMS[name]]}
    assert not valid(data)
    assert refused(data)


REPLACEMENTS: list[Any] = [None, 0, "", "x", [], {}, "remove"]


def test_what_the_schema_refuses_the_loader_refuses() -> None:
    """One entry after the other taken out, or made something else."""
    seen = 0
    for path in paths_in(EVERYTHING):
        for value in REPLACEMENTS:
            data = changed(EVERYTHING, path, value)
            if not valid(data):
                assert refused(data), (path, value)
                seen += 1
    assert seen > 500


def paths_in(value: Any, base: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    found = [base] if base else []
    for key, inner in pairs:
        found += paths_in(inner, (*base, key))
    return found


def changed(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    copied = copy.deepcopy(data)
    node = copied
    for part in path[:-1]:
        node = node[part]
    if value == "remove":
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return copied


@pytest.mark.parametrize(("text", "same"), SAME)
def test_the_same_as_json(text: str, same: Any) -> None:
    data = json.loads(json.dumps(parse(text)))
    assert described(ProcPolicy.from_dict(data)) == described(same.build())

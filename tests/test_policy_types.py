"""Every entry of every table of a policy file, with what it may not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies import assert_clear, refusal, toml, toml_lines
from policy_homes import HOMES, WRONG, document, key_of
from proc_jail._errors import PolicyFileError
from proc_jail._files import policy_from_dict
from proc_jail._files_shapes import Table
from proc_jail._files_tables import (
    POLICY,
    TABLES,
)


@pytest.mark.parametrize(("table", "key", "value"), WRONG)
def test_wrong_types(
    table: Table, key: str, value: object, tmp_path: Path
) -> None:
    data = document(table, {key: value})
    for text, name in (
        (toml_lines(data), "policy.toml"),
        (json.dumps(data), "policy.json"),
    ):
        error = refusal(tmp_path, text, name)
        assert_clear(error)
        # A type that does not fit its table is told at the table.
        if key != "type":
            assert error.key == key_of(table, key), error
            assert error.reason.startswith(("must be", "does not go", "is on"))
        assert error.line is not None
        assert error.column is not None
        row = text.splitlines()[error.line - 1]
        if "must be" in error.reason:
            shown = toml(value) if name.endswith("toml") else json.dumps(value)
            assert row[error.column - 1 :].startswith(shown)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_unknown_keys(table: Table, tmp_path: Path) -> None:
    data = document(table, {"bogus": 1})
    error = refusal(tmp_path, toml_lines(data))
    assert_clear(error)
    assert error.key == key_of(table, "bogus")
    row = toml_lines(data).splitlines()[(error.line or 0) - 1]
    assert row[(error.column or 0) - 1 :].startswith(('"bogus"', "bogus"))
    with pytest.raises(PolicyFileError):
        policy_from_dict(data)


def test_keys_that_are_no_strings() -> None:
    for key in (1, None, b"x", ("a",)):
        with pytest.raises(PolicyFileError, match="unknown key"):
            policy_from_dict({"version": 1, key: 1})  # type: ignore[dict-item]
        with pytest.raises(PolicyFileError, match="must be a string"):
            policy_from_dict({"version": 1, "env": {"fixed": {key: "1"}}})


def test_values_of_strange_types() -> None:
    for value in (None, b"x", object(), {1}, 1j, Path("/")):
        for key in POLICY.fields:
            with pytest.raises(PolicyFileError, match="must be"):
                policy_from_dict({"version": 1, key: value})
    wrong: list[Any] = [None, [], "version = 1", 1, {1: 2}, {"version": None}]
    for data in wrong:
        with pytest.raises(PolicyFileError):
            policy_from_dict(data)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_required_entries(table: Table, tmp_path: Path) -> None:
    for key, field in table.fields.items():
        if not field.required or key == "type":
            continue
        data = document(table, {})
        node: Any = data
        for part in HOMES[table.name][1]:
            node = node[part]
        del node[key]
        error = refusal(tmp_path, json.dumps(data), "policy.json")
        assert f"needs '{key}'" in error.reason

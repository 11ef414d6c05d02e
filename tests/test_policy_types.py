"""Every entry of every table of a policy file, with what it may not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies import assert_clear, refusal, toml, toml_lines
from policy_homes import HOMES, by_table, document, key_of, wrong_types
from proc_jail import PolicyFileError, ProcPolicy
from proc_jail._policy.files.containers import Table
from proc_jail._policy.files.format import POLICY


@by_table
def test_wrong_types(table: Table, tmp_path: Path) -> None:
    for key, value in wrong_types(table):
        data = document(table, {key: value})
        for text, name, write in (
            (toml_lines(data), "policy.toml", toml),
            (json.dumps(data), "policy.json", json.dumps),
        ):
            error = refusal(tmp_path, text, name)
            assert_clear(error)
            # A type that does not fit its table is told at the table.
            if key != "type":
                assert error.key == key_of(table, key), error
            assert error.line is not None
            assert error.column is not None
            rest = text.splitlines()[error.line - 1][error.column - 1 :]
            if "must be" in error.reason:
                assert rest.startswith(write(value))
            else:
                assert error.reason.startswith(("does not go", "is only for"))
                assert rest.startswith(f'"{key}"')


@by_table
def test_unknown_keys(table: Table, tmp_path: Path) -> None:
    data = document(table, {"bogus": 1})
    error = refusal(tmp_path, toml_lines(data))
    assert_clear(error)
    assert error.key == key_of(table, "bogus")
    row = toml_lines(data).splitlines()[(error.line or 0) - 1]
    assert row[(error.column or 0) - 1 :].startswith(('"bogus"', "bogus"))
    with pytest.raises(PolicyFileError):
        ProcPolicy.from_dict(data)


def test_keys_that_are_no_strings() -> None:
    for key in (1, None, b"x", ("a",)):
        with pytest.raises(PolicyFileError, match="unknown key"):
            ProcPolicy.from_dict({"version": 1, key: 1})  # type: ignore[dict-item]
        with pytest.raises(PolicyFileError, match="must be a string"):
            ProcPolicy.from_dict({"version": 1, "env": {"fixed": {key: "1"}}})


def test_values_of_strange_types() -> None:
    for value in (None, b"x", object(), {1}, 1j, Path("/")):
        for key in POLICY.fields:
            with pytest.raises(PolicyFileError, match="must be"):
                ProcPolicy.from_dict({"version": 1, key: value})
    wrong: list[Any] = [None, [], "version = 1", 1, {1: 2}, {"version": None}]
    for data in wrong:
        with pytest.raises(PolicyFileError):
            ProcPolicy.from_dict(data)


@by_table
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

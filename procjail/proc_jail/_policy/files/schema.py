"""The JSON Schema of policy files, made from the loader's own tables.

The shipped policy.schema.json is this, for editors and other tools; a test
compares the two. What the schema refuses the loader refuses; the loader also
refuses what a schema cannot express, such as a path that leads nowhere.

    python -m proc_jail schema > policy.schema.json
"""

from __future__ import annotations

import json
from typing import Any

from proc_jail._policy.files.format import POLICY, TABLES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> dict[str, Any]:
    """The schema, as a dict."""
    return {
        "$schema": DIALECT,
        "$id": "urn:proc_jail:policy:1",
        "title": "A policy file of proc_jail",
        **POLICY.schema(),
        "$defs": {table.name: table.definition() for table in TABLES},
    }


def schema_text() -> str:
    """The schema, as it is shipped."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"

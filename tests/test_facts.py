"""No row of a table vanishes: tests/data/facts.txt has the names of all.

The file is written by hand or by `python tests/test_facts.py`, and read by
who reviews the change.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import policy_for, program
from proc_jail import ProcRequest, _core, risk_of

CORE = Path(__file__).parent.parent / "csrc" / "core"
PROGRAMS = CORE.parent / "programs"
KNOWN = Path(__file__).parent / "data" / "facts.txt"
# The rows of a table, without what is only said about them.
TABLES = {
    "base/env_strip.def": 2,
    "policy/risky.def": 2,
    "confine/linux/seccomp_deny.def": 2,
    "confine/linux/seccomp_ioctl.def": 2,
}


def rows() -> Iterator[str]:
    for name, count in TABLES.items():
        text = (CORE / name).read_text(encoding="utf-8")
        for kind, row in re.findall(r"^PJ_(\w+)\((.*)\)", text, re.MULTILINE):
            words = re.findall(r'"[^"]*"|\w+', row)[:count]
            if kind.startswith("ENV_") and kind != "ENV_VALUE":
                words = words[:1]
            yield " ".join([kind, *words]).replace('"', "")


def effects() -> Iterator[str]:
    """Every option that can do more than its program is for."""
    for name in _core._program_names():
        table = _core._program(name)
        assert table is not None
        for row in table["options"]:
            if row["effect"] not in ("none", "no_effect"):
                spelling = row["name"] or row["letter"]
                yield f"EFFECT {name} {spelling} {row['effect']}"


def makers() -> Iterator[str]:
    """Whose program a table describes, and how one is told from another's."""
    text = (PROGRAMS / "makers.def").read_text(encoding="utf-8")
    for maker, mark in re.findall(r"^PJ_MARK\((\w+), (.*)\)", text, re.M):
        yield f"MARK {maker} {mark}"
    for name in _core._program_names():
        table = _core._program(name)
        assert table is not None
        if table["maker"] is None:
            continue
        read = " ".join(table[key] for key in ("dashdash", "order", "traits"))
        yield f"TABLE {name} {table['maker']}: {read}"
        if name == table["called"]:
            continue
        # The parsers of these are asked only where they are installed.
        for row in table["options"]:
            if row["arity"] != "no_value":
                spelling = row["letter"] or row["name"]
                yield f"VALUE {name} {spelling} {row['arity']} {row['kind']}"


def facts() -> list[str]:
    return sorted({*rows(), *effects(), *makers()})


def known(kind: str) -> list[list[str]]:
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    return [line.split()[1:] for line in lines if line.split()[0] == kind]


def test_no_row_has_vanished() -> None:
    """Nor come without being listed, where a reviewer sees it."""
    assert KNOWN.read_text(encoding="utf-8").splitlines() == facts()


def test_every_variable_is_stripped() -> None:
    exact = [words[0] for words in known("ENV_EXACT")]
    prefixes = [words[0] for words in known("ENV_PREFIX")]
    names = [*exact, *prefixes, *(f"{name}OTHER" for name in prefixes)]
    assert len(names) > 400
    policy = policy_for(
        program("true"), None, lambda b: b.env_allowlist([*names, "KEPT"])
    )
    env = dict.fromkeys([*names, "KEPT"], "1")
    command = policy.prepare(ProcRequest(program("true"), [], env))
    assert command.env == {"KEPT": "1"}


@pytest.mark.parametrize(
    ("kind", "end"), [("RISKY", ""), ("RISKY_PREFIX", "x-y")]
)
def test_every_risky_name_is_risky(
    tmp_path: Path, kind: str, end: str
) -> None:
    names = known(kind)
    assert names
    shutil.copyfile(program("true"), tmp_path / "harmless")
    (tmp_path / "harmless").chmod(0o755)
    for name, category in names:
        path = tmp_path / (name + end)
        os.link(tmp_path / "harmless", path)
        risk = risk_of(path)
        assert risk is not None, name
        assert risk.name.upper() == category.replace("_", ""), name
        path.unlink()


if __name__ == "__main__":
    KNOWN.write_text("\n".join(facts()) + "\n", encoding="utf-8")

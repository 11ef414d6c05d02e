"""Everyday command lines pass, and print what they print without us."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from everyday import INPUTS, LINES, make_project, told, without_us
from proc_jail import ProcPolicyBuilder, ProcRequest
from proc_jail._policy.paths import which

ALL = [(name, line) for name, lines in LINES.items() for line in lines]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project").resolve()
    make_project(root)
    return root


def test_there_are_enough() -> None:
    assert len(set(ALL)) == len(ALL) >= 300


@pytest.mark.parametrize(("name", "line"), ALL)
def test_it_prints_the_same(name: str, line: str, project: Path) -> None:
    place = which(name)
    if not os.path.exists(place):
        pytest.skip(f"no {name} here")
    argv, data = shlex.split(line), INPUTS.get(name, b"")
    env = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    policy = (
        ProcPolicyBuilder()
        .profile(name, read=[project])
        .env_locale_only()
        .max_stdin(1000)
        .cwd(project)
        .build()
    )
    request = ProcRequest(place, argv).with_stdin(data)
    ours = policy.prepare(request).spawn_sync()
    assert told(ours) == without_us([place, *argv], project, env, data)
    assert ours.returncode in (0, 1)

"""The everyday invocations are what they claim: many, and repeatable."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import program
from everyday import ENV, Invocation, everyday, make_project

INVOCATIONS = everyday()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    program("git")
    root = tmp_path / "project"
    root.mkdir()
    make_project(root)
    return root


def contents(root: Path) -> dict[str, tuple[int, float, bytes]]:
    """All that is in the project, without the books of git."""
    found = {}
    for path in root.rglob("*"):
        name = path.relative_to(root)
        if ".git" in name.parts or path.is_dir():
            continue
        state = path.lstat()
        content = (
            os.fsencode(os.readlink(path))
            if path.is_symlink()
            else path.read_bytes()
        )
        found[str(name)] = (state.st_mode, state.st_mtime, content)
    return found


def run(root: Path, tool: str, asked: Invocation) -> tuple[int, bytes]:
    done = subprocess.run(
        [tool, *asked.argv],
        cwd=root,
        env=ENV,
        input=(asked.stdin or "").encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def test_there_are_many() -> None:
    seen = {(i.program, *i.argv, i.stdin) for i in INVOCATIONS}
    assert len(seen) == len(INVOCATIONS) >= 300
    assert len({i.program for i in INVOCATIONS}) >= 60


def test_the_project_is_always_the_same(project: Path) -> None:
    other = project.with_name("other")
    other.mkdir()
    make_project(other)
    assert contents(project) == contents(other)
    asked = Invocation("git", ["log", "--all", "--format=%H"], None)
    tool = program("git")
    assert run(project, tool, asked) == run(other, tool, asked)


def test_each_says_the_same_twice_and_writes_nothing(project: Path) -> None:
    before = contents(project)
    for asked in INVOCATIONS:
        tool = shutil.which(asked.program, path="/usr/bin:/bin:/usr/sbin")
        if tool is None:
            continue
        first = run(project, tool, asked)
        assert first[0] in (0, 1), asked
        assert first == run(project, tool, asked), asked
    assert contents(project) == before

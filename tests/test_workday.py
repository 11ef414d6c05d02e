"""More that must pass, and say what it says without us; see workday.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from everyday import told, without_us
from proc_jail import ProcPolicy, ProcPolicyBuilder, ProcRequest
from proc_jail._policy.paths import which
from workday import ENV, Invocation, make_project, workday

ALL = workday()
PROGRAMS = sorted({asked.program for asked in ALL})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not os.path.exists(which("git")):
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("workday").resolve() / "project"
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


def policy_of(name: str, project: Path) -> ProcPolicy:
    builder = ProcPolicyBuilder().profile(name, read=[project])
    return builder.env_fixed(ENV).max_stdin(1000).cwd(project).build()


def bare(asked: Invocation, root: Path) -> tuple[int, bytes, bytes]:
    command = [which(asked.program), *asked.argv]
    return without_us(command, root, ENV, (asked.stdin or "").encode())


def test_there_are_enough() -> None:
    seen = {(asked.program, *asked.argv, asked.stdin) for asked in ALL}
    assert len(seen) == len(ALL) >= 400
    assert len(PROGRAMS) >= 60


def test_the_project_is_always_the_same(project: Path) -> None:
    other = project.with_name("other")
    other.mkdir()
    make_project(other)
    assert contents(project) == contents(other)
    asked = Invocation("git", ["log", "--all", "--format=%H"], None)
    assert bare(asked, project) == bare(asked, other)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_says_the_same(name: str, project: Path) -> None:
    place = which(name)
    if not os.path.exists(place):
        pytest.skip(f"no {name} here")
    before, policy = contents(project), policy_of(name, project)
    for asked in ALL:
        if asked.program != name:
            continue
        request = ProcRequest(place, asked.argv)
        request = request.with_stdin((asked.stdin or "").encode())
        ours = policy.prepare(request).spawn_sync()
        assert told(ours) == bare(asked, project), asked
        assert ours.returncode in (0, 1), asked
    assert contents(project) == before

"""Every profile: its examples, and the real program behind them."""

from __future__ import annotations

import os
import shlex
import subprocess
import tarfile
from pathlib import Path

import pytest

from proc_jail import ProcPolicy, ProcPolicyBuilder, ProcRequest
from proc_jail._profile_data import PROFILES
from proc_jail._profiles import which

HOSTS = ["example.com"]
MATCH = [(n, line) for n, p in PROFILES.items() for line in p.match]
REFUSED = [(n, line) for n, p in PROFILES.items() for line in p.not_match]
GIT_ENV = {
    "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "PATH": os.environ["PATH"],
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the examples name."""
    root = tmp_path_factory.mktemp("tree").resolve()
    (root / "dir").mkdir()
    (root / "a.txt").write_text("bar\nfoo\nfoo o\n")
    (root / "b.txt").write_text("foo\nqux\n")
    (root / "dir" / "c.txt").write_text("c\n")
    (root / "data.csv").write_text("x,1\ny,2\n")
    (root / "data.json").write_text('{"name": "n", "items": [1, 2]}\n')
    with tarfile.open(root / "a.tar", "w") as archive:
        archive.add(root / "a.txt", "a.txt")
    git = [which("git"), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for words in (["init", "-qb", "main"], ["add", "."], ["commit", "-qmx"]):
        subprocess.run([*git, *words], cwd=root, env=GIT_ENV, check=True)
    (root / "b.txt").write_text("foo\nchanged\n")
    return root


def policy_of(name: str, tree: Path) -> ProcPolicy:
    place = which(name)
    if not os.path.exists(place):
        pytest.skip(f"no {name} here")
    return (
        ProcPolicyBuilder()
        .profile(name, read=[tree], hosts=HOSTS)
        .cwd(tree)
        .build()
    )


@pytest.mark.parametrize(("name", "line"), MATCH)
def test_an_example_passes(name: str, line: str, tree: Path) -> None:
    request = ProcRequest(which(name), shlex.split(line))
    policy_of(name, tree).prepare(request)


@pytest.mark.parametrize(("name", "line"), REFUSED)
def test_a_counterexample_is_refused(name: str, line: str, tree: Path) -> None:
    request = ProcRequest(which(name), shlex.split(line))
    refused = policy_of(name, tree).check(request)
    assert refused is not None
    assert (refused.code or "").startswith("Arg")


@pytest.mark.parametrize(
    ("name", "line"), [(n, x) for n, x in MATCH if n != "curl"]
)
def test_an_example_runs_as_without_us(
    name: str, line: str, tree: Path
) -> None:
    policy, argv = policy_of(name, tree), shlex.split(line)
    ours = policy.run(which(name), argv)
    bare = subprocess.run(
        [which(name), *argv],
        cwd=tree,
        env={"GIT_CONFIG_GLOBAL": "/dev/null"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    told = (ours.returncode, ours.stdout, ours.stderr)
    assert told == (bare.returncode, bare.stdout, bare.stderr)

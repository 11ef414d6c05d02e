"""Every profile: its examples, and the real program behind them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import runpy
import shlex
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from containment import attack, folder, in_host, uids
from everyday import GIT_ENV, commit, told, without_us, write_examples
from hosts import on_linux
from proc_jail import (
    ArgRulesInvalid,
    BinNotAllowed,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
)
from proc_jail._policy.paths import which
from proc_jail.profiles import PROFILES

HOSTS = ["example.com"]
MATCH = [(n, line) for n, p in PROFILES.items() for line in p.match]
REFUSED = [(n, line) for n, p in PROFILES.items() for line in p.not_match]
PROGRAMS_OF_A_REPOSITORY = (
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "credential.helper",
    "diff.external",
    "diff.x.command",
    "diff.x.textconv",
    "filter.x.clean",
    "filter.x.process",
    "filter.x.smudge",
    "gpg.program",
    "pager.log",
    "pager.status",
)


def test_places_are_those_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never those of $PATH, which others may have set."""
    place = which("cat")
    for name in ("cat", "grep-of-nowhere"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert which("cat") == place
    assert not which("grep-of-nowhere").startswith(str(tmp_path))
    policy = ProcPolicyBuilder().profile("cat", read=["/etc"]).build()
    told = policy.check(ProcRequest(tmp_path / "cat", ["/etc/passwd"]))
    assert isinstance(told, BinNotAllowed)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the examples name."""
    root = tmp_path_factory.mktemp("tree").resolve()
    write_examples(root)
    (root / "data.json").write_text('{"name": "n", "items": [1, 2]}\n')
    with tarfile.open(root / "a.tar", "w") as archive:
        archive.add(root / "a.txt", "a.txt")
    data = (root / "a.txt").read_bytes()
    (root / "a.gz").write_bytes(gzip.compress(data, mtime=0))
    (root / "a.bz2").write_bytes(bz2.compress(data))
    (root / "a.xz").write_bytes(lzma.compress(data))
    with zipfile.ZipFile(root / "a.zip", "w") as packed:
        packed.writestr("a.txt", data)
    commit(root, "x")
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
    assert told(ours) == without_us([which(name), *argv], tree, {}, None)


def test_the_page_is_current() -> None:
    """python docs/make_profiles.py > docs/profiles.md"""
    docs = Path(__file__).parent.parent / "docs"
    made = runpy.run_path(str(docs / "make_profiles.py"))["document"]()
    assert made == (docs / "profiles.md").read_text()


def test_what_a_profile_asks_for() -> None:
    with pytest.raises(LookupError, match="no profile for 'sh'"):
        ProcPolicyBuilder().profile("sh")
    with pytest.raises(ArgRulesInvalid, match="name the hosts"):
        ProcPolicyBuilder().profile("curl")
    with pytest.raises(TypeError, match="read must be a list"):
        ProcPolicyBuilder().profile("cat", read="/srv")
    with pytest.raises(TypeError):
        ProcPolicyBuilder().profile("cat", reed=["/srv"])  # type: ignore[call-arg]


def test_a_directory_to_write_to(tree: Path, tmp_path: Path) -> None:
    """sort -o, and only there."""
    builder = ProcPolicyBuilder().profile(
        "sort", read=[tree], write=[tmp_path]
    )
    policy = builder.cwd(tree).build()
    sort = which("sort")
    assert policy.run(sort, ["-r", "-o", str(tmp_path / "o"), "a.txt"]).success
    assert (tmp_path / "o").read_text() == "foo o\nfoo\nbar\n"
    for argv in (["-o", "x", "a.txt"], ["--compress-program=sh", "a.txt"]):
        assert policy.check(ProcRequest(sort, argv)) is not None


def hostile(place: Path, how: str) -> tuple[Path, Path]:
    """A repository whose every hook is set, and the mark that they make."""
    root, mark = place / "repository", place / "mark"
    root.mkdir()
    script = root / "evil"
    script.write_text(f"#!/bin/sh\necho ran >> {mark}\n")
    script.chmod(0o755)
    hook = str(script)
    if how == "calls":
        hook = f"{attack('promise')} make {mark}"
    (root / "a.txt").write_text("a\n")
    (root / ".gitattributes").write_text("* filter=x diff=x\n")
    git = [which("git"), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for words in (["init", "-qb", "main"], ["add", "a.txt"]):
        subprocess.run([*git, *words], cwd=root, env=GIT_ENV, check=True)
    subprocess.run([*git, "commit", "-qmx"], cwd=root, env=GIT_ENV, check=True)
    mark.unlink(missing_ok=True)
    for key in PROGRAMS_OF_A_REPOSITORY:
        subprocess.run(
            [*git, "config", key, hook], cwd=root, env=GIT_ENV, check=True
        )
    (root / "a.txt").write_text("changed\n")
    return root, mark


@on_linux
@uids
@pytest.mark.parametrize("how", ["files", "calls"])
def test_a_hostile_repository_runs_nothing(uid: int, how: str) -> None:
    """Every hook on the way that a repository's own configuration has."""

    def work() -> bool:
        root, mark = hostile(place, how)
        builder = ProcPolicyBuilder().profile("git", read=[root])
        policy = builder.cwd(root).build()
        for line in (*PROFILES["git"].match, "log -p", "diff HEAD", "status"):
            policy.run(which("git"), shlex.split(line))
            assert not mark.exists(), line
        subprocess.run(
            [which("git"), "diff"], cwd=root, env=GIT_ENV, check=False
        )
        return mark.exists()

    with folder(uid) as place:
        assert in_host(uid, work).get(), "the trap does not work"

"""The working directory: chosen by the policy, opened once, and entered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest import policy_for, program
from hosts import on_linux
from proc_jail import (
    CwdForbidden,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """/srv with a, ab, a/inner, and links between them."""
    top = tmp_path.resolve() / "srv"
    for name in ("a/inner", "ab", "b"):
        (top / name).mkdir(parents=True)
    (top / "a" / "out").symlink_to(top / "b")
    (top / "in").symlink_to(top / "a" / "inner")
    (top / "a" / "file").write_text("")
    return top


def fixed(path: str | Path) -> ProcPolicy:
    return policy_for(program("pwd"), None, lambda b: b.cwd(path))


def jailed(path: Path, default: Path | None = None) -> ProcPolicy:
    return policy_for(
        program("pwd"), None, lambda b: b.cwd_jailed(path, default)
    )


def listed(*paths: Path, default: Path | None = None) -> ProcPolicy:
    return policy_for(
        program("pwd"), None, lambda b: b.cwd_allowlist(paths, default)
    )


def prepare(
    policy: ProcPolicy, cwd: str | Path | None = None
) -> PreparedCommand:
    return policy.prepare(ProcRequest(program("pwd"), [], None, cwd))


def runs_in(policy: ProcPolicy, cwd: str | Path | None = None) -> str:
    return prepare(policy, cwd).spawn_sync().stdout_string().rstrip("\n")


def refuse(policy: ProcPolicy, cwd: str | Path | None) -> CwdForbidden:
    with pytest.raises(CwdForbidden, match="forbidden") as caught:
        prepare(policy, cwd)
    return caught.value


# ---------------------------------------------------------------- fixed


def test_the_default_is_tmp() -> None:
    policy = policy_for(program("pwd"))
    assert prepare(policy).cwd == "/tmp"
    assert runs_in(policy, "/usr") == os.path.realpath("/tmp")


@pytest.mark.parametrize("asked", ["/", "/none", "relative", "..", ""])
def test_fixed_ignores_what_is_asked(root: Path, asked: str) -> None:
    policy = fixed(root / "a")
    assert prepare(policy, asked).cwd == str(root / "a")
    assert runs_in(policy, asked) == str(root / "a")


def test_fixed_through_a_link(root: Path) -> None:
    assert runs_in(fixed(root / "in")) == str(root / "a" / "inner")


def test_fixed_that_is_missing_is_told_by_prepare(root: Path) -> None:
    policy = fixed(root / "none")
    error = refuse(policy, None)
    assert error.path == str(root / "none")
    assert error.reason
    (root / "none").mkdir()
    assert runs_in(policy) == str(root / "none")


def test_fixed_that_is_a_file(root: Path) -> None:
    assert refuse(fixed(root / "a" / "file"), None)


def test_fixed_that_is_gone(root: Path) -> None:
    policy = fixed(root / "b")
    (root / "b").rmdir()
    refuse(policy, None)


def test_fixed_that_was_made_anew(root: Path) -> None:
    """A policy lives long; the directory of today is meant."""
    policy = fixed(root / "b")
    (root / "b").rename(root / "old")
    (root / "b").mkdir()
    assert runs_in(policy) == str(root / "b")


@pytest.mark.parametrize("path", ["", "srv", "./srv", "../srv", "~"])
def test_a_policy_needs_absolute_paths(path: str) -> None:
    builder = ProcPolicyBuilder()
    with pytest.raises(CwdForbidden, match="absolute"):
        builder.cwd(path)
    with pytest.raises(CwdForbidden, match="absolute"):
        builder.cwd_jailed(path)
    with pytest.raises(CwdForbidden, match="absolute"):
        builder.cwd_jailed("/tmp", path)
    with pytest.raises(CwdForbidden, match="absolute"):
        builder.cwd_allowlist(["/tmp", path])
    with pytest.raises(CwdForbidden, match="absolute"):
        builder.cwd_allowlist(["/tmp"], path)


# --------------------------------------------------------------- jailed


@pytest.mark.parametrize(
    ("asked", "lands"),
    [
        ("a", "a"),
        ("a/", "a"),
        ("a/inner", "a/inner"),
        ("a/inner/..", "a"),
        ("b/../a//./inner", "a/inner"),
        ("in", "a/inner"),
    ],
)
def test_jailed_at_or_below_the_root(
    root: Path, asked: str, lands: str
) -> None:
    command = prepare(jailed(root / "a"), f"{root}/{asked}")
    assert command.cwd == str(root / lands)
    assert command.spawn_sync().stdout_string() == f"{root / lands}\n"


@pytest.mark.parametrize(
    "asked",
    ["ab", "b", ".", "", "..", "a/..", "a/../b", "a/out", "a/inner/../.."],
)
def test_jailed_does_not_let_out(root: Path, asked: str) -> None:
    """ab is not below a, and links and `..` are followed first."""
    path = f"{root}/{asked}"
    error = refuse(jailed(root / "a"), path)
    assert error.path == path
    assert error.expected == str(root / "a")


def test_jailed_in_the_whole_tree(root: Path) -> None:
    assert runs_in(jailed(Path("/")), root / "b") == str(root / "b")
    assert runs_in(jailed(Path("/")), "/") == "/"


@pytest.mark.parametrize("asked", ["none", "a/file", "a/file/..", "a/none/.."])
def test_jailed_needs_a_directory(root: Path, asked: str) -> None:
    refuse(jailed(root), f"{root}/{asked}")


@pytest.mark.parametrize("asked", ["", "a", "./a", "..", "."])
def test_jailed_needs_an_absolute_path(
    root: Path, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's own directory is not the request's to build on."""
    monkeypatch.chdir(root)
    assert "absolute" in str(refuse(jailed(root), asked))
    monkeypatch.undo()


def test_jailed_without_a_choice_is_the_root(root: Path) -> None:
    assert prepare(jailed(root / "a")).cwd == str(root / "a")
    assert runs_in(jailed(root / "a")) == str(root / "a")


def test_jailed_with_a_default(root: Path) -> None:
    policy = jailed(root, root / "b")
    assert runs_in(policy) == str(root / "b")
    assert runs_in(policy, root / "a") == str(root / "a")


def test_a_default_outside_the_root_is_refused(root: Path) -> None:
    refuse(jailed(root / "a", root / "b"), None)


def test_jailed_through_a_link_as_root(root: Path) -> None:
    (root / "alias").symlink_to(root / "a")
    policy = jailed(root / "alias")
    assert runs_in(policy, root / "a" / "inner") == str(root / "a" / "inner")
    assert runs_in(policy, root / "alias") == str(root / "a")
    refuse(policy, root / "b")


def test_a_root_that_is_gone_allows_nothing(root: Path) -> None:
    policy = jailed(root / "b")
    (root / "b").rmdir()
    refuse(policy, None)
    refuse(policy, root / "a")


# --------------------------------------------------------------- listed


def test_listed_ones_and_no_others(root: Path) -> None:
    policy = listed(root / "a", root / "b")
    assert runs_in(policy, root / "a") == str(root / "a")
    assert runs_in(policy, f"{root}/a/../b/") == str(root / "b")
    for other in (root, root / "ab", root / "a" / "inner"):
        assert "list" in str(refuse(policy, other))


def test_listed_by_canonical_path(root: Path) -> None:
    policy = listed(root / "in")
    inner = str(root / "a" / "inner")
    assert runs_in(policy, inner) == inner
    assert runs_in(policy, root / "in") == inner
    (root / "in").unlink()
    (root / "in").symlink_to(root / "b")
    refuse(policy, inner)


def test_listed_without_a_choice_needs_a_default(root: Path) -> None:
    assert "none" in str(refuse(listed(root / "a"), None))
    policy = listed(root / "a", root / "b", default=root / "b")
    assert runs_in(policy) == str(root / "b")


def test_a_default_that_is_not_listed_is_refused(root: Path) -> None:
    refuse(listed(root / "a", default=root / "b"), None)


def test_a_listed_one_that_is_gone(root: Path) -> None:
    policy = listed(root / "none", root / "b")
    assert runs_in(policy, root / "b") == str(root / "b")
    refuse(policy, root / "none")


def test_an_empty_list_allows_nothing(root: Path) -> None:
    for asked in (None, "/", "/tmp", root):
        refuse(listed(), asked)


def test_the_last_call_counts(root: Path) -> None:
    builder = ProcPolicyBuilder().cwd_jailed(root).cwd(root / "b")
    assert repr(builder) == repr(ProcPolicyBuilder().cwd(root / "b"))


# ------------------------------------------------------- what was opened


@on_linux
@pytest.mark.parametrize("kind", ["fixed", "jailed", "listed"])
def test_the_opened_directory_is_entered(root: Path, kind: str) -> None:
    """Another one that took its place since is not."""
    target = root / "a" / "inner"
    policies = {
        "fixed": fixed(target),
        "jailed": jailed(target),
        "listed": listed(target),
    }
    command = prepare(policies[kind], target)
    target.rename(root / "moved")
    target.symlink_to(root / "b")
    assert command.spawn_sync().stdout_string() == f"{root / 'moved'}\n"
    assert command.cwd == str(target)


@on_linux
def test_the_opened_directory_survives_a_swap_above(root: Path) -> None:
    command = prepare(jailed(root), root / "a" / "inner")
    (root / "a").rename(root / "old")
    (root / "a" / "inner").mkdir(parents=True)
    output = command.spawn_sync()
    assert output.stdout_string() == f"{root / 'old' / 'inner'}\n"


def test_the_host_stays_where_it_is(root: Path) -> None:
    before = os.getcwd()
    assert runs_in(fixed(root)) == str(root)
    assert os.getcwd() == before


def test_a_path_that_is_not_utf8(root: Path) -> None:
    odd = os.fsdecode(os.fsencode(root) + b"/\xff\n")
    os.mkdir(odd)
    command = prepare(jailed(root), odd)
    assert command.cwd == odd
    assert command.spawn_sync().stdout == os.fsencode(odd) + b"\n"
    (root / "a" / "inner").rmdir()
    error = refuse(jailed(root / "a"), odd)
    assert error.path is not None
    assert error.path.endswith(r"/\xff\x0a")

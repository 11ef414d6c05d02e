"""Paths of typed rules: what they lead to, from where the child will be."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Tool, policy_for, program
from proc_jail import (
    ArgPathForbidden,
    ArgRules,
    ArgRulesInvalid,
    CwdForbidden,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Violation,
    WritePath,
)

Tools = Callable[[str], Tool]
Change = Callable[[ProcPolicyBuilder], ProcPolicyBuilder]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A root `in` with links in and out of it, and what is beside it."""
    for folder in ("in/sub", "in/empty", "inside", "out"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("in/a", "in/sub/b", "inside/c", "out/d"):
        (tmp_path / file).write_text(file)
    for link, target in {
        "in/to-a": "a",
        "in/to-sub": "sub",
        "in/to-out": "../out",
        "in/to-d": "../out/d",
        "in/chain": "to-d",
        "in/dangling": "nothing",
        "in/dangling-out": "../out/nothing",
        "in/loop": "loop",
        "in/up": "..",
        "out/to-in": "../in",
        "out/to-a": "../in/a",
        "link-to-in": "in",
    }.items():
        (tmp_path / link).symlink_to(target)
    return tmp_path


def policy_of(
    tool: Tools, tree: Path, value: ReadPath | WritePath, *changes: Change
) -> ProcPolicy:
    path = tool("cat").path
    rules = ArgRules().positional("file", value)
    return policy_for(path, rules, lambda b: b.cwd(tree), *changes)


def check(policy: ProcPolicy, tool: Tools, text: str) -> Violation | None:
    return policy.check(ProcRequest(tool("cat").path, ["--", text]))


INSIDE = [
    "in/a",
    "in",
    "in/",
    "in/.",
    "in/sub",
    "in/sub/b",
    "in/sub/../a",
    "./in/a",
    "in//a",
    "in/to-a",
    "in/to-sub/b",
    "in/up/in/a",
    "in/sub/../../in/a",
    "out/to-in/a",
    "out/to-a",
    "link-to-in/a",
    "out/../in/a",
    "{tree}/in/a",
    "{tree}/out/to-a",
    "//{tree}/in/a",
]
OUTSIDE = [
    ".",
    "..",
    "out/d",
    "in/..",
    "in/../out/d",
    "in/sub/../../out/d",
    "in/to-out/d",
    "in/to-out",
    "in/to-d",
    "in/chain",
    "in/up",
    "in/up/out/d",
    "out/to-in/../out/d",
    "inside/c",
    "inside",
    "/",
    "/etc/passwd",
    "{tree}",
    "{tree}/inside/c",
    "../../../../../../../../../../etc/passwd",
]
NOWHERE = [
    "in/none",
    "none",
    "in/dangling",
    "in/dangling-out",
    "in/loop",
    "in/a/",
    "in/a/.",
    "in/a/x",
    "in/none/../a",
    "in/none/x",
    "in/" + "x" * 256,
    "x" * 100_000,
]


@pytest.mark.parametrize("kind", [ReadPath, WritePath])
@pytest.mark.parametrize("text", INSIDE)
def test_inside(
    tool: Tools, tree: Path, kind: type[ReadPath], text: str
) -> None:
    policy = policy_of(tool, tree, kind(tree / "in"))
    assert check(policy, tool, text.format(tree=tree)) is None


@pytest.mark.parametrize("kind", [ReadPath, WritePath])
@pytest.mark.parametrize("text", OUTSIDE)
def test_outside(
    tool: Tools, tree: Path, kind: type[ReadPath], text: str
) -> None:
    policy = policy_of(tool, tree, kind(tree / "in"))
    found = check(policy, tool, text.format(tree=tree))
    assert isinstance(found, ArgPathForbidden)
    assert found.path == text.format(tree=tree)
    assert (found.index, found.option) == (1, "file")
    assert found.reason == "it leads outside"
    assert found.expected == str(tree / "in")
    assert "path forbidden" in str(found)


@pytest.mark.parametrize("text", NOWHERE)
def test_nowhere(tool: Tools, tree: Path, text: str) -> None:
    policy = policy_of(tool, tree, ReadPath(tree / "in"))
    found = check(policy, tool, text)
    assert isinstance(found, ArgPathForbidden)
    assert found.reason != "it leads outside"
    assert len(str(found)) < 768


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("in/new", True),
        ("in/sub/new", True),
        ("in/to-sub/new", True),
        ("in/up/in/new", True),
        ("out/to-in/new", True),
        ("{tree}/in/new", True),
        ("in/-new", True),
        ("in/...", True),
        ("in/to-out/new", False),
        ("in/up/new", False),
        ("in/../new", False),
        ("new", False),
        ("/new", False),
        ("in/new/", False),
        ("in/new/.", False),
        ("in/new/..", False),
        ("in/new/../newer", False),
        ("in/none/new", False),
        ("in/a/new", False),
        # What a link without target leads to would be made.
        ("in/dangling", False),
        ("in/dangling-out", False),
        ("in/loop", False),
        ("in/" + "x" * 256, False),
        ("inside/new", False),
        ("-", False),
    ],
)
def test_what_is_not_there_can_be_written(
    tool: Tools, tree: Path, text: str, allowed: bool
) -> None:
    policy = policy_of(tool, tree, WritePath(tree / "in"))
    found = check(policy, tool, text.format(tree=tree))
    assert found is None if allowed else isinstance(found, ArgPathForbidden)
    read = policy_of(tool, tree, ReadPath(tree / "in"))
    if text != "-":
        assert check(read, tool, text.format(tree=tree)) is not None


def test_every_root_counts(tool: Tools, tree: Path) -> None:
    policy = policy_of(tool, tree, ReadPath(tree / "in", tree / "inside"))
    for text in ("in/a", "inside/c"):
        assert check(policy, tool, text) is None
    found = check(policy, tool, "out/d")
    assert found is not None
    assert found.expected == f"{tree / 'in'}, ..."


def test_no_root_allows_no_path(tool: Tools, tree: Path) -> None:
    policy = policy_of(tool, tree, ReadPath())
    found = check(policy, tool, "in/a")
    assert isinstance(found, ArgPathForbidden)
    assert found.expected == "none"


def test_the_root_of_all(tool: Tools, tree: Path) -> None:
    policy = policy_of(tool, tree, ReadPath("/"))
    for text in ("/", "/etc/passwd", "in/a", "in/chain", ".."):
        assert check(policy, tool, text) is None
    assert check(policy, tool, "none") is not None


def test_a_file_as_root(tool: Tools, tree: Path) -> None:
    (tree / "in/ab").write_text("")
    policy = policy_of(tool, tree, ReadPath(tree / "in/a"))
    for text in ("in/a", "in/to-a", "out/to-a"):
        assert check(policy, tool, text) is None
    for text in ("in/ab", "in", "in/a/", "in/sub/b"):
        assert isinstance(check(policy, tool, text), ArgPathForbidden)


def test_a_link_as_root(tool: Tools, tree: Path) -> None:
    """It is followed once, when the policy is built."""
    link = tree / "link-to-in"
    policy = policy_of(tool, tree, ReadPath(link))
    assert check(policy, tool, "in/a") is None
    assert check(policy, tool, "link-to-in/a") is None
    link.unlink()
    link.symlink_to("out")
    found = check(policy, tool, "link-to-in/d")
    assert found is not None
    assert found.expected == str(tree / "in")
    assert check(policy, tool, "in/a") is None


def test_a_root_that_is_gone(tool: Tools, tree: Path) -> None:
    policy = policy_of(tool, tree, WritePath(tree / "in/empty"))
    (tree / "in/empty").rmdir()
    assert check(policy, tool, "in/empty") is not None
    assert check(policy, tool, "in/empty/new") is not None
    for kind in (ReadPath, WritePath):
        with pytest.raises(ArgRulesInvalid, match="No such file"):
            policy_of(tool, tree, kind(tree / "in/empty"))


# ------------------------------------------------------ standard input


def test_a_lone_dash_is_standard_input(tool: Tools, tree: Path) -> None:
    for value in (ReadPath(tree / "in"), ReadPath()):
        assert check(policy_of(tool, tree, value), tool, "-") is None


def test_a_file_of_that_name(tool: Tools, tree: Path) -> None:
    """Some programs open it; it has to be below a root like any other."""
    policy = policy_of(tool, tree, ReadPath(tree / "in"))
    inside = policy_of(
        tool, tree, ReadPath(tree / "in"), lambda b: b.cwd(tree / "in")
    )
    (tree / "-").symlink_to("in/a")
    (tree / "in/-").symlink_to("../out/d")
    assert check(policy, tool, "-") is None
    assert isinstance(check(inside, tool, "-"), ArgPathForbidden)
    (tree / "-").unlink()
    (tree / "-").symlink_to("nothing")
    assert isinstance(check(policy, tool, "-"), ArgPathForbidden)


# -------------------------------------------------------- where it starts


def test_paths_start_where_the_child_will_be(tool: Tools, tree: Path) -> None:
    cat = tool("cat").path
    root = tree / "in"
    rules = ArgRules().positional("file", ReadPath(root))

    def found(
        change: Change, text: str, cwd: Path | None = None
    ) -> Violation | None:
        policy = policy_for(cat, rules, change)
        request = ProcRequest(cat, [text])
        return policy.check(request if cwd is None else request.with_cwd(cwd))

    def fixed(b: ProcPolicyBuilder) -> ProcPolicyBuilder:
        return b.cwd(root)

    def jailed(b: ProcPolicyBuilder) -> ProcPolicyBuilder:
        return b.cwd_jailed(tree)

    def listed(b: ProcPolicyBuilder) -> ProcPolicyBuilder:
        return b.cwd_allowlist([root, tree / "out"], root / "sub")

    assert found(fixed, "a") is None
    # The request's own is ignored, for the path as for the child.
    assert found(fixed, "d", tree / "out") is not None
    assert found(fixed, "a", tree / "out") is None
    assert found(jailed, "in/a") is None
    assert found(jailed, "a") is not None
    assert found(jailed, "a", root) is None
    assert found(jailed, "b", root / "to-sub") is None
    assert found(jailed, "../in/a", tree / "out") is None
    assert found(jailed, "d", root / "to-out") is not None
    assert found(listed, "a", root) is None
    assert found(listed, "to-a", tree / "out") is None
    assert isinstance(found(listed, "a", tree), CwdForbidden)


def test_the_host_s_own_directory_is_of_no_account(
    tool: Tools, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policy_of(tool, tree, ReadPath(tree / "in"))
    monkeypatch.chdir(tree / "in")
    assert check(policy, tool, "a") is not None
    assert check(policy, tool, "in/a") is None
    monkeypatch.undo()


# ------------------------------------------------------- places of values


@pytest.mark.parametrize(
    ("argv", "index", "option"),
    [
        (["-f", "out/d"], 1, "--file"),
        (["-fout/d"], 0, "--file"),
        (["--file=out/d"], 0, "--file"),
        (["-cf", "out/d"], 1, "--file"),
        (["-c", "in/a", "out/d"], 2, "files"),
        (["in/a", "--file=in/a", "--", "out/d"], 3, "files"),
    ],
)
def test_where_a_denial_points(
    tool: Tools, tree: Path, argv: list[str], index: int, option: str
) -> None:
    path = tool("grep").path
    value = ReadPath(tree / "in")
    rules = (
        ArgRules()
        .flag("-c")
        .option("-f", value)
        .positional("files", value, min=0, max=None)
    )
    policy = policy_for(path, rules, lambda b: b.cwd(tree))
    found = policy.check(ProcRequest(path, argv))
    assert isinstance(found, ArgPathForbidden)
    assert (found.index, found.option) == (index, option)
    assert found.path == "out/d"


def test_values_of_every_shape_are_followed(tool: Tools, tree: Path) -> None:
    value = ReadPath(tree / "in")
    cases = [
        ("dd", ArgRules().option("if=", value), ["if={}"]),
        ("jq", ArgRules().option("--slurpfile", value), ["--slurpfile", "n"]),
        ("tar", ArgRules().flag("-t").option("-f", value), ["tf"]),
        ("find", ArgRules().option("-newer", value), ["-newer"]),
        ("sort", ArgRules().option("-T", value), ["-T{}"]),
    ]
    for name, rules, line in cases:
        path = tool(name).path
        policy = policy_for(path, rules, lambda b: b.cwd(tree))
        for file, fits in (("in/a", True), ("out/d", False)):
            argv = [word.format(file) for word in line]
            argv += [] if argv != line else [file]
            found = policy.check(ProcRequest(path, argv))
            assert (found is None) == fits, (name, argv)
            assert fits or isinstance(found, ArgPathForbidden)


def test_bytes_that_are_no_text(tool: Tools, tree: Path) -> None:
    name = b"in/\xff\n\x1b"
    (tree / os.fsdecode(name)).write_text("")
    policy = policy_of(tool, tree, ReadPath(tree / "in"))
    assert check(policy, tool, os.fsdecode(name)) is None
    found = check(policy, tool, os.fsdecode(b"in/\xfe\n"))
    assert isinstance(found, ArgPathForbidden)
    assert str(found).isprintable()


def test_what_was_checked_is_what_is_read(tree: Path) -> None:
    cat = program("cat")
    rules = ArgRules().positional("f", ReadPath(tree / "in"), max=9)
    policy = policy_for(cat, rules, lambda b: b.cwd(tree / "in"))
    output = policy.run(cat, ["a", "to-sub/b", "../out/to-a"])
    assert output.stdout == b"in/ain/sub/bin/a"

"""Which file a request may run, and that this very file is what runs."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import policy_for, program
from hosts import needs_proc
from proc_jail import (
    ArgRules,
    ArgRulesDuplicate,
    ArgRulesUnused,
    BinCanonicalizeFailed,
    BinIsDirectory,
    BinNotAbsolute,
    BinNotAllowed,
    BinNotExecutable,
    BinNotFound,
    BinNotRegularFile,
    BinRiskyDenied,
    NulByte,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Violation,
    risk_of,
)

NOBODY = 65534
# cat prints its own argv, whatever it was called by.
CMDLINE = "/proc/self/cmdline"


def native(path: Path, tool: str = "cat") -> Path:
    """A compiled program of our own, to be replaced and moved about."""
    shutil.copyfile(program(tool), path)
    path.chmod(0o755)
    return path


def prepare(path: str | Path, *argv: str) -> PreparedCommand:
    name = os.fspath(path)
    return policy_for(name).prepare(ProcRequest(name, list(argv)))


def any_policy() -> ProcPolicy:
    return policy_for(program("echo"))


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A directory that every user can reach, which tmp_path is not."""
    path = Path(tempfile.mkdtemp()).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def as_nobody(action: Callable[[], object]) -> BaseException | None:
    """What `action` raises for a user without privileges.

    A child does it, since a change of ids would mark this process.
    """
    if os.geteuid() != 0:
        try:
            action()
        except Exception as error:
            return error
        return None
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        caught: BaseException | None = None
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            action()
        except BaseException as error:
            caught = error
        os.write(writer, pickle.dumps(caught))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    found: BaseException | None = pickle.loads(answer)
    return found


# ------------------------------------------------------------ the path


@pytest.mark.parametrize("path", ["", "echo", "./echo", "bin/echo", "~/echo"])
def test_a_path_that_is_not_absolute(path: str) -> None:
    with pytest.raises(BinNotAbsolute, match="absolute") as caught:
        any_policy().prepare(ProcRequest(path, []))
    assert caught.value.path == (path or None)
    with pytest.raises(BinNotAbsolute):
        ProcPolicyBuilder().allow_bin(path)
    with pytest.raises(BinNotAbsolute):
        ProcPolicyBuilder().arg_rules(path, ArgRules())
    with pytest.raises(BinNotAbsolute):
        risk_of(path)
    with pytest.raises(BinNotAbsolute):
        prepare(program("echo")).wrap_with(path, [])


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    path = str(tmp_path / "none")
    with pytest.raises(BinNotFound, match="not found") as caught:
        any_policy().prepare(ProcRequest(path, []))
    assert caught.value.path == path
    with pytest.raises(BinNotFound):
        policy_for(path)
    with pytest.raises(BinNotFound):
        prepare(program("echo")).wrap_with(path, [])


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "none")
    with pytest.raises(BinNotFound):
        any_policy().prepare(ProcRequest(str(link), []))


def test_a_link_loop(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to(two)
    two.symlink_to(one)
    with pytest.raises(BinCanonicalizeFailed, match="canonicalize") as caught:
        any_policy().prepare(ProcRequest(str(one), []))
    assert caught.value.path == str(one)
    assert caught.value.reason


def test_a_name_too_long() -> None:
    with pytest.raises(BinCanonicalizeFailed) as caught:
        any_policy().prepare(ProcRequest("/" + "n" * 300, []))
    assert len(str(caught.value)) < 1000


def test_a_file_where_a_directory_should_be(tmp_path: Path) -> None:
    file = native(tmp_path / "file")
    with pytest.raises(BinCanonicalizeFailed):
        any_policy().prepare(ProcRequest(f"{file}/x", []))


def test_a_directory_without_search_permission(open_dir: Path) -> None:
    inner = open_dir / "inner"
    inner.mkdir()
    path = str(native(inner / "tool"))
    inner.chmod(0)
    error = as_nobody(lambda: any_policy().prepare(ProcRequest(path, [])))
    inner.chmod(0o755)
    assert isinstance(error, BinCanonicalizeFailed)
    assert error.path == path


def test_a_file_of_another_user_without_x(open_dir: Path) -> None:
    path = native(open_dir / "tool")
    path.chmod(0o744 if os.geteuid() == 0 else 0o644)
    error = as_nobody(lambda: prepare(path))
    assert isinstance(error, BinNotExecutable)


# ------------------------------------------------------- NUL in anything

NUL_PLACES: dict[str, Callable[[PreparedCommand], object]] = {
    "bin": lambda c: any_policy().prepare(ProcRequest("/bin/ec\0ho", [])),
    "argv": lambda c: any_policy().prepare(ProcRequest(c.bin, ["a", "b\0"])),
    "argv-first": lambda c: any_policy().prepare(ProcRequest(c.bin, ["\0"])),
    "argv-flag": lambda c: any_policy().prepare(ProcRequest(c.bin, ["-\0"])),
    "env-name": lambda c: any_policy().prepare(
        ProcRequest(c.bin, [], {"A\0": "b"})
    ),
    "env-value": lambda c: any_policy().prepare(
        ProcRequest(c.bin, [], {"A": "b\0"})
    ),
    "cwd": lambda c: any_policy().prepare(
        ProcRequest(c.bin, [], None, "/tmp\0")
    ),
    "allow_bin": lambda c: ProcPolicyBuilder().allow_bin("/bin/ls\0"),
    "arg_rules": lambda c: ProcPolicyBuilder().arg_rules("/\0", ArgRules()),
    "env_fixed-name": lambda c: ProcPolicyBuilder().env_fixed({"A\0": "b"}),
    "env_fixed-value": lambda c: ProcPolicyBuilder().env_fixed({"A": "\0"}),
    "env_allowlist": lambda c: ProcPolicyBuilder().env_allowlist(["A\0"]),
    "builder-cwd": lambda c: ProcPolicyBuilder().cwd("/tmp\0"),
    "cwd_jailed": lambda c: ProcPolicyBuilder().cwd_jailed("/tmp\0"),
    "cwd_jailed-default": lambda c: ProcPolicyBuilder().cwd_jailed(
        "/tmp", "/tmp\0"
    ),
    "cwd_allowlist": lambda c: ProcPolicyBuilder().cwd_allowlist(
        ["/tmp", "/\0"]
    ),
    "cwd_allowlist-default": lambda c: ProcPolicyBuilder().cwd_allowlist(
        ["/tmp"], "/\0"
    ),
    "subcommand": lambda c: ArgRules().subcommand("log\0"),
    "allowed_flags": lambda c: ArgRules().allowed_flags(["-n", "-a\0"]),
    "risk_of": lambda c: risk_of("/bin/ls\0"),
    "wrap_with-program": lambda c: c.wrap_with("/bin/ls\0", []),
    "wrap_with-args": lambda c: c.wrap_with(c.bin, ["a", "\0"]),
    "launch-env-name": lambda c: c.with_launch_env("A\0", "b"),
    "launch-env-value": lambda c: c.with_launch_env("A", "b\0"),
}


@pytest.mark.parametrize("place", NUL_PLACES)
def test_a_nul_byte_is_refused_before_anything_starts(place: str) -> None:
    with pytest.raises(NulByte, match="NUL byte"):
        NUL_PLACES[place](prepare(program("echo")))


def test_a_nul_byte_in_argv_tells_where() -> None:
    with pytest.raises(NulByte) as caught:
        any_policy().prepare(ProcRequest(program("echo"), ["a", "b\0c"]))
    assert caught.value.index == 1
    assert caught.value.value == r"b\x00c"


# ------------------------------------------------------------- the file


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(BinIsDirectory, match="directory"):
        any_policy().prepare(ProcRequest(str(tmp_path), []))
    with pytest.raises(BinIsDirectory):
        policy_for("/")


def test_a_device() -> None:
    with pytest.raises(BinNotRegularFile, match="regular file"):
        policy_for("/dev/null")


def test_a_pipe_is_not_opened_and_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "pipe")
    os.mkfifo(path, 0o755)
    with pytest.raises(BinNotRegularFile):
        any_policy().prepare(ProcRequest(path, []))


def test_a_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o755)
        with pytest.raises(BinNotRegularFile):
            any_policy().prepare(ProcRequest(path, []))


def test_a_file_without_the_x_bit(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    path.chmod(0o644)
    with pytest.raises(BinNotExecutable, match="not executable") as caught:
        prepare(path)
    assert caught.value.path == str(path)


def test_the_kind_is_told_before_the_allowance(tmp_path: Path) -> None:
    """So that a mistaken path is called what it is."""
    path = tmp_path / "text"
    path.write_text("x")
    with pytest.raises(BinNotExecutable):
        any_policy().prepare(ProcRequest(str(path), []))


# ------------------------------------------------------- the allow-list


def test_a_program_that_is_not_in_the_list() -> None:
    with pytest.raises(BinNotAllowed, match="not allowed") as caught:
        any_policy().prepare(ProcRequest(program("cat"), []))
    assert caught.value.path == program("cat")
    assert caught.value.reason == os.path.realpath(program("cat"))


def test_an_empty_policy_allows_nothing() -> None:
    policy = ProcPolicyBuilder().build()
    with pytest.raises(BinNotAllowed):
        policy.prepare(ProcRequest(program("echo"), []))


@pytest.mark.parametrize(
    "spell",
    [
        lambda p: p,
        lambda p: f"/{p}",
        lambda p: f"/.{p}",
        lambda p: f"/tmp/..{p}",
        lambda p: (
            str(Path(p).parent / "." / ".." / Path(p).parent.name)
            + f"//{Path(p).name}"
        ),
    ],
)
def test_the_path_counts_however_it_is_spelled(
    tmp_path: Path, spell: Callable[[str], str]
) -> None:
    path = str(native(tmp_path / "tool"))
    policy = policy_for(path)
    assert policy.prepare(ProcRequest(spell(path), [])).bin == path
    by_other = ProcPolicyBuilder().allow_bin(spell(path))
    built = by_other.arg_rules(path, ArgRules()).build()
    assert built.prepare(ProcRequest(path, [])).bin == path


def test_a_link_to_an_allowed_program_is_accepted(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    link = tmp_path / "link"
    link.symlink_to(path)
    command = policy_for(str(path)).prepare(ProcRequest(str(link), []))
    assert command.bin == str(path)


def test_a_link_does_not_widen_what_is_allowed(tmp_path: Path) -> None:
    """The link is not what was allowed, its target is."""
    one, two = native(tmp_path / "one"), native(tmp_path / "two", "echo")
    link = tmp_path / "link"
    link.symlink_to(one)
    policy = policy_for(str(link))
    link.unlink()
    link.symlink_to(two)
    with pytest.raises(BinNotAllowed):
        policy.prepare(ProcRequest(str(link), []))
    assert policy.prepare(ProcRequest(str(one), [])).bin == str(one)


def test_one_file_under_two_names_is_one_program(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    link = tmp_path / "link"
    link.symlink_to(path)
    builder = ProcPolicyBuilder().allow_bin(path).allow_bin(link)
    assert builder.arg_rules(link, ArgRules()).build()
    twice = builder.arg_rules(path, ArgRules()).arg_rules(link, ArgRules())
    with pytest.raises(ArgRulesDuplicate):
        twice.build()


# ------------------------------------------------------ multi-call files


def applets(folder: Path) -> Path:
    """A file that is many programs, by the name it is called by."""
    box = native(folder / "coreutils", "echo")
    for name in ("ls", "cat", "sh"):
        (folder / name).symlink_to(box)
    return box


@pytest.mark.parametrize("other", ["cat", "sh", "coreutils"])
def test_an_applet_does_not_allow_another(tmp_path: Path, other: str) -> None:
    applets(tmp_path)
    policy = policy_for(str(tmp_path / "ls"))
    with pytest.raises(BinNotAllowed, match="multi-call"):
        policy.prepare(ProcRequest(str(tmp_path / other), []))


def test_the_whole_does_not_allow_an_applet(tmp_path: Path) -> None:
    box = applets(tmp_path)
    policy = policy_for(str(box))
    with pytest.raises(BinNotAllowed):
        policy.prepare(ProcRequest(str(tmp_path / "ls"), []))


def test_rules_of_an_applet_are_its_own(tmp_path: Path) -> None:
    applets(tmp_path)
    ls, cat = str(tmp_path / "ls"), str(tmp_path / "cat")
    builder = ProcPolicyBuilder().allow_bin(ls)
    with pytest.raises(ArgRulesUnused):
        builder.arg_rules(cat, ArgRules()).build()
    both = builder.allow_bin(cat).arg_rules(ls, ArgRules())
    policy = both.arg_rules(cat, ArgRules().max_positionals(1)).build()
    assert policy.prepare(ProcRequest(cat, ["x"])).argv == ["x"]
    with pytest.raises(Violation, match="too many positional"):
        policy.prepare(ProcRequest(ls, ["x"]))


def test_a_risky_applet_is_risky(tmp_path: Path) -> None:
    applets(tmp_path)
    policy = policy_for(str(tmp_path / "sh"))
    with pytest.raises(BinRiskyDenied):
        policy.prepare(ProcRequest(str(tmp_path / "sh"), []))


@pytest.mark.parametrize("tool", ["echo", "busybox"])
@pytest.mark.parametrize("name", ["sh", "env"])
def test_an_alias_with_a_risky_name_is_risky(
    tmp_path: Path, name: str, tool: str
) -> None:
    """argv[0] keeps the alias, and a multi-call file under a name that
    does not tell so obeys it."""
    alias = tmp_path / name
    alias.symlink_to(native(tmp_path / "harmless", tool))
    policy = policy_for(str(alias))
    with pytest.raises(BinRiskyDenied):
        policy.prepare(ProcRequest(str(alias), []))


@needs_proc
def test_busybox_runs_as_the_applet_that_is_allowed(tmp_path: Path) -> None:
    box = program("busybox")
    for name in ("cat", "echo", "sh"):
        (tmp_path / name).symlink_to(box)
    cat = str(tmp_path / "cat")
    policy = policy_for(cat)
    output = policy.run(cat, [CMDLINE])
    assert output.stdout == f"{cat}\0{CMDLINE}\0".encode()
    for other in (tmp_path / "echo", tmp_path / "sh", Path(box)):
        with pytest.raises(BinNotAllowed):
            policy.prepare(ProcRequest(str(other), []))
    with pytest.raises(BinRiskyDenied):
        prepare(box)


@pytest.mark.parametrize("is_applet", [False, True], ids=["env", "applet"])
def test_a_wrapper_leaves_busybox_the_applet_that_is_allowed(
    tmp_path: Path, is_applet: bool
) -> None:
    """The request's first argument chooses none."""
    script, victim = tmp_path / "script", tmp_path / "victim"
    script.write_text(f"rm {victim}\n")
    victim.touch()
    echo, box = tmp_path / "echo", program("busybox")
    echo.symlink_to(box)
    env = program("env")
    if is_applet:
        env = str(tmp_path / "env")
        os.symlink(box, env)
    command = prepare(echo, "ash", str(script))
    wrapped = command.wrap_with(env, ["A=1"])
    assert wrapped.launch_args == ["A=1", str(echo), "ash", str(script)]
    for run in (command, wrapped, wrapped.wrap_with(env, ["A=2"])):
        assert run.spawn_sync().stdout_string() == f"ash {script}\n"
        assert victim.exists()
    # What the file's own name would have done.
    subprocess.run([env, "A=1", box, "ash", script], check=True)
    assert not victim.exists()


@needs_proc
def test_busybox_applets_that_are_hard_links(open_dir: Path) -> None:
    native(open_dir / "cat", "busybox")
    for name in ("echo", "sh"):
        os.link(open_dir / "cat", open_dir / name)
    cat = str(open_dir / "cat")
    policy = policy_for(cat)
    assert policy.run(cat, [CMDLINE]).stdout.startswith(cat.encode())
    for name in ("echo", "sh"):
        with pytest.raises(BinNotAllowed):
            policy.prepare(ProcRequest(str(open_dir / name), []))
    with pytest.raises(BinRiskyDenied):
        prepare(open_dir / "sh")

"""The file that was checked is the file that runs, under the right name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import policy_for, program
from hosts import needs_proc, on_linux
from proc_jail import (
    BinChanged,
    BinNotFound,
    PreparedCommand,
    ProcRequest,
    Violation,
)

# cat prints its own argv, whatever it was called by.
CMDLINE = "/proc/self/cmdline"


def native(path: Path, tool: str = "cat") -> Path:
    shutil.copyfile(program(tool), path)
    path.chmod(0o755)
    # In the past, so that a change shows on coarse clocks too.
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def script(path: Path, text: str = "echo one") -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def prepare(path: str | Path, *argv: str) -> PreparedCommand:
    name = os.fspath(path)
    return policy_for(name).prepare(ProcRequest(name, list(argv)))


def replace(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o755)


def rename_over(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    other.rename(path)


def rewrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\n")


def touch(path: Path) -> None:
    os.utime(path)


def chmod(path: Path) -> None:
    path.chmod(0o777)


def remove(path: Path) -> None:
    path.unlink()


CHANGES = [replace, rename_over, rewrite, append, touch, chmod, remove]
MAKERS = [native, script]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("make", MAKERS)
def test_a_change_after_prepare_is_refused(
    tmp_path: Path,
    make: Callable[[Path], Path],
    change: Callable[[Path], None],
) -> None:
    path = make(tmp_path / "tool")
    command = prepare(path)
    change(path)
    with pytest.raises(BinChanged, match="changed") as caught:
        command.spawn_sync()
    assert isinstance(caught.value, Violation)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("make", MAKERS)
def test_another_prepare_sees_the_new_file(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path / "tool")
    policy = policy_for(str(path))
    request = ProcRequest(str(path), [])
    before = policy.prepare(request)
    replace(path)
    assert policy.prepare(request).spawn_sync().success
    with pytest.raises(BinChanged):
        before.spawn_sync()


def test_what_changed_to_a_shell_is_judged_anew(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    policy = policy_for(str(path))
    path.unlink()
    shutil.copyfile(program("sh"), path)
    path.chmod(0o755)
    with pytest.raises(Violation, match="risky"):
        policy.prepare(ProcRequest(str(path), []))


def test_an_allowed_file_that_is_gone(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    policy = policy_for(str(path))
    path.unlink()
    with pytest.raises(BinNotFound):
        policy.prepare(ProcRequest(str(path), []))


@pytest.mark.parametrize("change", [replace, touch, remove])
def test_a_changed_wrapper_is_refused(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    wrapper = native(tmp_path / "wrapper", "env")
    command = prepare(program("echo"), "x").wrap_with(wrapper, [])
    assert command.spawn_sync().stdout == b"x\n"
    change(wrapper)
    with pytest.raises(BinChanged):
        command.spawn_sync()


@on_linux
def test_the_opened_file_runs_when_its_directory_was_swapped(
    tmp_path: Path,
) -> None:
    """The path leads to a shell by then; the descriptor still to cat."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = prepare(native(folder / "tool"), CMDLINE)
    folder.rename(tmp_path / "old")
    folder.mkdir()
    native(folder / "tool", "false")
    output = command.spawn_sync()
    assert output.stdout == f"{folder}/tool\0{CMDLINE}\0".encode()


def test_a_script_whose_directory_was_swapped_is_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    command = prepare(script(folder / "tool"))
    folder.rename(tmp_path / "old")
    folder.mkdir()
    script(folder / "tool", "echo two")
    with pytest.raises(BinChanged):
        command.spawn_sync()


# -------------------------------------------------------------- scripts


@pytest.mark.parametrize(
    ("first", "expected"),
    [("#!/bin/sh", b"a b\n"), ("#! /bin/sh -e", b"a b\n")],
)
def test_a_script_runs(tmp_path: Path, first: str, expected: bytes) -> None:
    path = tmp_path / "tool"
    path.write_text(f'{first}\necho "$@"\n')
    path.chmod(0o755)
    assert prepare(path, "a", "b").spawn_sync().stdout == expected


def test_a_script_is_told_its_canonical_path(tmp_path: Path) -> None:
    path = script(tmp_path / "tool", 'echo "$0"')
    link = tmp_path / "link"
    link.symlink_to(path)
    output = policy_for(str(path)).run(link)
    assert output.stdout_string() == f"{path}\n"


# -------------------------------------------------------------- argv[0]


def argv0(allowed: str, asked: str) -> str:
    output = policy_for(allowed).run(asked, [CMDLINE])
    return output.stdout.split(b"\0")[0].decode()


def test_argv0_is_the_canonical_path(tmp_path: Path) -> None:
    path = str(native(tmp_path / "tool"))
    assert argv0(path, f"/tmp/..{path}") == path


def test_argv0_of_a_link_with_the_same_name(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "tool"
    link.symlink_to(path)
    assert argv0(str(link), str(link)) == str(path)


def test_argv0_keeps_the_name_that_was_allowed(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    alias = tmp_path / "alias"
    alias.symlink_to(path)
    assert argv0(str(alias), str(alias)) == str(alias)
    assert argv0(str(alias), str(path)) == str(path)


def test_argv0_is_not_for_the_request_to_choose(tmp_path: Path) -> None:
    path = native(tmp_path / "tool")
    alias = tmp_path / "alias"
    alias.symlink_to(path)
    assert argv0(str(path), str(alias)) == str(path)


@needs_proc
def test_argv0_of_a_wrapper_is_its_canonical_path(tmp_path: Path) -> None:
    wrapper = native(tmp_path / "tool")
    link = tmp_path / "link"
    link.symlink_to(wrapper)
    command = prepare(program("true")).wrap_with(link, [CMDLINE])
    assert command.launch_program == str(wrapper)
    assert command.launch_args == [CMDLINE, command.bin]
    # The wrapper prints its own argv, and then the program as a file.
    shown = command.spawn_sync().stdout
    assert shown.startswith(f"{wrapper}\0{CMDLINE}\0{command.bin}\0".encode())

"""The file of a policy: whose it is, and who may write to it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from hosts import on_linux
from policies import assert_clear, write
from proc_jail import PolicyFileError, ProcPolicy


def in_folder(folder: Path, mode: int) -> Path:
    path = write(folder, "version = 1")
    folder.chmod(mode)
    return path


def fifo(folder: Path) -> Path:
    path = folder / "policy.toml"
    os.mkfifo(path, 0o600)
    return path


def link(folder: Path, *, hard: bool = False) -> Path:
    target = write(folder, "version = 1", "real.toml")
    path = folder / "policy.toml"
    if hard:
        path.hardlink_to(target)
    else:
        path.symlink_to(target)
    return path


def with_mode(folder: Path, mode: int) -> Path:
    path = write(folder, "version = 1")
    path.chmod(mode)
    return path


def of_somebody(folder: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    path = write(folder, "version = 1")
    os.chown(path, 12345, 12345)
    return path


def as_folder(folder: Path) -> Path:
    path = folder / "policy.toml"
    path.mkdir()
    return path


def dangling(folder: Path) -> Path:
    path = folder / "policy.toml"
    path.symlink_to("nowhere")
    return path


FILES: dict[str, tuple[Callable[[Path], Path | str], str]] = {
    "symbolic link": (link, "is a symbolic link"),
    "dangling link": (dangling, "is a symbolic link"),
    "group may write": (lambda f: with_mode(f, 0o660), "chmod go-w"),
    "others may write": (lambda f: with_mode(f, 0o602), "chmod go-w"),
    "all may write": (lambda f: with_mode(f, 0o666), "(mode 0666)"),
    "folder of all": (lambda f: in_folder(f, 0o777), "(mode 0777)"),
    "another user's": (of_somebody, "belongs to the user 12345"),
    "fifo": (fifo, "is not a regular file"),
    "directory": (as_folder, "is not a regular file"),
    "missing": (lambda f: f / "no.toml", "No such file"),
    "missing folder": (lambda f: f / "no" / "p.toml", "No such file"),
    "file as a folder": (
        lambda f: write(f, "") / "p.toml",
        "Not a directory",
    ),
    "no suffix": (lambda f: write(f, "", "policy"), ".toml nor .json"),
    "other suffix": (lambda f: write(f, "", "p.yaml"), ".toml nor .json"),
    "suffix only": (lambda f: write(f, "", ".toml"), ".toml nor .json"),
    "long name": (lambda f: f / ("a" * 300 + ".toml"), "cannot be read"),
    "NUL": (lambda f: f"{f}/a\0.toml", "cannot be read"),
    "surrogate": (lambda f: f"{f}/\ud800.toml", "cannot be read"),
    "empty": (lambda f: "", ".toml nor .json"),
    "control characters": (lambda f: f / "a\n\x1b.toml", "No such file"),
}


@pytest.mark.parametrize("name", FILES)
def test_hostile_files(name: str, tmp_path: Path) -> None:
    make, told = FILES[name]
    path = make(tmp_path)
    try:
        with pytest.raises(PolicyFileError) as caught:
            ProcPolicy.from_file(path)
    finally:
        tmp_path.chmod(0o700)
    assert_clear(caught.value)
    assert told in caught.value.reason
    assert caught.value.path == os.fspath(path)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o644, 0o755])
def test_modes_that_are_fine(mode: int, tmp_path: Path) -> None:
    ProcPolicy.from_file(with_mode(tmp_path, mode))


def test_a_sticky_folder_is_fine(tmp_path: Path) -> None:
    """As /tmp is: others cannot replace a file of mine there."""
    ProcPolicy.from_file(in_folder(tmp_path, 0o1777))
    tmp_path.chmod(0o700)


def test_a_hard_link_is_the_file_itself(tmp_path: Path) -> None:
    ProcPolicy.from_file(link(tmp_path, hard=True))


def test_a_link_on_the_way_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "real", "version = 1")
    ProcPolicy.from_file(tmp_path / "link" / "policy.toml")


@on_linux
def test_a_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    ProcPolicy.from_file(in_folder(tmp_path, 0o300))
    tmp_path.chmod(0o700)


def test_what_was_checked_is_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that takes the place of another after the check is not read."""
    path = write(tmp_path, "version = 1")
    real = os.fstat

    def swap(fd: int) -> os.stat_result:
        found = real(fd)
        if not stat.S_ISREG(found.st_mode):
            return found
        other = write(tmp_path, "bogus = 1", "other")
        other.chmod(0o666)
        other.replace(path)
        return found

    monkeypatch.setattr(os, "fstat", swap)
    ProcPolicy.from_file(path)

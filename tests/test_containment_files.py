"""Roots: reading, writing and executing out of bounds, and its tricks."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from containment import (
    ROOT,
    Outcome,
    assert_stopped,
    attack,
    escaped,
    folder,
    in_host,
    loader,
    needs_root,
    run_here,
    uids,
)
from proc_jail import Output, Sandbox, Tree


@dataclass(frozen=True)
class Field:
    """Three directories of one user: to read, to write, and out of bounds.

    `read` has a file `own`, `out` has `secret`; each has user.there.
    """

    uid: int
    read: Path
    write: Path
    out: Path

    @property
    def strict(self) -> Sandbox:
        return Sandbox.strict().read(self.read).write(self.write)

    def run(
        self, sandbox: Sandbox, name: str, *args: object
    ) -> Outcome[Output]:
        return in_host(
            self.uid, lambda: run_here(sandbox, attack(name), *args)
        )

    def compare(
        self, sandbox: Sandbox, name: str, *args: object, maybe: str = ""
    ) -> None:
        """It gets through without containment, and not with it."""
        with open(self.read / "own", "rb") as file:
            before = file.read(), os.fstat(file.fileno()).st_mode
        assert_stopped(self.run(sandbox, name, *args))
        with open(self.read / "own", "rb") as file:
            assert before == (file.read(), os.fstat(file.fileno()).st_mode)
        control = self.run(Sandbox.compat(), name, *args)
        if maybe and not escaped(control):
            pytest.skip(f"{maybe}: {control.get().stdout_string().strip()}")
        assert escaped(control), control


def make_field(uid: int, path: Path) -> Field:
    for name, file in (("read", "own"), ("write", "mine"), ("out", "secret")):
        (path / name).mkdir()
        (path / name / file).write_text(name)
        os.setxattr(path / name / file, "user.there", b"x")
        if os.geteuid() == 0:
            os.chown(path / name, uid, uid)
            os.chown(path / name / file, uid, uid)
    return Field(uid, path / "read", path / "write", path / "out")


@pytest.fixture
def ground(uid: int) -> Iterator[Field]:
    with folder(uid) as path:
        yield make_field(uid, path)


# ----------------------------------------------------------------- reading


@uids
@pytest.mark.parametrize("how", ["read", "path"])
def test_no_read_out_of_roots(ground: Field, how: str) -> None:
    ground.compare(ground.strict, "open_file", how, ground.out / "secret")
    ground.compare(
        Sandbox().read(ground.read), "open_file", how, ground.out / "secret"
    )


@uids
def test_no_list_out_of_roots(ground: Field) -> None:
    ground.compare(ground.strict, "open_file", "dir", ground.out)


@uids
def test_write_root_does_not_grant_reading(ground: Field) -> None:
    mine = ground.write / "mine"
    ground.compare(ground.strict, "open_file", "read", mine)
    ground.compare(ground.strict, "open_file", "dir", ground.write)
    assert escaped(ground.run(ground.strict, "open_file", "append", mine))


@uids
def test_roots_grant_what_they_say(ground: Field) -> None:
    strict = ground.strict
    assert escaped(
        ground.run(strict, "open_file", "read", ground.read / "own")
    )
    assert escaped(ground.run(strict, "open_file", "dir", ground.read))
    assert escaped(
        ground.run(strict, "open_file", "create", ground.write / "new")
    )
    assert escaped(
        ground.run(strict, "tree", "unlink", "x", ground.write / "new")
    )


@uids
def test_symlink_leads_nowhere(ground: Field) -> None:
    link = ground.read / "link"
    link.symlink_to(ground.out / "secret")
    ground.compare(ground.strict, "open_file", "read", link)


@uids
@pytest.mark.parametrize(
    "path", ["/proc/self/root{}", "/proc/self/cwd/..{}", "/proc/1/root{}"]
)
def test_proc_leads_nowhere(ground: Field, path: str) -> None:
    ground.compare(
        ground.strict,
        "open_file",
        "read",
        path.format(ground.out / "secret"),
        maybe="closed to this user",
    )


@uids
@pytest.mark.parametrize("name", ["maps", "environ", "mem", "status"])
def test_proc_self_is_no_root(ground: Field, name: str) -> None:
    """/proc/self of the rule's maker would be the host's."""
    ground.compare(
        ground.strict,
        "open_file",
        "dir" if name == "mem" else "read",
        "/proc/self/fd" if name == "mem" else f"/proc/self/{name}",
    )


@needs_root
@pytest.mark.parametrize("uid", [0])
def test_no_device_nodes_where_files_may_be_made(ground: Field) -> None:
    """The capability to make them is not taken away by default."""
    maybe = "none can be made here"
    for number, sandbox in enumerate(
        (
            ground.strict,
            Sandbox().write(ground.write),
            Sandbox.compat().write(ground.write),
        )
    ):
        node = ground.write / f"node{number}"
        ground.compare(sandbox, "open_file", "node", node, maybe=maybe)


@uids
def test_nothing_is_noticed_out_of_roots(ground: Field) -> None:
    ground.compare(ground.strict, "peek", "watch", ground.out)


@uids
def test_no_mounts_are_told(ground: Field) -> None:
    maybe = "no listmount in this kernel"
    for sandbox in (ground.strict, Sandbox().read(ground.read)):
        ground.compare(sandbox, "peek", "mounts", "x", maybe=maybe)


@uids
def test_no_lease_holds_up_the_host(ground: Field) -> None:
    """Whoever opens the file for writing would wait for the command."""
    for sandbox in (
        ground.strict,
        Sandbox().read(ground.read),
        Sandbox().write(ground.write),
        Sandbox.compat().write(ground.write),
    ):
        ground.compare(sandbox, "peek", "lease", ground.read / "own")


@uids
def test_no_exclusive_lock_where_nothing_is_written(ground: Field) -> None:
    """Programs that write take them; the kernel cannot tell on what."""
    own = ground.read / "own"
    reading = Sandbox.strict().read(ground.read)
    ground.compare(reading, "peek", "lock", own)
    assert escaped(ground.run(reading, "peek", "share", own))
    assert escaped(ground.run(ground.strict, "peek", "lock", own))
    assert escaped(
        ground.run(Sandbox().read(ground.read), "peek", "lock", own)
    )


@uids
@pytest.mark.parametrize("how", ["shm", "mq", "make"])
def test_no_objects_of_the_host(ground: Field, how: str) -> None:
    """They are in no directory, so no root covers them."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    name = f"/proc_jail-{os.getpid()}".encode()

    def work(sandbox: Sandbox) -> Callable[[], Output]:
        def run() -> Output:
            if how == "mq":
                queue = libc.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, None)
                assert queue >= 0
                try:
                    return run_here(
                        sandbox, attack("ipc"), "mq", name.decode()
                    )
                finally:
                    libc.mq_unlink(name)
            number = libc.shmget(0, 4096, 0o1600)
            assert number >= 0
            try:
                ctypes.memmove(libc.shmat(number, None, 0), b"secret\0", 7)
                return run_here(sandbox, attack("ipc"), how, number)
            finally:
                libc.shmctl(number, 0, None)

        return run

    assert escaped(in_host(ground.uid, work(Sandbox.compat())))
    assert_stopped(in_host(ground.uid, work(ground.strict)))


# ----------------------------------------------------------------- writing

OPENS = ["write", "append", "trunc", "reopen"]


@uids
@pytest.mark.parametrize("how", OPENS)
def test_no_write_out_of_roots(ground: Field, how: str) -> None:
    own = ground.read / "own"
    for sandbox in (ground.strict, Sandbox().write(ground.write)):
        own.write_text("read")
        ground.compare(sandbox, "open_file", how, own)


@uids
@pytest.mark.parametrize("how", ["create", "tmpfile"])
def test_no_file_out_of_roots(ground: Field, how: str) -> None:
    path = ground.read / "new" if how == "create" else ground.read
    ground.compare(ground.strict, "open_file", how, path)


@uids
@pytest.mark.parametrize(
    "how", ["rename", "exchange", "link", "symlink", "mkdir", "fifo"]
)
def test_no_change_of_a_tree_out_of_roots(ground: Field, how: str) -> None:
    """From a place that may be written into one that may not."""
    target = ground.read / ("own" if how == "exchange" else "new")
    before = sorted(os.listdir(ground.read))
    arguments = "tree", how, ground.write / "mine", target
    assert_stopped(ground.run(ground.strict, *arguments))
    assert sorted(os.listdir(ground.read)) == before
    assert escaped(ground.run(Sandbox.compat(), *arguments))


@uids
@pytest.mark.parametrize("how", ["truncate", "unlink", "rename"])
def test_no_file_is_lost_out_of_roots(ground: Field, how: str) -> None:
    own, aside = ground.read / "own", ground.write / "aside"
    pair = (own, aside) if how == "rename" else ("x", own)
    assert_stopped(ground.run(ground.strict, "tree", how, *pair))
    assert own.read_text() == "read"
    assert escaped(ground.run(Sandbox.compat(), "tree", how, *pair))


@uids
def test_hard_link_into_a_write_root_gains_nothing(ground: Field) -> None:
    ground.compare(
        ground.strict,
        "tree",
        "link-write",
        ground.read / "own",
        ground.write / "linked",
    )


METADATA = [
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "lchown",
    "fchown",
    "fchownat",
    "utime",
    "utimes",
    "utimensat",
    "futimens",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setxattrat",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "removexattrat",
    "FS_IOC_SETFLAGS",
    "FS_IOC_FSSETXATTR",
    "FS_IOC_SETVERSION",
    "EXT4_IOC_SETVERSION",
    "file_setattr",
]


@uids
@pytest.mark.parametrize("how", METADATA)
def test_no_change_of_metadata(ground: Field, how: str) -> None:
    own = ground.read / "own"
    maybe = "not in this kernel or file system"
    for sandbox in (
        ground.strict,
        # It reads everywhere, and writes in its root only.
        Sandbox().write(ground.write),
        Sandbox.compat().write(ground.write),
    ):
        assert_stopped(ground.run(sandbox, "metadata", how, own))
    control = ground.run(Sandbox.compat(), "metadata", how, own)
    if not escaped(control):
        pytest.skip(f"{maybe}: {control.get().stdout_string().strip()}")


@uids
def test_no_device_is_left_by_a_rename(ground: Field) -> None:
    """A whiteout is a character device that takes no capability."""
    mine, moved = ground.write / "mine", ground.write / "moved"
    arguments = "tree", "whiteout", mine, moved
    for sandbox in (
        Sandbox(),
        ground.strict,
        Sandbox.compat().write(ground.write),
    ):
        assert_stopped(ground.run(sandbox, *arguments))
        assert mine.is_file()
    plain = "tree", "exchange", mine, ground.write / "mine"
    assert escaped(ground.run(ground.strict, *plain))
    control = ground.run(Sandbox.compat(), *arguments)
    if not escaped(control):
        pytest.skip("no whiteouts in this file system")
    assert mine.is_char_device()


@pytest.fixture
def btrfs() -> Iterator[Path]:
    """A file system of that kind, in a file."""
    if not ROOT or shutil.which("mkfs.btrfs") is None:
        pytest.skip("needs root and mkfs.btrfs")
    with folder(0) as path:
        path.chmod(0o755)
        image, mount = path / "image", path / "mount"
        mount.mkdir()
        with open(image, "wb") as file:
            file.truncate(128 << 20)
        subprocess.run(["mkfs.btrfs", "-q", image], check=True)
        command = ["mount", "-o", "loop", str(image), str(mount)]
        if subprocess.run(command, check=False).returncode != 0:
            pytest.skip("no loop devices or no btrfs here")
        try:
            yield mount
        finally:
            subprocess.run(["umount", mount], check=True)


@uids
def test_no_subvolume_out_of_roots(uid: int, btrfs: Path) -> None:
    os.chown(btrfs, uid, uid)
    ground = make_field(uid, btrfs)
    arguments = "metadata", "BTRFS_IOC_SUBVOL_CREATE", ground.read
    for sandbox in (ground.strict, Sandbox().write(ground.write)):
        assert_stopped(ground.run(sandbox, *arguments))
        assert not (ground.read / "evil").exists()
    assert escaped(ground.run(Sandbox.compat(), *arguments))
    assert (ground.read / "evil").is_dir()


@uids
def test_read_roots_alone_leave_writing(ground: Field) -> None:
    """Also across directories: nothing was said about writing."""
    sandbox = Sandbox().read(ground.read, ground.write)
    assert escaped(
        ground.run(sandbox, "open_file", "write", ground.out / "secret")
    )
    assert escaped(
        ground.run(
            sandbox,
            "tree",
            "rename",
            ground.write / "mine",
            ground.read / "moved",
        )
    )


@uids
def test_read_roots_alone_are_not_moved_into(ground: Field) -> None:
    """What may not be read cannot be brought to where it may."""
    sandbox = Sandbox().read(ground.read)
    for how in ("rename", "link"):
        assert_stopped(
            ground.run(
                sandbox,
                "tree",
                how,
                ground.out / "secret",
                ground.read / "taken",
            )
        )


@uids
def test_priorities_in_proc_are_out_of_roots(ground: Field) -> None:
    """Files of /proc that the kernel guards by user only."""

    def work(sandbox: Sandbox) -> Callable[[], Output]:
        return lambda: run_here(
            sandbox,
            attack("open_file"),
            "write",
            f"/proc/{os.getpid()}/oom_score_adj",
        )

    assert escaped(in_host(ground.uid, work(Sandbox.compat())))
    for sandbox in (ground.strict, Sandbox().write(ground.write)):
        assert_stopped(in_host(ground.uid, work(sandbox)))


# --------------------------------------------------------------- executing


@uids
def test_no_program_out_of_roots(ground: Field) -> None:
    program = attack("execute")
    other = ground.out / "program"
    other.write_bytes(Path(program).read_bytes())
    other.chmod(0o755)
    for sandbox in (
        ground.strict,
        Sandbox().execute(ground.read),
        # That it can be read does not make it run.
        ground.strict.read(ground.out),
    ):
        ground.compare(sandbox, "execute", "path", other)


@uids
def test_loader_runs_nothing_out_of_roots(ground: Field) -> None:
    other = ground.out / "program"
    other.write_bytes(Path(attack("execute")).read_bytes())
    for sandbox in (ground.strict, Sandbox().execute(ground.read)):
        ground.compare(sandbox, "execute", "loader", loader(), other)


@uids
def test_no_program_from_memory(ground: Field) -> None:
    for sandbox in (
        ground.strict,
        Sandbox().execute(ground.read),
        Sandbox.compat().execute(ground.read),
    ):
        ground.compare(sandbox, "execute", "memory")


UNSEALED = "before Linux 6.3 no memory file is sealed against execution"


@uids
def test_loader_runs_nothing_from_memory(ground: Field) -> None:
    for sandbox in (ground.strict, Sandbox().execute(ground.read)):
        ground.compare(sandbox, "execute", "sealed", loader(), maybe=UNSEALED)


@uids
def test_what_was_written_does_not_run(ground: Field) -> None:
    for number, sandbox in enumerate(
        (
            ground.strict,
            Sandbox().execute(ground.read),
            # Both may be written and read, and not executed.
            ground.strict.read(ground.write),
        )
    ):
        target = ground.write / f"evil{number}"
        ground.compare(sandbox, "execute", "copy", target)


@uids
def test_execute_root_runs(ground: Field) -> None:
    other = ground.read / "program"
    other.write_bytes(Path(attack("execute")).read_bytes())
    other.chmod(0o755)
    sandbox = Sandbox.strict().execute(ground.read)
    assert escaped(ground.run(sandbox, "execute", "path", other))


@uids
def test_roots_hold_in_a_namespace(ground: Field) -> None:
    sandbox = ground.strict.tree(Tree.PidNamespace)
    ground.compare(sandbox, "open_file", "read", ground.out / "secret")
    ground.compare(sandbox, "open_file", "write", ground.read / "own")

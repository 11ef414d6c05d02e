"""What the program finds when it starts."""

from __future__ import annotations

import errno
import os
import resource
import signal
from pathlib import Path

import pytest

from conftest import Build, policy_for, program, shell
from hosts import needs_proc, on_linux, run_host
from proc_jail import BinChanged, ProcPolicyBuilder, ProcRequest

pytestmark = needs_proc


def run(path: str, *args: str | bytes) -> str:
    return policy_for(path).run(path, args).check().stdout_string()


def status() -> dict[str, str]:
    """The child's /proc/self/status, as the child sees it."""
    lines = run(program("cat"), "/proc/self/status").splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def test_only_three_descriptors(helper: Build) -> None:
    inheritable = []
    for _ in range(200):
        fd = os.open("/etc/passwd", os.O_RDONLY)
        os.set_inheritable(fd, True)
        inheritable.append(fd)
    try:
        lines = run(helper("fds")).splitlines()
    finally:
        for fd in inheritable:
            os.close(fd)
    read_only, write_only = os.O_RDONLY, os.O_WRONLY
    assert lines == [
        f"0 1 {read_only}",
        f"1 1 {write_only}",
        f"2 1 {write_only}",
        "stray 0 first -1",
    ]


def test_standard_input_is_empty() -> None:
    assert run(program("cat")) == ""
    link = run(program("readlink"), "/proc/self/fd/0")
    assert link == "/dev/null\n"


def test_streams_are_pipes_of_their_own() -> None:
    script = "readlink /proc/self/fd/1; readlink /proc/self/fd/2"
    first, second = shell().run("/bin/sh", ["-c", script]).stdout.split()
    # readlink's own stdout is the leader's, inherited.
    assert first.startswith(b"pipe:")
    assert second.startswith(b"pipe:")
    assert first != second


def test_standard_streams_cannot_be_the_hosts() -> None:
    mine = {os.readlink(f"/proc/self/fd/{fd}") for fd in (0, 1, 2)}
    script = "readlink /proc/self/fd/1 /proc/self/fd/2"
    out = shell().run("/bin/sh", ["-c", script]).stdout_string().split()
    assert not mine & set(out)


def test_signals_are_default_whatever_the_host_does() -> None:
    ignored = [signal.SIGPIPE, signal.SIGUSR1, signal.SIGTERM, signal.SIGRTMAX]
    saved = [(n, signal.signal(n, signal.SIG_IGN)) for n in ignored]
    caught = signal.signal(signal.SIGUSR2, lambda *_: None)
    mask = signal.pthread_sigmask(
        signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGHUP, signal.SIGRTMIN]
    )
    try:
        state = status()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGUSR2, caught)
        for number, handler in saved:
            signal.signal(number, handler)
    for field in ("SigIgn", "SigBlk", "SigPnd", "ShdPnd", "SigCgt"):
        assert int(state[field], 16) == 0, (field, state[field])


@pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="has x86's number of the call"
)
@on_linux
def test_every_signal_ignored_by_the_host() -> None:
    """Also the two that glibc hides."""
    out = run_host(
        """
        action = (ctypes.c_ulong * 4)(1, 0, 0, 0)  # SIG_IGN, as the kernel
        for number in range(1, 65):
            if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
                assert ctypes.CDLL(None).syscall(
                    13, number, action, None, 8
                ) == 0
        with open("/proc/self/status") as file:
            ignored = [x for x in file if x.startswith("SigIgn")][0]
        assert int(ignored.split()[1], 16) == 2**64 - 1 - sum(
            1 << number - 1 for number in (9, 17, 19)
        ), ignored
        out = policy_for("/bin/cat").run("/bin/cat", ["/proc/self/status"])
        for line in out.stdout_string().splitlines():
            if line.startswith(("SigIgn", "SigBlk")):
                print(line.split()[1])
        """
    )
    assert out == "0000000000000000\n" * 2


def test_a_session_of_its_own(helper: Build) -> None:
    pid, session, group, tty = map(int, run(helper("ids")).split())
    assert pid == session == group
    assert session != os.getsid(0)
    assert tty == errno.ENXIO


def test_no_controlling_terminal_where_the_host_has_one(
    helper: Build,
) -> None:
    pid, fd = os.forkpty()
    if pid == 0:
        ids = helper("ids")
        out = policy_for(ids).run(ids, []).stdout
        code = 0 if out.split()[3] == b"%d" % errno.ENXIO else 1
        os.close(os.open("/dev/tty", os.O_RDWR))  # the host does have one
        os._exit(code)
    _, result = os.waitpid(pid, 0)
    os.close(fd)
    assert os.waitstatus_to_exitcode(result) == 0


def test_no_core_dump(helper: Build) -> None:
    core_soft, core_hard, files = map(int, run(helper("rlimits")).split())
    assert (core_soft, core_hard) == (0, 0)
    assert files == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@on_linux
def test_no_new_privileges() -> None:
    assert status()["NoNewPrivs"] == "1"
    own = Path("/proc/self/status").read_text()
    assert "NoNewPrivs:\t0" in own


def test_umask_is_the_hosts() -> None:
    old = os.umask(0o027)
    try:
        assert int(status()["Umask"], 8) == 0o027
    finally:
        os.umask(old)


def test_one_thread_and_no_timer_left() -> None:
    assert status()["Threads"] == "1"
    assert run(program("cat"), "/proc/self/timers") == ""


def test_working_directory(tmp_path: Path) -> None:
    pwd = program("pwd")
    policy = policy_for(pwd, None, lambda b: b.cwd(tmp_path))
    assert policy.run(pwd, []).stdout_string() == f"{tmp_path}\n"
    assert run(pwd) == "/tmp\n"


@on_linux
def test_the_directory_is_entered_by_descriptor(tmp_path: Path) -> None:
    """What was checked is entered, not what has taken its name since."""
    jail, moved = tmp_path / "jail", tmp_path / "moved"
    jail.mkdir()
    (jail / "mark").write_text("checked")
    cat = program("cat")
    policy = policy_for(cat, None, lambda b: b.cwd_jailed(jail))
    command = policy.prepare(ProcRequest(cat, ["mark"]))
    jail.rename(moved)
    jail.mkdir()
    (jail / "mark").write_text("swapped")
    assert command.spawn_sync().stdout == b"checked"


@on_linux
def test_a_link_put_in_the_directorys_place(tmp_path: Path) -> None:
    jail = tmp_path / "jail"
    jail.mkdir()
    pwd = program("pwd")
    policy = policy_for(pwd, None, lambda b: b.cwd_jailed(jail))
    command = policy.prepare(ProcRequest(pwd, []))
    jail.rename(tmp_path / "moved")
    jail.symlink_to("/etc")
    assert command.spawn_sync().stdout_string() == f"{tmp_path}/moved\n"


def copy_program(name: str, target: Path) -> str:
    target.write_bytes(Path(program(name)).read_bytes())
    target.chmod(0o755)
    return str(target)


def test_another_file_at_the_path_is_not_run(tmp_path: Path) -> None:
    """The descriptor is executed; whether or not the name still leads to
    the file, another one must never run."""
    path = copy_program("echo", tmp_path / "tool")
    command = policy_for(path).prepare(ProcRequest(path, ["checked"]))
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho swapped\n")
    other.chmod(0o755)
    other.rename(path)
    try:
        out = command.spawn_sync().stdout
    except BinChanged:
        return
    assert out == b"checked\n"


@pytest.mark.parametrize("how", ["write", "append", "chmod", "touch"])
def test_a_changed_file_is_not_run(tmp_path: Path, how: str) -> None:
    path = tmp_path / "tool"
    name = copy_program("echo", path)
    command = policy_for(name).prepare(ProcRequest(name, ["x"]))
    assert command.spawn_sync().stdout == b"x\n"
    if how == "write":
        path.write_bytes(Path(program("true")).read_bytes())
    elif how == "append":
        with path.open("ab") as file:
            file.write(b"\0")
    elif how == "chmod":
        path.chmod(0o700)
    else:
        os.utime(path, (1, 1))
    with pytest.raises(BinChanged):
        command.spawn_sync()


def test_a_changed_script_is_not_run(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\necho checked\n")
    script.chmod(0o755)
    policy = policy_for(
        str(script), None, ProcPolicyBuilder.allow_risky_binaries
    )
    command = policy.prepare(ProcRequest(script, []))
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho swapped\n")
    other.chmod(0o755)
    other.rename(script)
    with pytest.raises(BinChanged):
        command.spawn_sync()


def test_the_environment_is_exactly_as_told(tmp_path: Path) -> None:
    cat = program("cat")
    wanted = {"B": "two words", "A": "", "C": "a=b", "D": "\udcff\xe9"}
    policy = policy_for(cat, None, lambda b: b.env_fixed(wanted))
    out = policy.run(cat, ["/proc/self/environ"]).stdout
    pairs = dict(
        os.fsdecode(item).split("=", 1) for item in out.split(b"\0")[:-1]
    )
    assert pairs == wanted


def test_an_empty_environment_is_empty() -> None:
    os.environ["PJ_TEST_SECRET"] = "1"
    try:
        assert run(program("cat"), "/proc/self/environ") == ""
    finally:
        del os.environ["PJ_TEST_SECRET"]


def test_arguments_round_trip(helper: Build) -> None:
    args = helper("args")
    tokens = [
        b"\xff\xfe",
        "\udc80 sur\xe9".encode("utf-8", "surrogateescape"),
        b"",
        b" ",
        b"*?[a]",
        b"$(id);`id`\n'\"\\",
        bytes(range(1, 256)),
    ]
    command = policy_for(args).prepare(ProcRequest(args, tokens))
    output = command.spawn_sync()
    assert output.stdout.split(b"\0")[:-1] == [os.fsencode(args), *tokens]
    assert [os.fsencode(word) for word in output.args[1:]] == tokens


def test_parent_is_the_host() -> None:
    assert int(status()["PPid"]) == os.getpid()

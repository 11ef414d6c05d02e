"""Files of the kernel: a write there commands the system, or the host.

They are in /proc, in sysfs and in cgroups, wherever those are mounted. The
default leaves all other files as the user has them.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from conftest import children, needs_landlock, program, shell
from containment import (
    Outcome,
    assert_stopped,
    attack,
    become,
    escaped,
    folder,
    in_host,
    needs_root,
    run_here,
    sweep,
    uids,
)
from proc_jail import Output, Sandbox, Tree

PRESETS: dict[str, Callable[[], Sandbox | None]] = {
    "default": lambda: None,
    "namespace": lambda: Sandbox().tree(Tree.PidNamespace),
    "strict": Sandbox.strict,
    "totals": lambda: Sandbox().max_processes(10000),
}
presets = pytest.mark.parametrize("preset", PRESETS)

# What is written, where that changes nothing, or nothing of weight.
FILES = {
    "/proc/{host}/oom_score_adj": "500",
    "/proc/{host}/autogroup": "",
    "/proc/{host}/coredump_filter": "0x33",
    "/proc/{host}/clear_refs": "1",
    "/proc/{host}/sched": "",
    "/proc/{host}/timerslack_ns": "",
    "/proc/{host}/comm": "name",
    "/proc/{host}/task/{host}/comm": "name",
    "/proc/sys/kernel/core_pattern": "",
    "/proc/sys/kernel/ns_last_pid": "",
    "/proc/sysrq-trigger": "",
    "/sys/kernel/rcu_expedited": "",
    "/sys/kernel/mm/transparent_hugepage/enabled": "",
}


def attempt(
    uid: int, sandbox: Sandbox | None, path: str, *text: str
) -> Outcome[Output]:
    """Open a file of the host for writing, and write the text if any."""

    def work() -> Output:
        real = path.format(host=os.getpid())
        return run_here(sandbox, attack("kernel_file"), "write", real, *text)

    return in_host(uid, work)


@uids
@presets
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.strip("/"))
def test_kernel_files_are_not_written(
    path: str, preset: str, uid: int
) -> None:
    text = [FILES[path]] if FILES[path] else []
    control = attempt(uid, Sandbox.compat(), path, *text)
    if not escaped(control) and (uid != 0 or not os.path.exists(path)):
        pytest.skip(f"not here: {control.get().stdout_string().strip()}")
    assert escaped(control), control
    assert_stopped(attempt(uid, PRESETS[preset](), path, *text))


@needs_landlock
@uids
def test_nobody_chooses_whom_the_memory_killer_takes(uid: int) -> None:
    def work() -> int:
        path = f"/proc/{os.getpid()}/oom_score_adj"
        run_here(None, attack("kernel_file"), "write", path, "1000")
        return int(Path(path).read_text()) + 1

    now = int(Path("/proc/self/oom_score_adj").read_text())
    assert in_host(uid, work).get() == now + 1


# ----------------------------------------------------- mounts anywhere


def mount(*args: object) -> None:
    done = subprocess.run(
        ["mount", *map(str, args)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"mount: {done.stderr.decode().strip()}")


@contextmanager
def mounted(target: Path, *args: object) -> Iterator[Path]:
    """Mount something, and take it away again."""
    mount(*args, target)
    try:
        yield target
    finally:
        subprocess.run(["umount", "-l", target], check=True)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with parts of /proc, under names that need escapes."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with folder(0) as path:
        path.chmod(0o777)
        part = path / "a part\\of"
        part.mkdir()
        (path / "one\tfile").touch()
        (path / "free").mkdir()
        (path / "free").chmod(0o777)
        (path / "free/file").touch()
        (path / "free/file").chmod(0o666)
        with mounted(part, "--bind", "/proc/sys/kernel"):
            with mounted(
                path / "one\tfile", "--bind", "/proc/sys/kernel/hostname"
            ):
                yield path


INSIDE = ["a part\\of/hostname", "one\tfile"]


@needs_root
@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("preset", [*PRESETS, "root", "strict root"])
def test_parts_that_are_mounted_elsewhere(
    place: Path, name: str, preset: str
) -> None:
    roots = {
        "root": Sandbox().write(place),
        "strict root": Sandbox.strict().write(place),
    }
    sandbox = roots[preset] if preset in roots else PRESETS[preset]()
    target = str(place / name)
    assert escaped(attempt(0, Sandbox.compat(), target))
    assert_stopped(attempt(0, sandbox, target))


@needs_root
@pytest.mark.parametrize("preset", ["default", "root", "strict"])
def test_what_stands_beside_them_is_free(place: Path, preset: str) -> None:
    sandbox = {
        "default": None,
        "root": Sandbox().write(place),
        "strict": Sandbox.strict().write(place),
    }[preset]
    assert escaped(attempt(0, sandbox, str(place / "free/file"), "x"))
    outcome = in_host(
        0,
        lambda: run_here(
            sandbox, attack("open_file"), "create", place / "free/new"
        ),
    )
    assert escaped(outcome)


@needs_root
def test_a_root_inside_is_what_its_owner_says() -> None:
    target = "/proc/sys/kernel/hostname"
    for root in (target, "/proc/sys/kernel", "/proc"):
        assert escaped(attempt(0, Sandbox().write(root), target))
        strict = Sandbox.strict().write(root)
        assert escaped(attempt(0, strict, target))
        assert_stopped(attempt(0, strict, "/sys/kernel/rcu_expedited"))


NO_PROC = """
import os, sys
from containment import attack, in_host, run_here
from proc_jail import Sandbox
assert not os.path.exists("/proc/self")
def work(sandbox):
    path = f"{sys.argv[1]}/{os.getpid()}/oom_score_adj"
    return run_here(sandbox, sys.argv[2], "write", path, "500").stdout
print(work(Sandbox.compat()), work(None), work(Sandbox.strict()))
"""


@needs_landlock
@needs_root
def test_where_the_kernel_does_not_tell_of_mounts() -> None:
    """Without /proc the file systems tell themselves what they are."""
    where = next(p for p in ("/srv", "/media", "/opt") if os.path.isdir(p))
    script = f"mount -t proc none {where} && umount -l /proc && " + (
        'exec "$@"'
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [
            *("unshare", "-m", "--propagation", "private", "sh", "-c"),
            *(script, "sh", sys.executable, "-c", NO_PROC),
            *(where, attack("kernel_file")),
        ],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    first, *others = done.stdout.split(" b")
    assert first == "b'ESCAPED\\n'"
    assert all("errno 13" in other for other in others), others


# -------------------------------------------------------------- cgroups


@pytest.fixture
def cgroups(uid: int) -> Iterator[Path]:
    """A cgroup that was delegated to the user, with two leaves."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    top = Path(tempfile.mkdtemp(prefix="cgroups-"))
    top.chmod(0o755)
    try:
        with mounted(top, "-t", "cgroup2", "none"):
            parent = top / f"proc_jail_test.{os.getpid()}"
            leaves = [parent / "host", parent / "other"]
            parent.mkdir()
            for leaf in leaves:
                leaf.mkdir()
            for file in [parent, *parent.rglob("*")]:
                os.chown(file, uid, uid)
            try:
                yield parent
            finally:
                for leaf in leaves:
                    leaf.rmdir()
                parent.rmdir()
    finally:
        top.rmdir()


def in_cgroup(uid: int, group: Path, work: Callable[[], bool]) -> str:
    """Do it in a host that is in this cgroup; how the host ended."""
    known = children()
    pid = os.fork()
    if pid == 0:
        status = 2
        with suppress(BaseException):
            (group / "cgroup.procs").write_text("0")
            become(uid)
            status = 0 if work() else 1
        os._exit(status)
    _, status = os.waitpid(pid, 0)
    sweep(known)
    if os.WIFSIGNALED(status):
        return f"killed by {os.WTERMSIG(status)}"
    return ["ESCAPED", "stopped", "failed"][os.WEXITSTATUS(status)]


# Freezing is only opened: nobody would thaw the host.
GROUP_FILES = {
    "host/cgroup.kill": "1",
    "host/cgroup.freeze": "",
    "host/cgroup.max.descendants": "max",
    "other/cgroup.procs": "0",
}


@needs_landlock
@uids
@presets
@pytest.mark.parametrize("name", GROUP_FILES)
def test_no_cgroup_is_commanded(
    cgroups: Path, name: str, preset: str, uid: int
) -> None:
    text = [GROUP_FILES[name]] if GROUP_FILES[name] else []
    words = [attack("kernel_file"), "write", str(cgroups / name), *text]

    def work(sandbox: Sandbox | None) -> Callable[[], bool]:
        return lambda: run_here(sandbox, *words).stdout == b"ESCAPED\n"

    control = in_cgroup(uid, cgroups / "host", work(Sandbox.compat()))
    killed = f"killed by {int(signal.SIGKILL)}"
    if name == "other/cgroup.procs" and control == "stopped":
        pytest.skip("the kernel lets this user move nobody")
    assert control == (killed if "kill" in name else "ESCAPED")
    held = in_cgroup(uid, cgroups / "host", work(PRESETS[preset]()))
    assert held == "stopped"


# ------------------------------------- what goes on, and what does not

BASH = """
echo out >/dev/stdout
echo err >/dev/stderr
cat <(echo from) <(echo two)
echo to > >(cat)
echo fd >/dev/fd/1
cat <<<here
echo null >/dev/null
echo own >"$0" && cat "$0"
wait
"""


@uids
@pytest.mark.parametrize("preset", ["default", "namespace"])
def test_everyday_ways_to_write_go_on(preset: str, uid: int) -> None:
    bash = program("bash")
    with folder(uid) as path:
        output = in_host(
            uid,
            lambda: run_here(
                PRESETS[preset](),
                bash,
                "-c",
                BASH,
                path / "own",
                flags=["-c"],
                cwd=path,
            ),
        ).get()
    words = output.stdout_string().split()
    assert set(words) == {"out", "from", "two", "to", "fd", "here", "own"}
    assert output.stderr_string() == "err\n"


PTY = """
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    with open("/dev/tty", "w") as tty:
        tty.write("tty")
    with open(os.ttyname(1), "w") as tty:
        tty.write("name")
    os._exit(0)
got = b""
try:
    while b"ttyname" not in got:
        got += os.read(fd, 99)
except OSError:
    pass
print(got)
"""


def test_terminals_go_on() -> None:
    """In a namespace, where a program may have a session of its own."""
    sandbox = Sandbox().tree(Tree.PidNamespace)
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None or not os.path.exists("/dev/ptmx"):
        pytest.skip("needs python3 and ptys")
    for one in (Sandbox.compat().tree(Tree.PidNamespace), sandbox):
        output = run_here(one, python, "-c", PTY, flags=["-c"])
        assert output.stdout == b"b'ttyname'\n", output.stderr


def own_files(place: Path) -> dict[str, str]:
    """What the default takes away, as a command that would do it."""
    return {
        "the name of another thread": "echo x >/proc/self/task/$$/comm",
        "its own place at the memory killer": (
            "echo 500 >/proc/$$/oom_score_adj"
        ),
        "what its core would hold": "echo 0x33 >/proc/$$/coredump_filter",
        "a new file in /": ": >/proc_jail_test && rm /proc_jail_test",
        "a new file beside such a mount": f": >{place}/new",
        "a directory beside such a mount": (
            f"mkdir {place}/new && rmdir {place}/new"
        ),
        "what is removed beside such a mount": f"rmdir {place}/empty",
    }


@needs_landlock
@needs_root
@pytest.mark.parametrize("what", own_files(Path()))
def test_what_the_default_takes_away(place: Path, what: str) -> None:
    """SECURITY.md has this list, under the same heading."""
    script = own_files(place)[what]
    free = shell(lambda b: b.sandbox(Sandbox.compat()))
    held = shell()
    try:
        (place / "empty").mkdir()
        assert free.run("/bin/sh", ["-c", script]).success
        (place / "new").unlink(missing_ok=True)
        (place / "empty").mkdir(exist_ok=True)
        output = held.run("/bin/sh", ["-c", script])
        assert "Permission denied" in output.stderr_string()
        assert not (place / "new").exists()
        assert not Path("/proc_jail_test").exists()
    finally:
        Path("/proc_jail_test").unlink(missing_ok=True)


def test_own_name_can_be_set() -> None:
    """By prctl, which names the thread that calls."""
    code = "import ctypes\nassert ctypes.CDLL(None).prctl(15, b'me') == 0\n"
    code += "print(open('/proc/self/comm').read())"
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None:
        pytest.skip("needs python3")
    output = run_here(None, python, "-c", code, flags=["-c"])
    assert output.stdout_string().split() == ["me"], ctypes.get_errno()

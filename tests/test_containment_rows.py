"""The rows of SECURITY.md that the kernel enforces, by files and by calls.

A row is tried by a shell with everyday programs, and by a program that makes
the calls; by root and by another user; and the same attack gets through
where the control is not.  What has a test of its own elsewhere is not here
again.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import (
    LESSER,
    landlock_abi,
    needs_landlock,
    program,
    whole_kernel,
)
from containment import (
    LONER,
    NOBODY,
    Outcome,
    assert_stopped,
    attack,
    build,
    escaped,
    folder,
    in_host,
    loader,
    needs_root,
    run_here,
    uids,
)
from hosts import has_loopback
from proc_jail import (
    ArgRules,
    Network,
    Output,
    ProcPolicyBuilder,
    Sandbox,
    Tree,
)
from test_containment_files import Field, make_field
from test_containment_kernel import cgroups, in_cgroup

__all__ = ["cgroups"]

SECRET = ctypes.create_string_buffer(b"secret")
RLIMITS = {"cpu": 0, "fsize": 1, "data": 2, "nproc": 6, "nofile": 7, "as": 9}

Make = Callable[[Field], Sandbox]


def default(_: Field) -> Sandbox:
    return Sandbox()


def namespace(_: Field) -> Sandbox:
    return Sandbox().tree(Tree.PidNamespace)


def strict(field: Field) -> Sandbox:
    """With what a shell needs to run its programs."""
    return field.strict.execute("/bin", "/usr/bin", "/usr/sbin")


def reading(field: Field) -> Sandbox:
    return Sandbox.strict().read(field.read).execute("/bin", "/usr/bin")


def read_only(field: Field) -> Sandbox:
    return Sandbox().read(field.read)


def bare_reading(field: Field) -> Sandbox:
    return Sandbox.compat().read(field.read)


def writing(field: Field) -> Sandbox:
    return Sandbox().write(field.write, "/dev/null")


def bare_writing(field: Field) -> Sandbox:
    return Sandbox.compat().write(field.write, "/dev/null")


def executing(field: Field) -> Sandbox:
    roots = ("/bin", "/usr/bin")
    return Sandbox().execute(*roots).read(field.read, field.write)


def bare_executing(field: Field) -> Sandbox:
    roots = ("/bin", "/usr/bin")
    return Sandbox.compat().execute(*roots).read(field.read, field.write)


def deny(_: Field) -> Sandbox:
    return Sandbox().network(Network.Deny)


def bare_deny(_: Field) -> Sandbox:
    return Sandbox.compat().network(Network.Deny)


HOST = (default, namespace)
KERNEL = (default, namespace, strict)
READ = (strict, read_only, bare_reading)
WRITE = (strict, writing, bare_writing)
EXECUTE = (strict, executing, bare_executing)
DENY = (deny, bare_deny, strict)


def limited(change: Callable[[Sandbox], Sandbox]) -> tuple[Make, ...]:
    """The limit alone, and beside the default."""
    return (lambda _: change(Sandbox.compat()), lambda _: change(Sandbox()))


MEMORY = limited(lambda s: s.max_memory(1 << 28))
DATA = limited(lambda s: s.max_data(1 << 28))
SIZE = limited(lambda s: s.max_file_size(1 << 20))
OPEN = limited(lambda s: s.max_open_files(32))


@dataclass(frozen=True)
class Try:
    """One attack: a script of sh, or a call of attacks/rows.

    A call of another one of the attacks names it before a colon.

    The facts are variables of the script, and fields of the call's words.
    """

    text: str
    sandboxes: tuple[Make, ...]
    # Why the kernel may stop it by itself, for some users or everywhere.
    maybe: str = ""


NO_RIGHT = "the kernel refuses it to the user"

# A whiteout, which anybody can make, is no device; since Linux 6.12.118
# Landlock takes it for a file.
ONLY_ROOT = "only root makes device nodes"

FILES: dict[str, list[Try]] = {
    "session": [
        Try(
            "x=$(setsid sh -c 'echo out; exec sleep 100 >/dev/null 2>&1' &);"
            ' [ "$x" = out ]',
            (default, strict),
        ),
        Try(
            "bash -c 'set -m; sleep 100 >/dev/null 2>&1 &"
            " read -r _ _ _ _ group _ </proc/$!/stat; [ $group = $! ]'",
            (default,),
        ),
        Try(
            "/usr/bin/python3 -c 'import subprocess as s;"
            ' s.Popen(["sleep", "100"], stdout=s.DEVNULL, stderr=s.DEVNULL,'
            " start_new_session=True)'",
            (default,),
        ),
    ],
    "host": [
        Try(text, HOST)
        for text in (
            "cat /proc/$HOST/environ",
            "cp /proc/$HOST/auxv $WRITE/taken",
            "readlink /proc/$HOST/cwd",
            "readlink /proc/$HOST/fd/$FD",
            "ls -d /proc/$HOST/root/",
            "head -c 1 </proc/$HOST/fd/$FD",
            "dd if=/proc/$HOST/mem bs=1 count=6 skip=$ADDRESS | grep secret",
            "renice -n 19 -p $HOST",
            "taskset -cp 0 $HOST",
            "chrt -i -p 0 $HOST",
            "ionice -c 3 -p $HOST",
            "prlimit --pid $HOST --nofile=64",
        )
    ],
    "kernel files": [
        Try(text, KERNEL)
        for text in (
            "echo 500 >/proc/$HOST/oom_score_adj",
            "echo 500 | tee /proc/$HOST/oom_score_adj",
            "echo 500 | dd of=/proc/$HOST/oom_score_adj conv=notrunc",
            "echo 0x33 >/proc/self/root/proc/$HOST/coredump_filter",
            "cd /proc/$HOST && echo 1 >clear_refs",
            # What SECURITY.md says that the default takes away.
            "echo x >/proc/self/comm",
            "echo 500 >/proc/self/oom_score_adj",
            "echo 0x33 >/proc/self/coredump_filter",
            "echo 50000 >/proc/self/timerslack_ns",
            ": >>/proc/self/uid_map",
            ": >>/proc/self/mem",
        )
    ]
    + [
        # With what is there, so that the control changes nothing.
        Try(
            "p=/proc/sys/kernel/core_pattern; read -r old <$p;"
            ' echo "$old" >$p',
            KERNEL,
            NO_RIGHT,
        ),
        Try(": >/proc_jail_rows && rm /proc_jail_rows", KERNEL, NO_RIGHT),
    ],
    "filter": [
        Try(text, (default, strict), NO_RIGHT)
        for text in (
            "unshare -U true",
            "unshare -m true",
            "unshare -n true",
            "mount -t tmpfs none $WRITE && umount $WRITE",
            "mount --bind $READ $WRITE && umount $WRITE",
            "nsenter -t $HOST -m true",
            "/usr/sbin/chroot / true",
            "hostname $(hostname)",
            "dmesg",
        )
    ],
    "terminal": [Try("stty -F $TTY rows 7 cols 77", (default, bare_writing))],
    "device": [Try("mknod $WRITE/device c 1 3", WRITE, ONLY_ROOT)],
    "processor time": [Try("ulimit -t 1000000", (default, namespace))],
    "network": [
        Try(text, DENY)
        for text in (
            *(
                (
                    "bash -c 'exec 3<>/dev/tcp/127.0.0.1/$PORT'",
                    "bash -c 'echo >/dev/udp/127.0.0.1/$PORT'",
                )
                if has_loopback()
                else ()
            ),
            "/usr/bin/python3 -c 'import socket;"
            ' socket.socket(socket.AF_UNIX).connect("\\0$NAME")\'',
            "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0)"
            ' && connect(S, sockaddr_un("$OUT/socket")) || die\'',
        )
    ],
    "reading": [
        Try(text, READ)
        for text in (
            "cat $OUT/secret",
            "cp $OUT/secret $WRITE/taken",
            "read -r line <$OUT/secret || [ $line = out ]",
            "ls $OUT",
            "cd $OUT && cat secret",
            "cat /proc/self/root/$OUT/secret",
            "ln -s $OUT/secret $WRITE/link && cat $WRITE/link",
            "tar -cf - $OUT | cat | grep secret",
            "find $OUT -name secret | grep .",
            "cat /proc/self/mounts",
            "ipcrm -m $SHM",
            "ipcrm -q $MSG",
            "ipcrm -s $SEM",
        )
    ]
    + [
        Try(
            "unshare -Urm sh -c 'mount --bind $OUT $READ && cat $READ/secret'",
            READ,
            NO_RIGHT,
        )
    ],
    "writing": [
        Try(text, WRITE)
        for text in (
            "echo x >$READ/own",
            "echo x >>$READ/own",
            "cp $OUT/secret $READ/new",
            "mv $WRITE/mine $READ/own",
            "mv $READ/own $WRITE/moved",
            "rm -f $READ/own",
            "ln $WRITE/mine $READ/new",
            "ln -s $WRITE $READ/new",
            "mkdir $READ/new",
            "mkfifo $READ/new",
            "truncate -s 0 $READ/own",
            "dd if=/dev/zero of=$READ/own count=1",
            "sed -i s/r/x/ $READ/own",
            "echo x >/proc/self/root/$READ/own",
            "chmod 600 $READ/own",
            "chown $(id -u) $READ/own",
            "touch -r $OUT/secret $READ/own",
        )
    ]
    + [
        Try(
            "unshare -Urm sh -c"
            " 'mount --bind $WRITE $READ && echo x >$READ/own'",
            WRITE,
            NO_RIGHT,
        )
    ],
    "requests": [Try("chattr +A $READ/own", WRITE, "not in this file system")],
    "lock": [Try("flock -n $READ/own true", (reading,))],
    "execution": [
        Try(text, EXECUTE)
        for text in (
            "$OUT/program",
            "$LOADER $OUT/program",
            "$OUT/script",
            "cp /bin/true $WRITE/made && $WRITE/made",
            "ln -s $OUT/program $WRITE/link && $WRITE/link",
            "env $OUT/program",
        )
    ]
    + [
        Try(
            "unshare -Urm sh -c"
            " 'mount --bind $OUT /usr/bin && /usr/bin/program'",
            EXECUTE,
            NO_RIGHT,
        )
    ],
    "limits": [
        Try("head -c 2000000 /dev/zero >$WRITE/big", SIZE),
        Try("cp $OUT/big $WRITE/big", SIZE),
        Try("perl -e '$x = qq(a) x 600000000'", (*MEMORY, *DATA)),
        Try(
            "bash -c 'for i in {1..64}; do exec {fd}</dev/null || exit; done'",
            OPEN,
        ),
    ],
}

CALLS: dict[str, list[Try]] = {
    "host": [
        Try(text, HOST)
        for text in (
            "vm_write {HOST} {ADDRESS}",
            "mem_write {HOST} {ADDRESS}",
            "seize {HOST}",
            "set_attr {HOST}",
            "robust_list {HOST}",
            "io_group {HOST}",
            "io_user",
        )
    ]
    + [
        Try(text, HOST, NO_RIGHT)
        for text in (
            "kcmp {HOST}",
            "madvise {HOST} {ADDRESS}",
            "move_pages {HOST} {ADDRESS}",
            "migrate_pages {HOST}",
            "setns {HOST}",
            "namespace {HOST}",
            "core {HOST}",
        )
    ],
    "kernel files": [
        Try(f"{how} /proc/{{HOST}}/oom_score_adj", KERNEL)
        for how in ("openat2", "path", "root", "directory")
    ],
    "filter": [Try("vsock_high", (default, strict), "no vsock here")],
    "terminal": [Try("window_high", (default, bare_writing), "no ptys here")],
    "device": [
        Try("mknod {WRITE}/device", WRITE, ONLY_ROOT),
        Try("whiteout {WRITE}/mine {WRITE}/moved", (default, *WRITE)),
    ],
    "processor time": [Try("rlimit 0 1000000", (default, namespace))],
    "network": [
        Try("pair_high", DENY),
    ],
    "reading": [
        Try(text, READ)
        for text in (
            "semctl {SEM}",
            "msgrcv {MSG}",
            "shmctl {SHM}",
            "lease_high {READ}/own",
            "fanotify {OUT}",
        )
    ]
    + [Try("handle {OUT}/secret {READ}/own", READ, NO_RIGHT)],
    "writing": [
        Try(f"{how} {{READ}}/own", WRITE)
        for how in ("openat2", "path", "root", "directory", "hint")
    ]
    + [Try("link_path {READ}/own {WRITE}/link", WRITE)],
    "lock": [Try("flock_high {READ}/own", (reading,))],
    "execution": [
        Try("vfork {OUT}/program", EXECUTE),
        Try("descriptor {OUT}/program", EXECUTE),
    ],
    "limits": [
        Try("use: memory", (*MEMORY, *DATA)),
        Try("use: reserve", MEMORY),
        Try("use: segment", MEMORY),
        Try("use: memfd", MEMORY),
        Try("use: files", OPEN),
        Try("use: file {WRITE}/big", SIZE),
    ],
}


@contextmanager
def objects() -> Iterator[dict[str, object]]:
    """A segment, a queue with a message, semaphores: of System V."""
    libc = ctypes.CDLL(None, use_errno=True)
    shm = libc.shmget(0, 4096, 0o1600)
    msg = libc.msgget(0, 0o1600)
    sem = libc.semget(0, 1, 0o1600)
    try:
        assert min(shm, msg, sem) >= 0
        assert libc.msgsnd(msg, b"\1" + b"\0" * 15, 8, 0) == 0
        yield {"SHM": shm, "MSG": msg, "SEM": sem}
    finally:
        # They may have been removed, which is what the control shows.
        libc.shmctl(shm, 0, None)
        libc.msgctl(msg, 0, None)
        libc.semctl(sem, 0, 0)


@contextmanager
def facts(field: Field) -> Iterator[dict[str, object]]:
    """What an attack has to know; everything is the host's own."""
    os.setpgid(0, 0)
    name = f"proc_jail-rows-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as local,
        open(field.out / "secret") as file,
        objects() as made,
    ):
        abstract.bind("\0" + name)
        local.bind(str(field.out / "socket"))
        abstract.listen()
        local.listen()
        master, terminal = os.openpty()
        yield {
            **made,
            "HOST": os.getpid(),
            "ADDRESS": ctypes.addressof(SECRET),
            "FD": file.fileno(),
            "PORT": server.getsockname()[1],
            "NAME": name,
            "TTY": os.ttyname(terminal),
            "READ": field.read,
            "WRITE": field.write,
            "OUT": field.out,
            "LOADER": loader(),
        }
        os.close(terminal)
        os.close(master)


@contextmanager
def prepared(uid: int) -> Iterator[Field]:
    with folder(uid) as path:
        field = make_field(uid, path)
        target = field.out / "program"
        target.write_bytes(Path(program("true")).read_bytes())
        script = field.out / "script"
        script.write_text("#!/bin/sh\n")
        with open(field.out / "big", "wb") as big:
            big.truncate(1 << 21)
        for file in (target, script):
            file.chmod(0o755)
        yield field


def by_files(field: Field, sandbox: Sandbox, one: Try) -> Output:
    with facts(field) as known:
        env = {name: str(value) for name, value in known.items()}
        script = f"({one.text}) >/dev/null && echo ESCAPED || exit 1"
        # Programs that are given a program take no variables of the shell.
        for name in ("PORT", "NAME", "OUT"):
            if (
                "bash" in one.text
                or "python" in one.text
                or "perl" in one.text
            ):
                script = script.replace(f"${name}", env[name])
        return run_here(
            sandbox, "/bin/sh", "-c", script, flags=["-c"], env=env
        )


def by_calls(field: Field, sandbox: Sandbox, one: Try) -> Output:
    with facts(field) as known:
        name, colon, text = one.text.rpartition(": ")
        words = text.format(**known).split()
        path = attack(name if colon else "rows")
        return run_here(sandbox, path, *words)


Attack = Callable[[Field, Sandbox, Try], Output]


def run(
    uid: int, one: Try, how: Attack, makes: Iterable[Make]
) -> Outcome[list[Output]]:
    """By one host, with new files and objects for each sandbox."""

    def work() -> list[Output]:
        outputs = []
        for make in makes:
            with prepared(uid) as field:
                outputs.append(how(field, make(field), one))
        return outputs

    return in_host(uid, work)


def all_of(table: dict[str, list[Try]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("row", "one"),
        [
            pytest.param(row, one, id=f"{row}: {one.text}".replace("/", "."))
            for row, tries in table.items()
            for one in tries
        ],
    )


def skip_what_is_not_installed(control: Output) -> None:
    if control.stderr.endswith(b"not found\n"):
        pytest.skip(control.stderr_string().strip())


# What no filter holds, and without which control it gets through.
OF_LANDLOCK = {
    "host": "host_shield",
    "kernel files": "host_shield",
    "device": "write_roots",
    "reading": "read_roots",
    "writing": "write_roots",
    "execution": "execute_roots",
}


def compare(uid: int, row: str, one: Try, how: Attack) -> None:
    control = run(uid, one, how, [lambda _: Sandbox.compat()]).get()[0]
    skip_what_is_not_installed(control)
    if one.maybe and control.stdout != b"ESCAPED\n":
        told = control.stdout_string() + control.stderr_string()
        pytest.skip(f"{one.maybe}: {told.strip()}")
    assert control.stdout == b"ESCAPED\n", control.stderr
    held = run(uid, one, how, one.sandboxes)
    for output in held.get():
        if OF_LANDLOCK.get(row) in output.sandbox.missing and LESSER:
            continue
        assert_stopped(Outcome(output, survivors=held.survivors))


@uids
@all_of(FILES)
def test_rows_by_files(uid: int, row: str, one: Try) -> None:
    compare(uid, row, one, by_files)


@uids
@all_of(CALLS)
def test_rows_by_calls(uid: int, row: str, one: Try) -> None:
    compare(uid, row, one, by_calls)


# ------------------------------------------- a network device of the user's

TUNSETIFF, TUNSETPERSIST, TUNSETOWNER = 0x400454CA, 0x400454CB, 0x400454CC


@contextmanager
def tap(uid: int) -> Iterator[str]:
    """A device that root has given to the user, as for virtual machines."""
    name = "pj-test0"
    flags = 0x1002  # IFF_TAP, IFF_NO_PI
    try:
        fd = os.open("/dev/net/tun", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"no such devices here: {error}")
    try:
        request = struct.pack("16sH22x", name.encode(), flags)
        fcntl.ioctl(fd, TUNSETIFF, request)
        fcntl.ioctl(fd, TUNSETOWNER, uid)
        fcntl.ioctl(fd, TUNSETPERSIST, 1)
        os.close(fd)
        try:
            yield name
        finally:
            fd = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(fd, TUNSETIFF, request)
            fcntl.ioctl(fd, TUNSETPERSIST, 0)
    finally:
        os.close(fd)


# Python, as no program of every system does it.
TAKE = (
    "/usr/bin/python3 -c 'import fcntl, os, struct;"
    ' fd = os.open("/dev/net/tun", os.O_RDWR);'
    " fcntl.ioctl(fd, 0x400454CA,"
    ' struct.pack("16sH22x", b"{device}", 0x1002))\''
)


@needs_root
@pytest.mark.parametrize("uid", [0, NOBODY])
@pytest.mark.parametrize("make", DENY)
@pytest.mark.parametrize("how", ["files", "calls"])
def test_no_network_by_a_device(how: str, make: Make, uid: int) -> None:
    """Whatever is written to it is a frame on the host's network."""

    def work(sandbox: Sandbox) -> Callable[[], Output]:
        if how == "calls":
            return lambda: run_here(sandbox, attack("rows"), "tun", device)
        script = TAKE.format(device=device)
        script = f"{{ {script}; }} && echo ESCAPED || exit 1"
        return lambda: run_here(sandbox, "/bin/sh", "-c", script, flags=["-c"])

    with prepared(uid) as field, tap(uid) as device:
        assert escaped(in_host(uid, work(Sandbox.compat())))
        assert_stopped(in_host(uid, work(make(field))))


def test_no_network_leaves_the_size_of_a_terminal() -> None:
    """Without the filter, which refuses it, there is no list of requests."""
    sandbox = Sandbox.compat().network(Network.Deny)
    output = run_here(sandbox, attack("terminal"), "TIOCSWINSZ")
    if output.stdout.startswith(b"terminal"):
        pytest.skip("no ptys here")
    assert output.stdout == b"ESCAPED\n"


# ---------------------------------------------------------------- signals


@whole_kernel
@uids
@pytest.mark.parametrize("make", HOST)
@pytest.mark.parametrize(
    "script",
    [
        "kill -KILL $HOST",
        "/bin/kill -KILL $HOST",
        "perl -e 'exit !kill KILL => $ENV{HOST}'",
        "pkill -KILL -U $(id -u) -g $(ps -o pgid= -p $HOST)",
    ],
)
def test_no_signal_by_programs(uid: int, make: Make, script: str) -> None:
    def work(sandbox: Sandbox) -> Callable[[], Output]:
        def run() -> Output:
            os.setpgid(0, 0)
            return run_here(
                sandbox,
                "/bin/sh",
                "-c",
                script,
                flags=["-c"],
                env={"HOST": str(os.getpid())},
            )

        return run

    with prepared(uid) as field:
        control = in_host(uid, work(Sandbox.compat()))
        if control.value is not None:
            skip_what_is_not_installed(control.value)
        assert control.host == f"killed by {int(signal.SIGKILL)}"
        held = in_host(uid, work(make(field)))
    assert held.host == "ended"
    assert held.survivors == []
    assert not held.get().success


# ---------------------------------------------------- directories of kernel

TREES = {
    "files": "mkdir $GROUP/other/new",
    "files, away": "rmdir $GROUP/spare",
    "calls": "tree mkdir x {GROUP}/other/new",
    "calls, away": "rows rmdir {GROUP}/spare",
}


@needs_landlock
@uids
@pytest.mark.parametrize("make", KERNEL)
@pytest.mark.parametrize("how", TREES)
def test_no_cgroup_is_made_or_removed(
    cgroups: Path, how: str, make: Make, uid: int
) -> None:
    """Nobody would take it away, and another command may need it."""
    new, spare = cgroups / "other/new", cgroups / "spare"

    def work(sandbox: Sandbox) -> Callable[[], bool]:
        def run() -> bool:
            if how.startswith("calls"):
                name, *words = TREES[how].format(GROUP=cgroups).split()
                output = run_here(sandbox, attack(name), *words)
                return output.stdout == b"ESCAPED\n"
            return run_here(
                sandbox,
                "/bin/sh",
                "-c",
                TREES[how],
                flags=["-c"],
                env={"GROUP": str(cgroups)},
            ).success

        return run

    with prepared(uid) as field:
        for sandbox, word in (
            (Sandbox.compat(), "ESCAPED"),
            (make(field), "stopped"),
        ):
            spare.mkdir()
            os.chown(spare, uid, uid)
            try:
                assert in_cgroup(uid, cgroups / "host", work(sandbox)) == word
            finally:
                for group in (new, spare):
                    if group.exists():
                        group.rmdir()


# ------------------------------------------------------------ running nothing

NOTHING = {
    "files": [
        "/bin/true",
        "exec /bin/true",
        "x=$(/bin/true)",
        ". /dev/stdin </dev/null; $OUT/script",
    ],
    "calls": [
        "again",
        "vfork /bin/true",
        "descriptor /bin/true",
        "descriptor {OUT}/program",
    ],
}


@uids
@pytest.mark.parametrize("make", [default, lambda _: Sandbox.compat()])
@pytest.mark.parametrize("how", NOTHING)
def test_nothing_runs(how: str, make: Make, uid: int) -> None:
    def work(text: str, nothing: bool) -> Callable[[], Output]:
        path = "/bin/sh" if how == "files" else attack("rows")
        if how == "files":
            args = ["-c", f"({text}) >/dev/null && echo ESCAPED || exit 1"]
        else:
            args = text.format(OUT=field.out).split()
        rules = ArgRules().allowed_flags(["-c"]).max_flags(1)
        rules = rules.max_positionals(9)
        if nothing:
            rules = rules.run_nothing()
        builder = (
            ProcPolicyBuilder()
            .allow_bin(path)
            .arg_rules(path, rules)
            .allow_risky_binaries()
            .env_fixed({"OUT": str(field.out), "PATH": "/usr/bin:/bin"})
            .sandbox(make(field))
        )
        return lambda: build(builder, make(field)).run(path, args)

    with prepared(uid) as field:
        for text in NOTHING[how]:
            control = in_host(uid, work(text, False)).get()
            assert control.stdout == b"ESCAPED\n", text
            held = in_host(uid, work(text, True))
            assert_stopped(held)
            told = held.get().sandbox
            assert landlock_abi() == 0 or "exec_lock" in told.enforced


# ------------------------------------------------------------------ limits

LIMITS: dict[str, tuple[str, Callable[[Sandbox], Sandbox]]] = {
    "cpu": ("t", lambda s: s.max_cpu_seconds(60)),
    "fsize": ("f", lambda s: s.max_file_size(1 << 20)),
    "data": ("d", lambda s: s.max_data(1 << 28)),
    "nproc": ("u", lambda s: s.max_processes(1000)),
    "nofile": ("n", lambda s: s.max_open_files(64)),
    "as": ("v", lambda s: s.max_memory(1 << 28)),
}


@uids
@pytest.mark.parametrize("preset", [Sandbox, Sandbox.compat])
@pytest.mark.parametrize("what", LIMITS)
@pytest.mark.parametrize("how", ["files", "calls"])
def test_limits_are_not_raised(
    how: str, what: str, preset: Callable[[], Sandbox], uid: int
) -> None:
    """By a shell's ulimit, and by the call, which root may elsewhere."""
    flag, limit = LIMITS[what]
    value = {"nofile": 128, "nproc": 2000}.get(what, 1 << 33)

    def work(sandbox: Sandbox) -> Callable[[], Output]:
        if how == "calls":
            words = ["rlimit", RLIMITS[what], value]
            return lambda: run_here(sandbox, attack("rows"), *words)
        count = value if what in ("nofile", "nproc", "cpu") else value >> 9
        script = f"ulimit -{flag} {count} && echo ESCAPED || exit 1"
        return lambda: run_here(
            sandbox, program("bash"), "-c", script, flags=["-c"]
        )

    control = in_host(uid, work(Sandbox.compat()))
    assert escaped(control), control
    held = in_host(uid, work(limit(preset())))
    if what in held.get().sandbox.missing:
        pytest.skip("totals of a cgroup take the place of it")
    assert_stopped(held)


def test_processes_are_limited() -> None:
    """Of the whole user, so it is one of its own; root is exempt."""

    def work(sandbox: Sandbox) -> Callable[[], Output]:
        script = "x=$(true) && echo ESCAPED"
        return lambda: run_here(sandbox, "/bin/sh", "-c", script, flags=["-c"])

    assert escaped(in_host(LONER, work(Sandbox.compat())))
    for preset in (Sandbox(), Sandbox.compat()):
        held = in_host(LONER, work(preset.max_processes(1)))
        assert b"fork" in held.get().stderr
        assert held.get().stdout == b""


# ------------------------------------------------------------ capabilities

DAC_OVERRIDE = 1
# Those that open other processes, and raise limits.
SYS_PTRACE, SYS_RESOURCE = 19, 24


@needs_root
@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_takes_away_what_would_raise_it(limit: str) -> None:
    """Under compat() too.  Not every root has the right to raise it."""

    def held(sandbox: Sandbox) -> int:
        output = run_here(
            sandbox,
            "/bin/sh",
            "-c",
            "grep CapPrm /proc/self/status",
            flags=["-c"],
        )
        return int(output.stdout_string().split()[1], 16)

    bits = 1 << SYS_PTRACE | 1 << SYS_RESOURCE
    if not held(Sandbox.compat()) & bits:
        pytest.skip("this root has neither")
    assert not held(LIMITS[limit][1](Sandbox.compat())) & bits


def with_a_capability(uid: int) -> None:
    """As a service of an init that gives it: one that an exec keeps."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    bits = 1 << DAC_OVERRIDE
    if uid != 0:
        assert libc.prctl(8, 1, 0, 0, 0) == 0  # PR_SET_KEEPCAPS
        os.setresuid(uid, uid, uid)
        data = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
        assert libc.capset(header, data) == 0
        assert libc.prctl(47, 2, DAC_OVERRIDE, 0, 0) == 0  # ambient


@needs_root
@pytest.mark.parametrize("uid", [0, NOBODY])
@pytest.mark.parametrize("how", ["files", "calls"])
def test_no_capability_opens_a_file(how: str, uid: int) -> None:
    """Of another user, in a root that may be read."""

    def work(make: Make) -> Callable[[], Output]:
        def run() -> Output:
            with_a_capability(uid)
            path = field.read / "own"
            if how == "calls":
                return run_here(make(field), attack("open_file"), "read", path)
            script = f"cat {path} >/dev/null && echo ESCAPED"
            return run_here(make(field), "/bin/sh", "-c", script, flags=["-c"])

        return run

    with prepared(NOBODY) as field:
        os.chown(field.read / "own", 1, 1)
        (field.read / "own").chmod(0o600)
        assert escaped(in_host(0, work(default)))
        assert_stopped(in_host(0, work(strict)))


# ------------------------------------------------- the root of a namespace

BECOME = """
import sys
from containment import attack, run_bare, run_here
from proc_jail import Sandbox
words = {
    "files": ("/usr/bin/setpriv", "--reuid=1", "--keep-groups", "echo", "on"),
    "calls": (sys.argv[2], "1", "echo", "on"),
}[sys.argv[1]]
print(run_bare(*words).stdout)
for sandbox in (None, Sandbox.compat()):
    flags = [word for word in words if word.startswith("--")]
    print(run_here(sandbox, *words, flags=flags).stdout)
"""


@needs_root
@pytest.mark.parametrize("how", ["files", "calls"])
def test_a_root_of_a_namespace_changes_no_ids(how: str) -> None:
    """The signal that ends a command with the host would not reach it."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    wait = 'echo ready; read -r line; exec "$@"'
    host = subprocess.Popen(
        [
            *(program("unshare"), "--user", "/bin/sh", "-c", wait, "sh"),
            *(sys.executable, "-c", BECOME, how, attack("become")),
        ],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with host:
        assert host.stdout is not None
        if host.stdout.readline() == "ready\n":
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{host.pid}/{name}").write_text("0 0 70000\n")
        out, err = host.communicate("go\n")
    if "unshare:" in err:
        pytest.skip(err)
    assert host.returncode == 0, err
    assert out.splitlines() == ["b'on\\n'", "b''", "b''"]

"""What is promised before, at and after the spawn, row by row.

A row of SECURITY.md is attacked twice, by files (scripts, links, programs
that are put in another's place) and by system calls, as root and as another
user.  Each attack runs without proc_jail first, where all of it must get
through, or it would show nothing.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conftest import children, program
from containment import (
    NOBODY,
    Outcome,
    assert_stopped,
    attack,
    escaped,
    folder,
    in_host,
    needs_root,
    run_bare,
    run_here,
    uids,
)
from hosts import on_linux, wait_until
from proc_jail import (
    ArgRules,
    NulByte,
    PolicyFileError,
    ProcJailError,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Sandbox,
    SpawnFailed,
    StatusLost,
    StdoutLimitExceeded,
    Timeout,
    Tree,
    Violation,
)
from test_guard import has_armed
from test_limits import leased
from test_start import die_at

pytestmark = on_linux

SH, CAT, SORT, FIND = map(program, ("sh", "cat", "sort", "find"))
# What became of each part of an attack: whether it got through.
Parts = list[bool]
# In a directory of its own, by "files" or "calls", and if proc_jail is used.
Case = Callable[[Path, str, bool], Parts]
SECRET = ctypes.create_string_buffer(b"secret")
PATH = "/usr/bin:/bin"
CLOCK_COARSE = 5  # of what changes


def through(output: bytes) -> bool:
    return b"ESCAPED" in output


def evil(path: Path, how: str) -> Path:
    """A program that must not run: a script, or one of its own."""
    if how == "files":
        path.write_text("#!/bin/sh\necho ESCAPED\n")
    else:
        shutil.copyfile(attack("promise"), path)
    path.chmod(0o755)
    return path


def by(how: str, script: str, *calls: object) -> list[str]:
    """The attack as a command line."""
    if how == "files":
        return [SH, "-c", script]
    return [attack("promise"), *map(str, calls)]


def strike(place: Path, how: str, script: str, *calls: object) -> None:
    """A command of the default sandbox does something to the files here."""
    done = run_here(None, *by(how, script, *calls), flags=["-c"], cwd=place)
    assert done.success, done


def output_of(argv: list[str], place: Path, jail: bool, **env: str) -> bytes:
    """What a program prints, under proc_jail or as subprocess runs it."""
    if jail:
        return run_here(None, *argv, flags=["-c"], cwd=place).stdout
    return run_bare(*argv, cwd=place, env={**os.environ, **env}).stdout


def builder_for(path: object, place: Path, *flags: str) -> ProcPolicyBuilder:
    rules = ArgRules().allowed_flags(list(flags)).max_flags(len(flags))
    rules = rules.max_positionals(9)
    return (
        ProcPolicyBuilder()
        .allow_bin(str(path))
        .arg_rules(str(path), rules)
        .cwd(place)
    )


def ready(
    builder: ProcPolicyBuilder, argv: list[str], jail: bool, **more: Any
) -> Callable[[], bytes]:
    """What was checked now and runs later; nothing, if it is refused."""
    if not jail:
        return lambda: run_bare(*argv, **more).stdout
    try:
        command = builder.build().prepare(ProcRequest(argv[0], argv[1:]))
    except Violation:
        return lambda: b""

    def spawn() -> bytes:
        try:
            return command.spawn_sync().stdout
        except Violation:
            return b""

    return spawn


# -------------------------------------------------------- before the spawn


def other_programs(place: Path, how: str, jail: bool) -> Parts:
    """An allowed name comes to lead elsewhere; and a path spelled so."""
    evil(place / "evil", how)
    shutil.copy(program("true"), place / "tool")
    (place / "tool").chmod(0o755)
    link, spare = place / "link", place / "spare"
    link.symlink_to("tool")
    spare.symlink_to("evil")
    policy = builder_for(link, place).build()
    strike(place, how, f"mv -T {spare} {link}", "swap", spare, link)
    found = []
    for path in (link, place / "evil", f"{place}/../{place.name}//evil"):
        out = b""
        if jail:
            with suppress(Violation):
                out = policy.run(path, []).stdout
        else:
            out = run_bare(str(path)).stdout
        found.append(through(out))
    return found


def disguised(place: Path, how: str, jail: bool) -> Parts:
    """A shell, and an interpreter that makes calls, under other names."""
    tool = program("bash" if how == "files" else "perl")
    flag, text = "-c", "echo ESCAPED"
    if how == "calls":
        flag, text = "-e", 'use POSIX; POSIX::write(1, "ESCAPED\\n", 8)'
    shutil.copy(tool, place / "copy")
    (place / "link").symlink_to(tool)
    (place / "script").write_text(f"#!{tool}\n{text}\n")
    (place / "script").chmod(0o755)
    (place / "cat").symlink_to("copy")
    paths = [tool, *(str(place / x) for x in ("copy", "link", "cat"))]
    return [
        through(
            ready(builder_for(path, place, flag), [path, flag, text], jail)()
        )
        for path in paths
    ]


def flags_in_disguise(place: Path, how: str, jail: bool) -> Parts:
    """Words that would be flags, and run or write something."""
    evil(place / "evil", how)
    (place / "in").write_text("b\na\n")
    found = []
    rules = (
        ArgRules()
        .allowed_flags(["-r", "-n"])
        .max_flags(2)
        .max_positionals(3)
        .inject_double_dash()
    )
    sort = ProcPolicyBuilder().allow_bin(SORT).arg_rules(SORT, rules)
    for line in ("-o out in", "in -o out", "-rnoout in", "in --output=out"):
        ready(sort.cwd(place), [SORT, *line.split()], jail, cwd=place)()
        found.append((place / "out").exists())
        (place / "out").unlink(missing_ok=True)
    argv = [FIND, ".", "-maxdepth", "0", "-exec", "./evil", ";"]
    find = builder_for(FIND, place, "-name", "-maxdepth")
    return [*found, through(ready(find, argv, jail, cwd=place)())]


def every_spelling(place: Path, how: str, jail: bool) -> Parts:
    """Typed rules for programs that have more than one word for it."""
    evil(place / "evil", how)
    # More than the smallest buffer holds, so that sort compresses.
    (place / "in").write_text("b\n" * 2000)
    builder = ProcPolicyBuilder().profile("sort", read=[place])
    builder = builder.profile("find", read=[place]).cwd(place)
    found = []
    for line in ("-oout in", "-rnoout in", "--outpu=out in", "in --ou out"):
        ready(builder, [SORT, *line.split()], jail, cwd=place)()
        found.append((place / "out").exists())
        (place / "out").unlink(missing_ok=True)
    if how == "files":
        compress = place / "compress"
        compress.write_text("#!/bin/sh\n: >mark\ncat\n")
        compress.chmod(0o755)
        line = "-S1b --compress-p=./compress -T. in"
        ready(builder, [SORT, *line.split()], jail, cwd=place)()
        found.append((place / "mark").exists())
    argv = [FIND, "in", "-exec", "./evil", ";"]
    return [*found, through(ready(builder, argv, jail, cwd=place)())]


def links_out(place: Path, how: str, jail: bool) -> Parts:
    """A link is put where a file was, before the check and after it."""
    found = []
    for swapped_first in (True, False):
        inside = place / f"in-{swapped_first}"
        inside.mkdir()
        (place / "secret").write_text("ESCAPED")
        file, spare = inside / "file", inside / "spare"
        file.write_text("fine")
        spare.symlink_to(place / "secret")
        hit = partial(
            strike, place, how, f"mv -T {spare} {file}", "swap", spare, file
        )
        rules = ArgRules().positional("file", ReadPath(inside))
        builder = ProcPolicyBuilder().allow_bin(CAT).arg_rules(CAT, rules)
        if swapped_first:
            hit()
        run = ready(builder.cwd(place), [CAT, str(file)], jail)
        if not swapped_first:
            hit()
        found.append(through(run()))
    return found


def variables(place: Path, how: str, jail: bool) -> Parts:
    """What the host has, and what a request brings."""
    os.environ["PJ_PROMISE"] = "ESCAPED"
    words = by(how, 'echo "$PJ_PROMISE"', "getenv", "PJ_PROMISE")
    found = [through(output_of(words, place, jail))]
    bash = program("bash")
    env = {"BASH_ENV": str(evil(place / "evil", "files"))}
    if how == "calls":
        # A program that is called by what the shell reads first.
        env = {"BASH_ENV": str(place / "calls")}
        (place / "calls").write_text(attack("promise") + "\n")
    if not jail:
        return [*found, through(run_bare(bash, "-c", ":", env=env).stdout)]
    builder = builder_for(bash, place, "-c").allow_risky_binaries()
    policy = builder.env_allowlist(list(env)).build()
    return [*found, through(policy.run(bash, ["-c", ":"], env).stdout)]


def directories(place: Path, how: str, jail: bool) -> Parts:
    """The directory is swapped for a link, after the check."""
    jailed, secret, link = place / "in", place / "secret", place / "link"
    jailed.mkdir()
    secret.mkdir()
    (secret / "mark").write_text("ESCAPED")
    (jailed / "mark").write_text("fine")
    link.symlink_to(secret)
    builder = builder_for(CAT, place).cwd_jailed(jailed)
    if jail:
        run = ready(builder, [CAT, "mark"], jail)
    else:
        run = ready(builder, [CAT, "mark"], jail, cwd=jailed)
    script = f"mv {jailed} {place}/old; mv {link} {jailed}"
    strike(place, how, script, "swap", jailed, link)
    return [through(run())]


def unannounced(place: Path, how: str, jail: bool) -> Parts:
    """With a hook that forbids, which is what is tried here."""

    def forbid(event: str, _: object) -> None:
        if jail and event == "proc_jail.spawn":
            raise PermissionError(event)

    sys.addaudithook(forbid)
    words = by(how, "echo >made", "make", "made")
    with suppress(PermissionError):
        run_here(None, *words, flags=["-c"], cwd=place)
    return [(place / "made").exists()]


def cut_short(place: Path, how: str, jail: bool) -> Parts:
    """What ends in .public for the host ends before it for the program."""
    (place / "secret").write_text("ESCAPED")
    argv = [CAT, "secret\0.public"]
    if how == "calls":
        argv = [attack("promise"), "make", "secret\0.public"]
    if jail:
        try:
            output_of(argv, place, jail)
        except NulByte:
            return [False]
        return [True]
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.chdir(place)
        os.dup2(writer, 1)
        words = [word.encode() for word in argv]
        vector = (ctypes.c_char_p * (len(words) + 1))(*words, None)
        ctypes.CDLL(None).execv(words[0], vector)
        os._exit(1)
    os.close(writer)
    os.waitpid(pid, 0)
    with open(reader, "rb") as file:
        return [through(file.read())]


# ------------------------------------------------------------ at the spawn


def settle(path: Path) -> None:
    """Until a change would show, where the kernel's clock is a coarse one."""
    changed = path.stat().st_ctime_ns
    wait_until(lambda: time.clock_gettime_ns(CLOCK_COARSE) > changed)


def other_files(place: Path, how: str, jail: bool) -> Parts:
    """Another file at the path, the same with other content, and a link."""
    found = []
    for kind in ("replaced", "rewritten", "linked"):
        path, other = place / kind, place / f"{kind}-evil"
        evil(other, "calls")
        shutil.copy(program("true"), path)
        sizes = [os.path.getsize(x) for x in (path, other)]
        for file in (path, other):
            os.truncate(file, max(sizes))
        if kind == "linked":
            path.rename(place / "real")
            path.symlink_to("real")
            other.rename(place / "evil")
            other.symlink_to("evil")
        settle(path)
        run = ready(builder_for(path, place), [str(path)], jail)
        script, call = f"mv -T {other} {path}", "swap"
        if kind == "rewritten":
            script = f"touch -r {path} t; cat {other} >{path}"
            script += f"; touch -r t {path}"
            call = "rewrite"
        strike(place, how, script, call, path, other)
        found.append(through(run()))
    return found


def descriptors_left(place: Path, how: str, jail: bool) -> Parts:
    """A file that has no name, so that there is no other way to it."""
    fd = os.memfd_create("secret")
    os.write(fd, b"ESCAPED")
    os.set_inheritable(fd, True)
    words = by(how, f"cat /proc/self/fd/{fd}", "read", fd)
    if jail:
        return [through(output_of(words, place, jail))]
    return [through(run_bare(*words, pass_fds=[fd]).stdout)]


def standard_input(place: Path, how: str, jail: bool) -> Parts:
    """By files; by calls it is test_start.py's."""
    data = Path(attack("promise")).read_bytes()
    found = []
    for script in (
        "echo x >/proc/self/fd/0",
        "echo x >>/dev/stdin",
        "head -c 9 /dev/zero 1<>/dev/stdin",
        "truncate -s 1 /proc/self/fd/0",
        "/proc/self/fd/0 none",
        "chmod 755 /proc/self/fd/0; /proc/self/fd/0 none",
    ):
        argv = [SH, "-c", f"({script}) && echo ESCAPED"]
        if jail:
            policy = (
                builder_for(SH, place, "-c")
                .allow_risky_binaries()
                .env_fixed({"PATH": PATH})
                .max_stdin(1 << 24)
                .build()
            )
            request = ProcRequest(SH, argv[1:]).with_stdin(data)
            out = policy.prepare(request).spawn_sync().stdout
        else:
            path = place / "input"
            path.write_bytes(data)
            path.chmod(0o755)
            with open(path, "rb") as file:
                out = run_bare(*argv, stdin=file).stdout
        found.append(through(out))
    return found


def never_executed(place: Path, how: str, jail: bool) -> Parts:
    """A status is told of what cannot be executed, or died before."""
    setsid = 112 if os.uname().machine == "x86_64" else 157
    if how == "calls":
        path = program("true")
        command = (
            builder_for(path, place).build().prepare(ProcRequest(path, []))
        )
        die_at(setsid)
        if not jail:
            done = subprocess.run([path], start_new_session=True, check=False)
            return [done.returncode == -signal.SIGSYS]
        with suppress(SpawnFailed):
            return [isinstance(command.spawn_sync().returncode, int)]
        return [False]
    found = []
    for name, text in {"none": "", "gone": "#!/none\n", "text": "x"}.items():
        file = place / name
        file.write_text(text)
        file.chmod(0o755)
        if not jail:
            status = os.spawnv(os.P_WAIT, file, [name])
            found.append(status == 127)
            continue
        try:
            builder_for(file, place).build().run(file, [])
        except SpawnFailed:
            found.append(False)
        else:
            found.append(True)
    return found


def remembered(place: Path, how: str, jail: bool) -> Parts:
    """The parent's memory: the host's, or that of a namespace's init."""
    address = ctypes.addressof(SECRET)
    script = (
        "while read -r name value; do case $name in PPid:) pid=$value;; esac;"
        "done </proc/self/status; dd bs=1 count=6 status=none "
        f"if=/proc/$pid/mem iflag=skip_bytes skip={address} "
        "| grep -q secret && echo ESCAPED"
    )
    sandbox = Sandbox.compat()
    if jail:
        sandbox = sandbox.tree(Tree.PidNamespace)
    words = by(how, script, "memory", address)
    done = run_here(sandbox, *words, flags=["-c"], cwd=place)
    return [through(done.stdout)]


def deaf(place: Path, how: str, jail: bool) -> Parts:
    """Signals that the host ignores and blocks do not end its child."""
    words = by(how, "kill -TERM $$; echo ESCAPED", "term")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    found = [through(output_of(words, place, jail))]
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    return [*found, through(output_of(words, place, jail))]


def the_terminal(place: Path, how: str, jail: bool) -> Parts:
    """That of the host, which is its session's."""
    os.setsid()
    _, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    words = by(how, "echo >/dev/tty && echo ESCAPED", "tty")
    return [through(output_of(words, place, jail))]


def the_group(place: Path, how: str, jail: bool) -> Parts:
    """All of the group is killed, and the host is not in it."""
    words = by(how, "kill -KILL 0", "group")
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        sandbox = Sandbox.compat()
        if jail:
            run_here(sandbox, *words, flags=["-c"], cwd=place)
        else:
            run_bare(*words)
        os._exit(0)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9]


def core_files(place: Path, how: str, jail: bool) -> Parts:
    """With the limit that the host has, and with one that is raised."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    words = by(how, "ulimit -c unlimited; kill -SEGV $$", "core")
    output_of(words, place, jail)
    return [bool(os.listdir(place))]


# ------------------------------------------------- while it runs, and after

STAYS = {
    "files": [
        "trap '' TERM INT HUP; echo on; while :; do sleep 1000; done",
        "echo on; kill -STOP $$",
        "echo on; exec >&- 2>&-; while :; do :; done",
        "(trap '' TERM HUP; echo on; sleep 1000 & wait) & wait",
    ],
    "calls": ["blocked", "leaderless", "vfork", "stopped", "daemon"],
}


def without_end(place: Path, how: str, jail: bool) -> Parts:
    """All at once, and each is there before its deadline is."""
    argvs = [by(how, one, "stay", one) for one in STAYS[how]]
    if not jail:
        found = []
        for argv in argvs:
            child = subprocess.Popen(
                argv, stdout=subprocess.PIPE, start_new_session=True
            )
            assert child.stdout is not None
            assert child.stdout.readline() == b"on\n"
            with suppress(subprocess.TimeoutExpired):
                child.wait(0.02)
            found.append(child.returncode is None)
            os.killpg(child.pid, signal.SIGKILL)
            child.stdout.close()
        return found
    running = []
    for argv in argvs:
        builder = builder_for(argv[0], place, "-c").allow_risky_binaries()
        policy = builder.env_fixed({"PATH": PATH}).timeout(1).build()
        request = ProcRequest(argv[0], argv[1:])
        running.append(policy.prepare(request).start())
    for command in running:
        with pytest.raises(Timeout) as caught:
            command.wait()
        assert caught.value.stdout == b"on\n"
    return [children() != {}] * len(running)


def hanging_exec(place: Path, how: str, jail: bool) -> Parts:
    """Another process holds the file, so that whoever opens it waits."""
    path = place / "tool"
    shutil.copy(program("true"), path)
    if how == "files":
        # Whoever opens the interpreter of a script.
        path = place / "text"
        path.write_text(f"#!{place}/tool\n")
        path.chmod(0o755)
    builder = builder_for(path, place).timeout(0.15)
    run = ready(builder, [str(path)], jail)
    with leased(lambda name: str(place / name), place / "tool"):
        if jail:
            with pytest.raises(Timeout):
                run()
            return [children().keys() != children().keys()]
        reader, writer = os.pipe()  # closed by the exec
        pid = os.fork()
        if pid == 0:
            os.execv(path, [str(path)])
        os.close(writer)
        hangs = not select.select([reader], [], [], 0.15)[0]
        os.kill(pid, signal.SIGKILL)
        return [hangs]


def a_flood(place: Path, how: str, jail: bool) -> Parts:
    """Of 64 MiB, where the cap is one."""

    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    words = by(how, "head -c 67108864 /dev/zero", "flood", 1 << 26)
    builder = builder_for(words[0], place, "-c").allow_risky_binaries()
    policy = builder.env_fixed({"PATH": PATH}).max_stdout(1 << 20).build()
    before = peak()
    if jail:
        with pytest.raises(StdoutLimitExceeded):
            policy.run(words[0], words[1:])
    else:
        run_bare(*words)
    return [peak() - before > 32 << 10]


class Late(Exception):
    pass


def taken_back(place: Path, how: str, jail: bool) -> Parts:
    """A host that was told of a byte finds none, and waits for it."""
    script = (
        "i=0; while [ $i -lt 100 ]; do printf x; read -r go;"
        "dd bs=1 count=1 iflag=nonblock </proc/self/fd/1 >/dev/null 2>&1;"
        "echo taken >&2; i=$((i + 1)); done"
    )
    words = by(how, script, "take", 20_000)
    if jail:
        # Its end is the test; the alarm of the host is the other one.
        output = output_of(words, place, jail)
        return [output.strip(b"x") != b""]

    def late(*_: object) -> None:
        raise Late

    signal.signal(signal.SIGALRM, late)
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        select.select([child.stdout], [], [])
        child.stdin.write(b"\n")
        child.stdin.flush()
        while child.stderr.readline() != b"taken\n":
            pass
        # It writes the next one only when it is told to go on.
        child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED)
        os.set_blocking(child.stdout.fileno(), False)
        with suppress(BlockingIOError):
            os.read(child.stdout.fileno(), 1)
        os.set_blocking(child.stdout.fileno(), True)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            os.read(child.stdout.fileno(), 1)
        except Late:
            return [True]
        finally:
            signal.alarm(0)
            child.kill()
    return [False]


def trees(place: Path, how: str, jail: bool) -> Parts:
    """What ignores all signals and holds no pipe, and zombies."""
    fifo = place / "fifo"
    os.mkfifo(fifo)
    script = (
        "trap '' HUP INT TERM QUIT; (: & exec sleep 1000) >/dev/null 2>&1 &"
        "((echo >fifo; exec sleep 1000) >/dev/null 2>&1 &);"
        "read -r line <fifo"
    )
    words = by(how, script)
    if how == "calls":
        words = [attack("double_fork")]
    output_of(words, place, jail)
    return [children() != {}]


def lost_failures(place: Path, how: str, jail: bool) -> Parts:
    """Of a host that ignores SIGCHLD, so that the kernel reaps."""
    scripts = {"files": ["exit 3", "kill -9 $$"], "calls": ["end", "term"]}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    found = []
    for one in scripts[how]:
        words = by(how, one, one, 3)
        if not jail:
            found.append(run_bare(*words).returncode == 0)
            continue
        with suppress(StatusLost):
            done = run_here(None, *words, flags=["-c"], cwd=place)
            found.append(done.success)
    return found


def interrupted(place: Path, how: str, jail: bool) -> Parts:
    """What has the terminal's signal ignored, blocked, or is a daemon."""
    fifo = place / "fifo"
    found = []
    scripts = {
        "files": [
            "trap '' INT TERM HUP; (echo >&3; sleep 1000) & wait",
            "(trap '' INT; echo >&3; sleep 1000) & kill -STOP $$",
        ],
        "calls": ["daemon", "vfork"],
    }
    for one in scripts[how]:
        os.mkfifo(fifo)
        words = by("files", f"exec 3>fifo; {one}")
        if how == "calls":
            tool = attack("promise")
            words = by("files", f"exec {tool} stay {one} >fifo")

        def interrupt() -> None:
            with open(fifo, "rb") as file:
                file.readline()
                os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            output_of(words, place, jail)
        except KeyboardInterrupt:
            found.append(children() != {})
        thread.join()
        fifo.unlink()
    assert len(found) == len(scripts[how]), "no interrupt"
    return found


def state_of_the_host() -> list[object]:
    return [
        *(fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1, 2)),
        os.lseek(0, 0, os.SEEK_CUR),
        signal.pthread_sigmask(signal.SIG_BLOCK, []),
        os.getcwd(),
        os.getpgrp(),
        resource.getrlimit(resource.RLIMIT_CORE),
    ]


def the_host(place: Path, how: str, jail: bool) -> Parts:
    """What a child shares with it: where in a file it reads, and how."""
    (place / "input").write_text("some\nlines\n")
    fd = os.open(place / "input", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(fd, stream)
    before = state_of_the_host()
    words = by(how, "read -r line; cd /; umask 0; ulimit -c 0", "flags")
    if jail:
        output_of(words, place, jail)
    else:
        subprocess.run(words, check=True)
    return [state_of_the_host() != before]


ROWS: dict[str, Case] = {
    "only programs of the list": other_programs,
    "no shells and their like": disguised,
    "no flag but the listed": flags_in_disguise,
    "options in every spelling": every_spelling,
    "a path below its roots": links_out,
    "no environment but the policy's": variables,
    "the directory that was checked": directories,
    "announced to audit hooks": unannounced,
    "no NUL": cut_short,
    "the file that was checked": other_files,
    "three descriptors": descriptors_left,
    "standard input is only read": standard_input,
    "what did not execute": never_executed,
    "the memory of the host": remembered,
    "default signals, empty mask": deaf,
    "no terminal": the_terminal,
    "a session of its own": the_group,
    "no core file": core_files,
    "an end by the deadline": without_end,
    "an end of a hanging exec": hanging_exec,
    "memory is bound by the cap": a_flood,
    "output that is taken back": taken_back,
    "the tree ends": trees,
    "no failure as success": lost_failures,
    "ctrl-c ends the tree": interrupted,
    "the host as it was": the_host,
}


@uids
@pytest.mark.parametrize("how", ["files", "calls"])
@pytest.mark.parametrize("row", ROWS)
def test_it_is_kept(
    row: str, how: str, uid: int, helper: Callable[[str], str]
) -> None:
    if ROWS[row] is core_files:
        pattern = Path("/proc/sys/kernel/core_pattern").read_text()
        if not pattern[:1].isalnum():
            pytest.skip("core files go elsewhere here")

    def attempt(jail: bool) -> Outcome[Parts]:
        with folder(uid) as place:
            if ROWS[row] is hanging_exec:
                shutil.copy(helper("lease"), place)
            return in_host(uid, lambda: ROWS[row](place, how, jail))

    control = attempt(False).get()
    assert control, "nothing was tried"
    assert all(control), control
    contained = attempt(True)
    assert not any(contained.get()), contained
    assert contained.survivors == []


# ------------------------------------ what takes a second user to be set up


def capability(file: Path) -> None:
    """Let a file give the right to listen on every port."""
    value = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)
    os.setxattr(file, "security.capability", value)


@needs_root
@pytest.mark.parametrize("how", ["files", "calls"])
@pytest.mark.parametrize("uid", [0, NOBODY])
@pytest.mark.parametrize("gain", ["id", "capability"])
def test_no_privileges_of_a_file(gain: str, uid: int, how: str) -> None:
    """A script executes the file, or a program does; or it is allowed.

    Root loses by an id and has all capabilities, so there are none to gain.
    """
    if gain == "capability" and uid == 0:
        pytest.skip("root gains nothing")
    with folder(uid) as place:
        file = place / "file"
        shutil.copy(attack("setuid" if gain == "id" else "promise"), file)
        if gain == "id":
            other = 0 if uid else NOBODY
            os.chown(file, other, other)
            file.chmod(0o4755)
            words = [str(file)]
        else:
            capability(file)
            words = [str(file), "capable"]
        assert escaped(in_host(uid, lambda: run_bare(*words)))
        assert_stopped(in_host(uid, lambda: run_here(None, *words)))
        wrapped = [SH, "-c", f"{' '.join(words)}; exit $?"]
        if how == "calls":
            wrapped = [attack("promise"), "execute", *words]
        assert escaped(in_host(uid, lambda: run_bare(*wrapped)))
        for sandbox in (None, Sandbox.compat()):
            work = partial(run_here, sandbox, *wrapped, flags=["-c"])
            assert_stopped(in_host(uid, work))


@needs_root
@pytest.mark.parametrize("how", ["files", "calls"])
@pytest.mark.parametrize("user", [False, True])
def test_the_memory_before_the_exec(
    user: bool, how: str, helper: Callable[[str], str]
) -> None:
    """While the exec hangs: of a process that has become another user's.

    What stays the host's user shares its memory until the exec.
    """
    address = ctypes.addressof(SECRET)
    script = (
        "dd bs=1 count=6 status=none iflag=skip_bytes if=/proc/{pid}/mem "
        f"skip={address} | grep -q secret && echo ESCAPED"
    )

    def work() -> Parts:
        path, host = place / "tool", os.getpid()
        found: Parts = []
        shutil.copy(program("true"), path)
        sandbox = Sandbox.compat()
        if user:
            sandbox = sandbox.user(NOBODY, NOBODY)
        policy = builder_for(path, Path("/")).sandbox(sandbox).build()
        command = policy.prepare(ProcRequest(path, []))

        def look() -> None:
            try:
                wait_until(lambda: has_armed(host))
                tasks = Path(f"/proc/{host}/task/{host}/children")
                for pid in set(tasks.read_text().split()) - before:
                    line = script.format(pid=pid)
                    words = by(how, line, "memory", address, pid)
                    found.append(through(run_bare(*words).stdout))
            finally:
                close.set()

        def hold() -> None:
            with leased(helper, path):
                held.set()
                close.wait()

        held, close = threading.Event(), threading.Event()
        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        tasks = Path(f"/proc/{host}/task/{host}/children")
        before = set(tasks.read_text().split())
        thread = threading.Thread(target=look)
        thread.start()
        assert command.spawn_sync().success
        thread.join()
        holder.join()
        return found

    with folder(0) as place:
        place.chmod(0o755)
        assert in_host(0, work).get() == [not user]


def let_go() -> None:
    """End what traces the zombies here, or nobody could reap them."""
    for pid in children():
        text = Path(f"/proc/{pid}/status").read_text()
        tracer = int(text.partition("TracerPid:")[2].split()[0])
        if tracer:
            os.kill(tracer, signal.SIGKILL)


@uids
@pytest.mark.parametrize(
    ("script", "limit", "told"),
    [("exit 3", 5, StatusLost), ("sleep 1000", 0.5, Timeout)],
)
def test_a_tracer_does_not_hold_the_host(
    script: str, limit: float, told: type[Exception], uid: int
) -> None:
    """It left the group, and takes no notice of the leader's end.

    The kernel tells the parent of it when the tracer ends.
    """
    hold = attack("hold")

    def control() -> bool:
        words = [hold, SH, "-c", "echo held; exec sleep 1000"]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"held\n"
            child.kill()
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.1)
            status = Path(f"/proc/{child.pid}/status").read_text()
            let_go()
        return "State:\tZ" in status

    def contained() -> str:
        builder = builder_for(SH, Path("/"), "-c").allow_risky_binaries()
        policy = builder.sandbox(Sandbox.compat()).timeout(limit).build()
        line = f"exec {hold} {SH} -c '{script}'"
        try:
            return str(policy.run(SH, ["-c", line]))
        except (ProcJailError, OSError) as error:
            return type(error).__name__
        finally:
            let_go()

    assert in_host(uid, control).get()
    assert in_host(uid, contained).get() == told.__name__


POLICY = """version = 1
[[program]]
path = "/bin/echo"
max_positionals = 1
"""


@needs_root
@uids
@pytest.mark.parametrize("how", ["files", "calls"])
@pytest.mark.parametrize("place_is_open", [True, False])
def test_a_policy_that_others_can_write(
    uid: int, how: str, place_is_open: bool
) -> None:
    """Another user puts one in its place, or writes to it."""
    other = 64322
    with folder(uid) as place:
        path, mine = place / "policy.toml", place / "mine.toml"
        path.write_text("version = 1\n")
        mine.write_text(POLICY)
        for file in (path, mine):
            os.chown(file, uid, uid)
        if place_is_open:
            os.chown(mine, other, other)
            place.chmod(0o777)
            words = by(how, f"mv -f {mine} {path}", "swap", mine, path)
        else:
            mine.chmod(0o644)
            path.chmod(0o666)
            place.chmod(0o755)
            mine.write_text(POLICY)
            os.truncate(path, mine.stat().st_size)
            words = by(how, f"cat {mine} >{path}", "write", path, mine)
        assert in_host(other, lambda: run_bare(*words)).get().success

        def taken() -> list[str]:
            """Who reads and does not look finds the other's rules."""
            return [path.read_text()]

        def refused() -> str:
            with pytest.raises(PolicyFileError) as caught:
                ProcPolicy.from_file(path)
            return str(caught.value)

        assert in_host(uid, taken).get() == [POLICY]
        assert in_host(uid, refused).get()

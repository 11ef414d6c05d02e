"""proc-jail run: the program's output and exit status, and its end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commands import (
    COMMAND,
    GREP,
    SH,
    grep_policy,
    invoke,
    policy_of,
    shell_policy,
)
from hosts import is_gone, reap_orphans, wait_until, written_pid
from policies import write


@pytest.fixture
def text(tmp_path: Path) -> Path:
    return write(tmp_path, "one\nneedle\n", "text")


def test_run_prints_what_the_program_prints(
    tmp_path: Path, text: Path
) -> None:
    done = invoke("run", grep_policy(tmp_path), "--", GREP, "-n", "need", text)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        b"2:needle\n",
        b"",
    )


def test_run_exits_as_the_program_does(tmp_path: Path, text: Path) -> None:
    policy = grep_policy(tmp_path)
    assert invoke("run", policy, "--", GREP, "absent", text).returncode == 1
    done = invoke("run", policy, "--", GREP, "x", "/no/such")
    assert done.returncode == 2
    assert b"No such file" in done.stderr


def test_run_tells_the_signal(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path)
    done = invoke("run", policy, "--", SH, "-c", "echo a; kill -TERM $$")
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, b"a\n")


def test_run_passes_bytes_on(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path)
    script = r"printf '\000\377\r\n'; printf '\376' >&2; exit 7"
    done = invoke("run", policy, "--", SH, "-c", script)
    assert done.returncode == 7
    assert done.stdout == b"\0\xff\r\n"
    assert done.stderr == b"\xfe"


def test_run_takes_arguments_as_they_are(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path)
    words = [b"--cwd", b"", b"a b", b"\xff", b"--", b"-x", b"\n"]
    done = invoke(
        "run",
        policy,
        "--",
        SH,
        "-c",
        "--",
        "printf '<%s>' \"$@\"",
        "sh",
        *words,
    )
    assert done.stdout == b"".join(b"<%s>" % word for word in words)


def test_run_writes_as_the_output_comes(tmp_path: Path) -> None:
    """The program waits until its first words were read here."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = 'printf one; read word <"$1"; printf "$word"'
    policy = os.fspath(shell_policy(tmp_path))
    command = ["run", policy, "--", SH, "-c", script, "sh"]
    with subprocess.Popen(
        [COMMAND, *command, fifo], stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert os.read(running.stdout.fileno(), 99) == b"one"
        fifo.write_text("two\n")
        assert running.stdout.read() == b"two"
    assert running.returncode == 0


def test_run_denies(tmp_path: Path, text: Path) -> None:
    done = invoke("run", grep_policy(tmp_path), "--", GREP, "-r", "x", text)
    assert (done.returncode, done.stdout) == (126, b"")
    assert done.stderr.startswith(
        b"proc-jail: denied: ArgFlagNotAllowed: flag not allowed: -r"
    )


def test_run_stops_at_the_deadline(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path, timeout="300ms")
    script = "echo early; echo err >&2; exec sleep 1000"
    done = invoke("run", policy, "--", SH, "-c", script)
    assert (done.returncode, done.stdout) == (124, b"early\n")
    assert done.stderr.startswith(b"err\nproc-jail: stopped: Timeout: ")


def test_run_stops_at_the_cap(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path, max_stdout=1000)
    done = invoke("run", policy, "--", SH, "-c", "yes")
    assert done.returncode == 124
    assert done.stdout == b"y\n" * 500
    assert b"StdoutLimitExceeded" in done.stderr


def test_run_cuts(tmp_path: Path) -> None:
    script = "printf 1234567890; printf abcdefgh >&2"
    for kind, kept in (("keep_head", b"1234"), ("keep_head_tail", b"1290")):
        policy = shell_policy(
            tmp_path, max_stdout=4, max_stderr=2, on_overflow=kind
        )
        done = invoke("run", policy, "--", SH, "-c", script)
        assert (done.returncode, done.stdout) == (0, kept)
        told = done.stderr[2:].decode().splitlines()
        assert told == [
            "proc-jail: stdout was cut: 4 of 10 bytes",
            "proc-jail: stderr was cut: 2 of 8 bytes",
        ]


def test_run_with_standard_input(tmp_path: Path, text: Path) -> None:
    policy = shell_policy(tmp_path, max_stdin=99)
    command = ["--", SH, "-c", "cat"]
    done = invoke("run", "--stdin", text, policy, *command)
    assert done.stdout == b"one\nneedle\n"
    done = invoke("run", policy, "--stdin", "-", *command, stdin=b"a\0b")
    assert done.stdout == b"a\0b"
    done = invoke("run", policy, *command, stdin=b"not passed on")
    assert done.stdout == b""
    done = invoke("run", policy, "--stdin", "-", *command, stdin=b"a" * 100)
    assert done.returncode == 126
    done = invoke("run", policy, "--stdin", "/no/such", *command)
    assert (done.returncode, done.stdout) == (125, b"")


def test_run_asks_for_directory_and_environment(tmp_path: Path) -> None:
    policy = shell_policy(
        tmp_path, cwd={"jail": "/"}, env={"allow": ["A", "B"]}
    )
    script = "pwd; echo $A $B $C"
    done = invoke(
        "run",
        policy,
        "--cwd",
        "/usr",
        "--env",
        "A=1=2",
        "--env",
        "B=",
        "--env",
        "C=3",
        "--",
        SH,
        "-c",
        script,
    )
    assert done.stdout == b"/usr\n1=2\n"
    done = invoke("run", policy, "--cwd", "/no", "--", SH, "-c", script)
    assert done.returncode == 126


def test_a_bare_name_is_one_of_the_policy(tmp_path: Path, text: Path) -> None:
    """And not what $PATH would lead to."""
    fake = write(tmp_path, "#!/bin/sh\necho fake", "grep")
    fake.chmod(0o755)
    done = invoke(
        "run",
        grep_policy(tmp_path),
        "--",
        "grep",
        "one",
        text,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert done.stdout == b"one\n"
    done = invoke("run", grep_policy(tmp_path), "--", "egrep", "one", text)
    assert done.returncode == 126
    assert b"BinNotAbsolute" in done.stderr


def test_a_bare_name_that_is_not_one_program(tmp_path: Path) -> None:
    """What there is is said as in a notebook."""
    tool, other = tmp_path / "a/tool", tmp_path / "b/tool"
    for path in (tool, other):
        path.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    other.symlink_to(tool)
    paths = [str(tool), str(other)]
    policy = policy_of(tmp_path, {"path": paths, "max_positionals": 1})
    done = invoke("run", policy, "--", "tool")
    assert done.returncode == 126
    said = f"'tool' is more than one program: {', '.join(paths)}\n"
    assert said in done.stderr.decode()
    done = invoke("run", policy, "--", "grep")
    assert done.returncode == 126
    assert b"'grep' is not allowed; there are: tool\n" in done.stderr


def test_run_of_no_policy(tmp_path: Path) -> None:
    policy = write(tmp_path, "version = 1\nbogus = 1")
    done = invoke("run", policy, "--", GREP)
    assert done.returncode == 125
    assert done.stderr.decode() == (
        f"proc-jail: {policy}:2:1: bogus: unknown key; known are: version, "
        "risky, timeout, stop_grace, max_stdout, max_stderr, max_stdin, "
        "on_overflow, cwd, env, sandbox, program\n"
    )


def test_a_warning_is_one_line(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path, risky="warn")
    done = invoke("run", policy, "--", SH, "-c", "exit 3")
    assert done.returncode == 3
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("proc-jail: warning: risky binary allowed")


def test_ctrl_c_kills_the_program(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    script = "echo $$ >$1; exec sleep 1000"
    policy = os.fspath(shell_policy(tmp_path))
    command = ["run", policy, "--", SH, "-c", script, "sh"]
    with subprocess.Popen(
        [COMMAND, *command, file], stderr=subprocess.PIPE
    ) as running:
        pid = written_pid(file)
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        assert running.stderr.read() == b""
    assert running.returncode == 130
    assert is_gone(pid)


def test_a_closed_pipe_is_no_complaint(tmp_path: Path) -> None:
    made = shell_policy(tmp_path, max_stdout="1GiB", timeout=100)
    policy = os.fspath(made)
    for command in (
        ["run", policy, "--", SH, "-c", "yes"],
        ["schema"],
        ["check", policy, "--", SH, "-c", "yes"],
    ):
        read_end, write_end = os.pipe()
        with subprocess.Popen(
            [COMMAND, *command], stdout=write_end, stderr=subprocess.PIPE
        ) as running:
            os.close(write_end)
            os.close(read_end)
            assert running.stderr is not None
            assert running.stderr.read() == b""
        reap_orphans()
        assert running.returncode == 141


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [COMMAND, "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    """An endless input is refused, and not waited for."""
    policy = shell_policy(tmp_path, max_stdin=99)
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            [COMMAND, "run", policy, "--stdin", "-", "--", SH, "-c", "cat"],
            stdin=endless,
            capture_output=True,
            check=False,
        )
    assert done.returncode == 126
    assert b"StdinForbidden" in done.stderr
    assert b"got 100;" in done.stderr


TREE = 'sleep 1000 & echo $! >"$1.new"; mv "$1.new" "$1"; wait; echo after'
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
each_signal = pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)


def start_tree(
    tmp_path: Path,
    kind: str = "stop",
    before: list[str] | None = None,
    **how: Any,
) -> subprocess.Popen[bytes]:
    """`proc-jail run` of a shell with a child, whose number is in `pid`."""
    policy = shell_policy(tmp_path, timeout=100, on_overflow=kind)
    mark = os.fspath(tmp_path / "pid")
    command = ["run", os.fspath(policy), "--", SH, "-c", TREE, "sh", mark]
    return subprocess.Popen(
        [*(before or []), COMMAND, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **how,
    )


@each_signal
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", ["stop", "keep_head_tail"])
def test_a_signal_kills_the_tree(
    tmp_path: Path, number: signal.Signals, times: int, kind: str
) -> None:
    with start_tree(tmp_path, kind, stdin=subprocess.PIPE) as running:
        child = written_pid(tmp_path / "pid")
        for _ in range(times):
            running.send_signal(number)
        assert running.wait(60) == 128 + number
        assert running.stderr is not None
        assert running.stderr.read() == b""
    reap_orphans()
    assert is_gone(child)


@pytest.mark.parametrize("then", ["raise AttributeError", "pass"])
def test_what_a_signal_raises_is_not_lost(then: str) -> None:
    """CPython loses it inside of open(): then it is another error, or none."""
    code = f"""
import os, signal
from proc_jail._live.signals import Ended, signals_raise
try:
    with signals_raise():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Ended:
            {then}
        os.kill(os.getpid(), signal.SIGTERM)
except Ended as ended:
    print(ended.status)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False
    )
    assert done.stdout == b"143\n", done.stderr


@each_signal
def test_a_signal_ends_what_reads_its_input(
    tmp_path: Path, number: signal.Signals
) -> None:
    """No command runs yet; the handlers stand once it blocks."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    policy = os.fspath(shell_policy(tmp_path, max_stdin=99))
    with subprocess.Popen(
        [COMMAND, "run", policy, "--stdin", fifo, "--", SH, "-c", "cat"],
        stderr=subprocess.PIPE,
    ) as running:
        # Opened for writing as soon as it is opened for reading.
        with open(fifo, "wb"):

            def has_ended() -> bool:
                running.send_signal(number)
                return running.poll() is not None

            wait_until(has_ended)
        assert running.returncode == 128 + number
        assert running.stderr is not None
        assert running.stderr.read() == b""


@each_signal
def test_what_was_ignored_stays_ignored(
    tmp_path: Path, number: signal.Signals
) -> None:
    """As under nohup, or behind a shell's `&`."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    policy = os.fspath(shell_policy(tmp_path))
    script = 'echo up; read word <"$1"; echo $word'
    ignoring = f'trap "" {number.name[3:]}; exec "$@"'
    command = [COMMAND, "run", policy, "--", SH, "-c", script, "sh"]
    with subprocess.Popen(
        ["/bin/sh", "-c", ignoring, "sh", *command, fifo],
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"up\n"
        running.send_signal(number)
        fifo.write_text("lived\n")
        assert running.stdout.read() == b"lived\n"
    assert running.returncode == 0


def test_ctrl_c_at_a_terminal(tmp_path: Path) -> None:
    main, terminal = os.openpty()
    # The first terminal that the leader of a session opens is its own.
    opening = 'exec "$@" <"$0" >"$0"'
    with start_tree(
        tmp_path,
        before=["/bin/sh", "-c", opening, os.ttyname(terminal)],
        start_new_session=True,
    ) as running:
        child = written_pid(tmp_path / "pid")
        os.write(main, b"\x03")
        assert running.wait(60) == 130
    os.close(main)
    os.close(terminal)
    reap_orphans()
    assert is_gone(child)


def test_output_that_is_not_taken_at_once(tmp_path: Path) -> None:
    """The pipe does not block, and is full before it is read."""
    size = 1_000_000
    for kind in ("stop", "keep_head_tail"):
        policy = os.fspath(
            shell_policy(tmp_path, timeout=100, on_overflow=kind)
        )
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        with subprocess.Popen(
            [
                COMMAND,
                "run",
                policy,
                "--",
                SH,
                "-c",
                f"head -c {size} /dev/zero",
            ],
            stdout=writing,
            stderr=subprocess.PIPE,
        ) as running:
            os.close(writing)
            full = select.poll()
            full.register(reading, select.POLLIN)
            full.poll()
            got = 0
            while chunk := os.read(reading, 99_999):
                got += len(chunk)
            assert running.stderr is not None
            assert running.stderr.read() == b""
        os.close(reading)
        assert (running.returncode, got) == (0, size)


@pytest.mark.parametrize("kind", ["stop", "keep_head_tail"])
@pytest.mark.parametrize("blocking", [True, False])
def test_output_that_nobody_takes(
    tmp_path: Path, kind: str, blocking: bool
) -> None:
    """The command line ends, and says what became of it."""
    made = shell_policy(tmp_path, timeout="1s", on_overflow=kind)
    script = 'echo $$ >"$1"; head -c 300000 /dev/zero; sleep 1000'
    if kind != "stop":
        script = script.replace("; sleep 1000", "")
    file = tmp_path / "pid"
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    with subprocess.Popen(
        [COMMAND, "run", os.fspath(made), "--", SH, "-c", script, "sh", file],
        stdout=writing,
        stderr=subprocess.PIPE,
    ) as running:
        os.close(writing)
        assert running.wait(60) == 124
        assert running.stderr is not None
        told = running.stderr.read().decode()
    taken = 0
    while chunk := os.read(reading, 65536):
        taken += len(chunk)
    os.close(reading)
    assert told == (
        "proc-jail: stopped: Timeout: standard output was not taken within "
        f"1.0 s; {told.split()[-4]} bytes are lost\n"
    )
    assert int(told.split()[-4]) + taken <= 300_000
    assert taken >= 4096
    reap_orphans()
    assert is_gone(int(file.read_text()))


def closed(fds: str, *args: str | Path) -> subprocess.CompletedProcess[bytes]:
    """The command line, started by a shell with streams closed."""
    return subprocess.run(
        ["/bin/sh", "-c", f'"$@" {fds}', "sh", COMMAND, *args],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_streams_that_are_closed(tmp_path: Path) -> None:
    policy = shell_policy(tmp_path, max_stdin=99)
    echo = ("--", SH, "-c", "echo out; echo err >&2; exit 3")
    done = closed(">&-", "run", policy, *echo)
    assert (done.returncode, done.stdout) == (125, b"")
    assert done.stderr == b"proc-jail: [Errno 9] Bad file descriptor\n"
    done = closed(">&-", "run", policy, "--", SH, "-c", "exit 3")
    assert (done.returncode, done.stderr) == (3, b"")
    done = closed("2>&-", "run", policy, *echo)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"")
    done = closed("2>&-", "run", policy, "--", "/none")
    assert (done.returncode, done.stdout, done.stderr) == (126, b"", b"")
    done = closed("<&-", "run", policy, *echo)
    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        b"out\n",
        b"err\n",
    )
    done = closed("<&-", "run", policy, "--stdin", "-", "--", SH, "-c", "cat")
    assert (done.returncode, done.stdout) == (125, b"")
    assert done.stderr.count(b"\n") == 1
    done = closed("<&- >&- 2>&-", "run", policy, "--", SH, "-c", "exit 3")
    assert done.returncode == 3
    for args in (["schema"], ["--version"], ["profiles"]):
        done = closed(">&-", *args)
        assert done.returncode == 1
        assert done.stderr == b"proc-jail: [Errno 9] Bad file descriptor\n"

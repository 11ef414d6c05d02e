"""proc-jail run: the program's output and exit status, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from commands import (
    COMMAND,
    GREP,
    SH,
    grep_policy,
    invoke,
    shell_policy,
)
from hosts import is_gone, reap_orphans, written_pid
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

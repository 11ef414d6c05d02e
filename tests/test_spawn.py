"""What a command writes and how it ends reaches the caller exactly."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from conftest import Build, pattern, policy_for, program, shell
from proc_jail import (
    NonZeroExit,
    Output,
    ProcPolicyBuilder,
    ProcRequest,
    SpawnFailed,
)


def emit(helper: Build, *numbers: int) -> Output:
    policy = policy_for(
        helper("emit"),
        None,
        lambda b: b.max_stdout(1 << 28).max_stderr(1 << 28),
    )
    return policy.run(helper("emit"), [str(n) for n in numbers])


@pytest.mark.parametrize(
    ("out", "err", "chunk"),
    [
        (0, 0, 1),
        (1, 0, 1),
        (0, 1, 1),
        (3000, 3000, 1),
        (100_000, 50_000, 997),
        (65_536, 65_536, 65_536),
        (65_537, 65_535, 4096),
        (1_000_000, 999_999, 65_536),
    ],
)
def test_both_streams_are_kept_apart(
    helper: Build, out: int, err: int, chunk: int
) -> None:
    output = emit(helper, out, err, chunk)
    assert output.stdout == pattern(out)
    assert output.stderr == pattern(err)
    assert output.success


@pytest.mark.parametrize("boundary", [1 << 16, 1 << 18, 1 << 19, 1 << 20])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_sizes_around_the_buffers(
    helper: Build, boundary: int, offset: int
) -> None:
    size = boundary + offset
    output = emit(helper, size, size)
    assert output.stdout == pattern(size)
    assert output.stderr == pattern(size)


def test_a_hundred_megabytes(helper: Build) -> None:
    size = 100_000_000
    output = emit(helper, size, 0)
    assert len(output.stdout) == size
    assert output.stdout == pattern(size)
    assert output.stderr == b""


def test_a_hundred_megabytes_of_stderr(helper: Build) -> None:
    size = 100_000_000
    output = emit(helper, 0, size)
    assert output.stderr == pattern(size)
    assert output.stdout == b""


def test_large_outputs_are_ordinary_bytes(helper: Build) -> None:
    """They are read straight into the object, which must still be sound."""
    output = emit(helper, 1 << 20, 1 << 19)
    for stream in (output.stdout, output.stderr):
        assert type(stream) is bytes
        assert hash(stream) == hash(bytes(bytearray(stream)))
        assert stream + b"!" == bytearray(stream) + b"!"
    assert output.stdout is output.stdout


def test_every_byte_value_passes(tmp_path: Path) -> None:
    every = bytes(range(256)) * 3
    (tmp_path / "data").write_bytes(every)
    cat = program("cat")
    assert policy_for(cat).run(cat, [tmp_path / "data"]).stdout == every


def test_output_that_is_not_utf8() -> None:
    script = r"printf 'a\377b'; printf '\376' >&2"
    output = shell().run("/bin/sh", ["-c", script])
    assert output.stdout == b"a\xffb"
    assert output.stdout_string() == "a\ufffdb"
    assert output.stderr_string() == "\ufffd"


def test_exit_codes(helper: Build) -> None:
    policy = policy_for(helper("end"))
    for code in range(256):
        output = policy.run(helper("end"), ["exit", str(code)])
        assert output.exit_code == output.returncode == code
        assert output.signal is None
        assert output.success is (code == 0)


def test_status_127_of_the_program_itself(helper: Build) -> None:
    """The child gives up with 127; a program may end so as well."""
    end = helper("end")
    assert policy_for(end).run(end, ["exit", "127"]).exit_code == 127


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGABRT,
        signal.SIGKILL,
        signal.SIGSEGV,
        signal.SIGPIPE,
        signal.SIGTERM,
        # Darwin has no real-time signals.
        *(
            getattr(signal, name)
            for name in ("SIGRTMIN", "SIGRTMAX")
            if hasattr(signal, name)
        ),
    ],
)
def test_death_by_signal(helper: Build, number: int) -> None:
    end = helper("end")
    output = policy_for(end).run(end, ["signal", str(int(number))])
    assert output.signal == number
    assert output.returncode == -number
    assert output.exit_code is None
    assert not output.success


def test_check_raises_with_the_output() -> None:
    output = shell().run("/bin/sh", ["-c", "echo out; echo err >&2; exit 3"])
    with pytest.raises(NonZeroExit) as info:
        output.check()
    error = info.value
    assert error.returncode == 3
    assert (error.stdout, error.stderr) == (b"out\n", b"err\n")
    assert error.bin == output.args[0]
    assert error.argv == output.args[1:]
    assert error.elapsed == output.duration


def test_args_and_duration() -> None:
    true = program("true")
    policy = policy_for(true)
    command = policy.prepare(ProcRequest(true, ["a", "b c", ""]))
    output = command.spawn_sync()
    assert output.args == [command.launch_program, "a", "b c", ""]
    assert 0 < output.duration < 20


def test_a_command_runs_any_number_of_times(tmp_path: Path) -> None:
    script = 'echo x >> "$1"; wc -l < "$1"'
    command = shell().prepare(
        ProcRequest("/bin/sh", ["-c", script, "sh", tmp_path / "log"])
    )
    counts = [int(command.spawn_sync().stdout) for _ in range(5)]
    assert counts == [1, 2, 3, 4, 5]


def test_a_command_outlives_policy_and_request() -> None:
    echo = program("echo")
    command = policy_for(echo).prepare(ProcRequest(echo, ["still here"]))
    assert command.spawn_sync().stdout == b"still here\n"


def test_a_wrapper_runs_the_command() -> None:
    nice = program("nice")
    command = shell().prepare(ProcRequest("/bin/sh", ["-c", "nice; exit 4"]))
    output = command.wrap_with(nice, ["-n", "7"]).spawn_sync()
    assert output.stdout == b"%d\n" % min(os.nice(0) + 7, 19)
    assert output.exit_code == 4
    # By the name that was allowed, from which a program may take its task.
    assert output.args[:4] == [nice, "-n", "7", "/bin/sh"]


def test_a_failed_exec_names_step_and_errno(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program\n")
    text.chmod(0o755)
    with pytest.raises(SpawnFailed) as info:
        policy_for(str(text)).run(text, [])
    error = info.value
    assert error.step == "exec"
    assert error.errno == 8  # ENOEXEC
    assert (error.stdout, error.stderr) == (b"", b"")
    assert error.bin == str(text)
    assert error.argv == []


def test_an_empty_file_is_no_program(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch(mode=0o755)
    with pytest.raises(SpawnFailed) as info:
        policy_for(str(empty)).run(empty, [])
    assert (info.value.step, info.value.errno) == ("exec", 8)


def test_a_missing_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!{tmp_path}/missing\n")
    script.chmod(0o755)
    policy = policy_for(
        str(script), None, ProcPolicyBuilder.allow_risky_binaries
    )
    with pytest.raises(SpawnFailed) as info:
        policy.run(script, [])
    assert (info.value.step, info.value.errno) == ("exec", 2)


def test_a_script_runs_with_its_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text('#!/bin/sh\necho "$0 $1"\n')
    script.chmod(0o755)
    policy = policy_for(
        str(script), None, ProcPolicyBuilder.allow_risky_binaries
    )
    output = policy.run(script, ["one"])
    assert output.stdout == f"{script} one\n".encode()


@pytest.mark.parametrize("size", [200_000, 8_000_000])
def test_arguments_the_kernel_refuses(size: int) -> None:
    """One token above 128 KiB, and a list above the stack's quarter."""
    true = program("true")
    tokens = ["x" * size] if size < 1_000_000 else ["x" * 100_000] * 80
    with pytest.raises(SpawnFailed) as info:
        policy_for(true).run(true, tokens)
    assert (info.value.step, info.value.errno) == ("exec", 7)  # E2BIG


def test_large_arguments_the_kernel_takes(helper: Build) -> None:
    args = helper("args")
    tokens = [f"{i:>100000}" for i in range(10)]
    output = policy_for(args).run(args, tokens)
    assert output.stdout.decode().split("\0")[1:-1] == tokens

"""Every front end drives the same state machine: results and errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conftest import Build, pattern, policy_for, shell
from fronts import (
    Drive,
    Front,
    asking,
    through_all,
    through_drives,
    through_keeping,
)
from hosts import is_gone, written_pid
from proc_jail import (
    BinChanged,
    ExecError,
    ProcRequest,
    SpawnFailed,
    StderrLimitExceeded,
    StdoutLimitExceeded,
    Timeout,
)

SIZES = [0, 1, 65_535, 65_536, 65_537, 262_145, 3_000_000]


@through_keeping
@pytest.mark.parametrize("size", SIZES)
def test_whole_output(front: Front, helper: Build, size: int) -> None:
    emit = helper("emit")
    policy = policy_for(emit, None, lambda b: b.max_stderr(1 << 23))
    output = front(policy, ProcRequest(emit, [str(size), str(size)]))
    assert output.stdout == pattern(size)
    assert output.stderr == pattern(size)
    assert output.stdout_total == output.stderr_total == size
    assert not output.stdout_truncated
    assert not output.stderr_truncated
    assert output.success


@through_all
def test_status(front: Front) -> None:
    output = front(shell(), asking("echo oops >&2; exit 7"))
    assert output.returncode == 7
    assert output.stderr == b"oops\n"
    assert front(shell(), asking("kill -9 $$")).signal == 9


@through_all
def test_the_rest_of_the_tree_is_killed(front: Front, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = "(echo $(exec sh -c 'echo $PPID') >$1; exec sleep 1000) &"
    code += ' while [ ! -s "$1" ]; do :; done'
    assert front(shell(), asking(code, file)).success
    assert is_gone(written_pid(file))


@through_all
def test_timeout(front: Front) -> None:
    policy = shell(lambda b: b.timeout(2))
    code = "echo early; echo oops >&2; sleep 1000"
    with pytest.raises(Timeout) as info:
        front(policy, asking(code))
    error = info.value
    assert error.stdout in (b"early\n", b"")  # kept, or streamed before
    assert error.stderr == b"oops\n"
    assert error.limit == 2
    assert error.elapsed is not None
    assert 2 <= error.elapsed < 30
    assert error.bin is not None
    assert error.argv == ["-c", code, "sh"]


@through_all
def test_timeout_of_one_that_closed_its_pipes(front: Front) -> None:
    policy = shell(lambda b: b.timeout(0.3))
    with pytest.raises(Timeout):
        front(policy, asking("exec >&- 2>&-; sleep 1000"))


@through_keeping
def test_partial_output(front: Front) -> None:
    policy = shell(lambda b: b.timeout(2))
    with pytest.raises(Timeout) as info:
        front(policy, asking("echo early; sleep 1000"))
    assert info.value.stdout == b"early\n"


@through_all
@pytest.mark.parametrize("cap", [0, 1, 65_536, 100_000])
def test_stdout_limit(front: Front, helper: Build, cap: int) -> None:
    emit = helper("emit")
    policy = policy_for(emit, None, lambda b: b.max_stdout(cap))
    front(policy, ProcRequest(emit, [str(cap), "5"]))
    with pytest.raises(StdoutLimitExceeded) as info:
        front(policy, ProcRequest(emit, [str(cap + 1), "0"]))
    assert info.value.limit == cap
    assert pattern(cap).endswith(info.value.stdout)


@through_all
def test_stderr_limit(front: Front, helper: Build) -> None:
    flood = helper("flood")
    policy = policy_for(flood, None, lambda b: b.max_stderr(1000))
    with pytest.raises(StderrLimitExceeded) as info:
        front(policy, ProcRequest(flood, ["err"]))
    assert info.value.stderr == b"x" * 1000
    assert info.value.stdout == b""


@through_all
def test_spawn_failed(front: Front, tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("no program\n")
    path.chmod(0o755)
    with pytest.raises(SpawnFailed) as info:
        front(policy_for(str(path)), ProcRequest(path, ["x"]))
    error = info.value
    assert (error.step, error.errno) == ("exec", 8)
    assert error.argv == ["x"]
    assert error.stdout == error.stderr == b""


@through_drives
def test_changed_binary(drive: Drive, tmp_path: Path) -> None:
    path = tmp_path / "program"
    shutil.copy("/bin/true", path)
    command = policy_for(str(path)).prepare(ProcRequest(path, []))
    assert drive(command).success
    path.unlink()
    shutil.copy("/bin/false", path)
    with pytest.raises(BinChanged):
        drive(command)


@through_all
def test_commands_run_again(front: Front) -> None:
    policy, request = shell(), asking("echo $$")
    for _ in range(20):
        assert front(policy, request).success


@through_all
def test_errors_pickle(front: Front) -> None:
    import pickle

    policy = shell(lambda b: b.max_stdout(3))
    with pytest.raises(ExecError) as info:
        front(policy, asking("echo 12345"))
    copy = pickle.loads(pickle.dumps(info.value))
    assert type(copy) is StdoutLimitExceeded
    assert copy.stdout == info.value.stdout

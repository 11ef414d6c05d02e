"""Standard input: where it comes from, how much, and who reads it."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from conftest import policy_for, program, shell
from fronts import Change, Front, asking, through_keeping
from hosts import needs_proc
from proc_jail import (
    LimitInvalid,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    StdinForbidden,
    StdoutLimitExceeded,
    Timeout,
    Violation,
)

DATA = bytes(range(256)) * 4
SIZES = [0, 1, 65_535, 65_536, 65_537, 8 << 20]


def with_input(size: int) -> Change:
    return lambda b: b.max_stdin(size)


def cat(size: int = 1 << 24) -> ProcPolicy:
    return policy_for(program("cat"), None, with_input(size))


def catting(source: bytes | str | Path | BinaryIO) -> ProcRequest:
    return ProcRequest(program("cat"), []).with_stdin(source)


@through_keeping
@pytest.mark.parametrize("size", SIZES)
def test_it_arrives_whole(front: Front, size: int) -> None:
    data = os.urandom(size)
    output = front(cat(), catting(data))
    assert output.stdout == data
    assert output.success


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_bytes_of_every_kind(
    make: Callable[[bytes], bytes | bytearray | memoryview],
) -> None:
    request = ProcRequest(program("cat"), []).with_stdin(make(DATA))
    assert request.stdin == DATA
    assert type(request.stdin) is bytes
    assert cat().prepare(request).spawn_sync().stdout == DATA


def test_a_bytearray_is_copied() -> None:
    source = bytearray(b"before")
    request = ProcRequest(program("cat"), []).with_stdin(source)
    source[:] = b"after!"
    assert request.stdin == b"before"


def test_a_strided_memoryview() -> None:
    view = memoryview(b"a-b-c-")[::2]
    assert ProcRequest("/bin/cat", []).with_stdin(view).stdin == b"abc"


@pytest.mark.parametrize("make", [str, Path])
def test_paths(tmp_path: Path, make: Callable[[str], str | Path]) -> None:
    file = tmp_path / "d\u00e4ta"
    file.write_bytes(DATA)
    request = catting(make(str(file)))
    assert request.stdin == DATA
    file.unlink()  # it has been read
    assert cat().prepare(request).spawn_sync().stdout == DATA


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(DATA)
    with path.open("rb") as file:
        file.seek(10)
        assert catting(file).stdin == DATA[10:]
        assert not file.closed
        assert file.tell() == len(DATA)
    assert catting(io.BytesIO(DATA)).stdin == DATA


def test_text_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("text")
    with path.open() as file:
        with pytest.raises(TypeError, match="binary"):
            catting(cast("BinaryIO", file))
    with pytest.raises(TypeError, match="binary"):
        catting(cast("BinaryIO", io.StringIO("text")))


@pytest.mark.parametrize("source", [None, 3, 3.5, ["a"], object()])
def test_other_types_are_refused(source: object) -> None:
    with pytest.raises(TypeError, match="stdin must be"):
        catting(cast("bytes", source))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        catting(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        catting(tmp_path)

    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(5, "broken")

    with pytest.raises(OSError, match="broken"):
        catting(cast("BinaryIO", Broken()))


# ------------------------------------------------------------- the policy


def test_it_is_refused_by_default() -> None:
    policy = policy_for(program("cat"))
    error = policy.check(catting(b"x"))
    assert isinstance(error, StdinForbidden)
    with pytest.raises(StdinForbidden, match="raise max_stdin") as info:
        policy.prepare(catting(b"secret-input"))
    assert info.value.max == 0
    assert info.value.got == len(b"secret-input")
    assert isinstance(info.value, Violation)
    assert "secret-input" not in str(info.value)


@pytest.mark.parametrize("cap", [1, 1000, 65_536])
def test_the_cap(cap: int) -> None:
    policy = cat(cap)
    exact = policy.prepare(catting(b"x" * cap)).spawn_sync()
    assert exact.stdout == b"x" * cap
    with pytest.raises(StdinForbidden) as info:
        policy.prepare(catting(b"x" * (cap + 1)))
    assert (info.value.max, info.value.got) == (cap, cap + 1)


def test_empty_input_needs_no_permission() -> None:
    policy = policy_for(program("cat"))
    assert policy.prepare(catting(b"")).spawn_sync().stdout == b""


@pytest.mark.parametrize("cap", [-1, 1 << 70])
def test_bad_caps(cap: int) -> None:
    with pytest.raises(LimitInvalid):
        ProcPolicyBuilder().max_stdin(cap)


def test_without_input_stdin_is_empty() -> None:
    assert shell().run("/bin/sh", ["-c", "cat; echo $?"]).stdout == b"0\n"


# -------------------------------------------------------------- the child


@through_keeping
def test_a_child_that_never_reads(front: Front) -> None:
    request = asking("echo done").with_stdin(b"x" * (8 << 20))
    output = front(shell(with_input(8 << 20)), request)
    assert output.stdout == b"done\n"


@through_keeping
def test_a_child_that_closes_it(front: Front) -> None:
    """No EPIPE, no SIGPIPE: it is none of the caller's business."""
    code = "read line; exec <&-; echo $line"
    request = asking(code).with_stdin(b"first\n" + b"x" * (8 << 20))
    output = front(shell(with_input(9 << 20)), request)
    assert output.stdout == b"first\n"
    assert output.success


@through_keeping
def test_a_child_that_stays_without_reading(front: Front) -> None:
    policy = shell(with_input(8 << 20), lambda b: b.timeout(0.3))
    request = asking("exec sleep 1000").with_stdin(b"x" * (8 << 20))
    with pytest.raises(Timeout):
        front(policy, request)


@through_keeping
def test_one_that_echoes_more_than_is_allowed(front: Front) -> None:
    policy = policy_for(
        program("cat"), None, with_input(1 << 20), lambda b: b.max_stdout(10)
    )
    with pytest.raises(StdoutLimitExceeded) as info:
        front(policy, catting(b"0123456789" * 10_000))
    assert info.value.stdout == b"0123456789"


def test_a_command_reads_it_anew_each_time() -> None:
    command = cat().prepare(catting(DATA))
    for _ in range(3):
        assert command.spawn_sync().stdout == DATA
    running = [command.start() for _ in range(3)]
    assert [r.wait().stdout for r in running] == [DATA] * 3


def test_the_child_cannot_change_it() -> None:
    """What one run writes into its input, the next does not see."""
    policy = shell(with_input(100))
    request = asking("cat; printf evil 1<>/dev/fd/0").with_stdin(b"good")
    command = policy.prepare(request)
    assert [command.spawn_sync().stdout for _ in range(2)] == [b"good"] * 2


@needs_proc
def test_other_descriptors_stay_closed() -> None:
    policy = shell(with_input(100))
    request = asking("ls /proc/$$/fd").with_stdin(b"x")
    shown = policy.prepare(request).spawn_sync().stdout.split()
    assert shown == [b"0", b"1", b"2"]


# ------------------------------------------------------------- the request


def test_requests_keep_it() -> None:
    request = catting(DATA)
    for copy in (
        pickle.loads(pickle.dumps(request)),
        request.with_cwd("/tmp").with_env({"A": "b"}).with_env_var("C", "d"),
    ):
        assert copy.stdin == DATA
    assert pickle.loads(pickle.dumps(request)) == request
    assert request.with_stdin(b"other").stdin == b"other"
    assert request.stdin == DATA


def test_requests_without_it() -> None:
    request = ProcRequest("/bin/cat", [])
    assert request.stdin is None
    assert pickle.loads(pickle.dumps(request)).stdin is None
    assert request != request.with_stdin(b"a")
    assert hash(request.with_stdin(b"a")) == hash(request.with_stdin(b"a"))


def test_repr_hides_it() -> None:
    shown = repr(catting(b"hunter2"))
    assert "hunter2" not in shown
    assert "stdin=<7 bytes>" in shown
    assert "hunter2" not in repr(cat().prepare(catting(b"hunter2")))


def test_policies_keep_the_cap() -> None:
    policy = pickle.loads(pickle.dumps(cat(7)))
    assert policy.check(catting(b"1234567")) is None
    assert isinstance(policy.check(catting(b"12345678")), StdinForbidden)
    assert "max_stdin(7)" in repr(ProcPolicyBuilder().max_stdin(7))

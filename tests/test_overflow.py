"""Too much output: stopped, or truncated to the head, or to both ends."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import pytest

from conftest import Build, pattern, policy_for, shell
from fronts import Front, asking, on_loops, run_on, through_keeping
from proc_jail import (
    LimitInvalid,
    Overflow,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    StdoutLimitExceeded,
    Timeout,
)

CAPS = [0, 1, 2, 3, 7, 1000, 65_535, 65_536, 65_537, 300_001]
EXTRA = [0, 1, 2, 3, 999, 16_384, 65_536, 70_001, 1_000_003]


def kept(data: bytes, cap: int, overflow: Overflow) -> bytes:
    """What is kept of a stream: the model."""
    if len(data) <= cap or overflow is Overflow.KeepHead:
        return data[:cap]
    head = cap - cap // 2
    return data[:head] + data[len(data) - cap // 2 :]


def truncating(
    path: str, overflow: Overflow, cap: int, err_cap: int = 1 << 20
) -> ProcPolicy:
    return policy_for(
        path,
        None,
        lambda b: b.max_stdout(cap).max_stderr(err_cap),
        lambda b: b.on_overflow(overflow),
    )


@pytest.mark.parametrize(
    "overflow", [Overflow.KeepHead, Overflow.KeepHeadTail]
)
@pytest.mark.parametrize("cap", CAPS)
def test_against_the_model(
    helper: Build, overflow: Overflow, cap: int
) -> None:
    emit = helper("emit")
    policy = truncating(emit, overflow, cap, cap)
    for extra in EXTRA:
        size = cap + extra
        output = policy.run(emit, [str(size), str(size)])
        expected = kept(pattern(size), cap, overflow)
        for stream, total, truncated in (
            (output.stdout, output.stdout_total, output.stdout_truncated),
            (output.stderr, output.stderr_total, output.stderr_truncated),
        ):
            assert stream == expected
            assert total == size
            assert truncated == (extra > 0)
        assert output.success


def test_random_sizes_and_chunks_against_the_model(helper: Build) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    emit = helper("emit")
    for _ in range(150):
        overflow = chance.choice([Overflow.KeepHead, Overflow.KeepHeadTail])
        cap = int(2 ** (chance.random() * 18)) - 1
        size = int(2 ** (chance.random() * 20)) - 1
        chunk = int(2 ** (chance.random() * 16))
        if size // chunk > 2000:
            chunk = size // 2000 + 1
        policy = truncating(emit, overflow, cap)
        output = policy.run(emit, [str(size), "0", str(chunk)])
        assert output.stdout == kept(pattern(size), cap, overflow)
        assert output.stdout_total == size
        assert output.stdout_truncated == (size > cap)


@through_keeping
def test_every_front_end(front: Front, helper: Build) -> None:
    emit, size, cap = helper("emit"), 1_000_000, 99_999
    for overflow in (Overflow.KeepHead, Overflow.KeepHeadTail):
        policy = truncating(emit, overflow, cap)
        output = front(policy, ProcRequest(emit, [str(size), "3"]))
        assert output.stdout == kept(pattern(size), cap, overflow)
        assert output.stderr == pattern(3)
        assert (output.stdout_total, output.stderr_total) == (size, 3)
        assert output.stdout_truncated
        assert not output.stderr_truncated


def test_stop_is_the_default(helper: Build) -> None:
    emit = helper("emit")
    for change in (lambda b: b, lambda b: b.on_overflow(Overflow.Stop)):
        policy = policy_for(emit, None, lambda b: b.max_stdout(5), change)
        with pytest.raises(StdoutLimitExceeded):
            policy.run(emit, ["6", "0"])


@pytest.mark.parametrize(
    "overflow", [Overflow.KeepHead, Overflow.KeepHeadTail]
)
def test_an_endless_stream_ends_at_the_deadline(
    helper: Build, overflow: Overflow
) -> None:
    flood = helper("flood")
    policy = policy_for(
        flood,
        None,
        lambda b: b.max_stdout(1001).on_overflow(overflow).timeout(2),
    )
    with pytest.raises(Timeout) as info:
        policy.run(flood, ["out"])
    assert info.value.stdout == b"x" * 1001


def test_the_last_words_are_kept() -> None:
    policy = shell(
        lambda b: b.max_stdout(20).on_overflow(Overflow.KeepHeadTail)
    )
    code = "echo begin; seq 100000; echo the end"
    output = policy.run("/bin/sh", ["-c", code])
    assert output.stdout == b"begin\n1\n2\n" + b"0\nthe end\n"


@pytest.mark.parametrize(
    "overflow", [Overflow.KeepHead, Overflow.KeepHeadTail]
)
def test_streaming_gives_the_head(helper: Build, overflow: Overflow) -> None:
    """An end cannot be kept when the beginning has been given away."""
    emit = helper("emit")
    for cap in (0, 1, 1000, 65_537, 300_001):
        for extra in (0, 1, 70_001, 1_000_003):
            size = cap + extra
            policy = truncating(emit, overflow, cap)
            request = ProcRequest(emit, [str(size), str(size)])
            with policy.prepare(request).start() as running:
                assert b"".join(running) == pattern(cap)
            output = running.wait()
            assert output.stdout_total == size
            assert output.stderr == kept(pattern(size), 1 << 20, overflow)


@on_loops
def test_streaming_on_a_loop_gives_the_head(loop: str, helper: Build) -> None:
    emit, size, cap = helper("emit"), 1_000_000, 99_999

    async def main() -> bytes:
        policy = truncating(emit, Overflow.KeepHeadTail, cap)
        request = ProcRequest(emit, [str(size), "0"])
        async with policy.prepare(request).start() as running:
            return b"".join([chunk async for chunk in running])

    assert run_on(loop, main) == pattern(cap)


def test_totals_without_truncation() -> None:
    output = shell().run("/bin/sh", ["-c", "echo ab; echo c >&2"])
    assert (output.stdout_total, output.stderr_total) == (3, 2)
    assert not output.stdout_truncated
    assert not output.stderr_truncated


def test_outputs_pickle(helper: Build) -> None:
    policy = truncating(helper("emit"), Overflow.KeepHead, 5)
    output = policy.run(helper("emit"), ["9", "1"])
    copy = pickle.loads(pickle.dumps(output))
    assert (copy.stdout_total, copy.stderr_total) == (9, 1)
    assert copy.stdout_truncated
    assert not copy.stderr_truncated


def test_policies_pickle(helper: Build) -> None:
    emit = helper("emit")
    policy = truncating(emit, Overflow.KeepHeadTail, 4)
    copy = pickle.loads(pickle.dumps(policy))
    assert copy.run(emit, ["251", "0"]).stdout == b"\x00\x01\xf9\xfa"


@pytest.mark.parametrize("value", [-1, 3, 1 << 40])
def test_bad_numbers(value: int) -> None:
    with pytest.raises((ValueError, LimitInvalid)):
        ProcPolicyBuilder().on_overflow(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["KeepHead", None, 1.0])
def test_bad_types(value: object) -> None:
    with pytest.raises(TypeError):
        ProcPolicyBuilder().on_overflow(value)  # type: ignore[arg-type]


# ----------------------------------------------------------- graceful stop

GRACE = 19.5  # begins half a second after the start


def graceful(timeout: float = 20, grace: float = GRACE) -> ProcPolicy:
    return shell(lambda b: b.timeout(timeout).stop_grace(grace))


@through_keeping
def test_a_child_that_obeys(front: Front) -> None:
    """Its last words are kept, and it was stopped all the same."""
    code = (
        "trap 'echo last; echo words >&2; exit 0' TERM; echo first;"
        " while :; do sleep 0.01; done"
    )
    with pytest.raises(Timeout) as info:
        front(graceful(), asking(code))
    error = info.value
    assert error.stdout == b"first\nlast\n"
    assert error.stderr.endswith(b"words\n")
    assert error.elapsed is not None
    assert 0.5 <= error.elapsed < 19


@through_keeping
def test_a_child_that_ignores(front: Front) -> None:
    code = "trap 'echo no' TERM; while :; do sleep 0.01; done"
    with pytest.raises(Timeout) as info:
        front(graceful(2.3, 0.3), asking(code))
    assert info.value.stdout == b"no\n"
    assert info.value.elapsed is not None
    assert 2.3 <= info.value.elapsed < 30


@through_keeping
def test_the_leader_obeys_and_others_stay(
    front: Front, tmp_path: Path
) -> None:
    """The end of the leader is the end: the others are killed."""
    code = (
        "sh -c 'trap \"\" TERM; echo x >$1; while :; do sleep 0.01; done'"
        " sh $1 & trap 'echo bye; exit' TERM; while :; do sleep 0.01; done"
    )
    with pytest.raises(Timeout) as info:
        front(graceful(), asking(code, tmp_path / "up"))
    assert info.value.stdout == b"bye\n"


@through_keeping
def test_the_whole_group_is_asked(front: Front) -> None:
    """The leader waits for its child, which obeys."""
    code = (
        "trap 'wait; echo all; exit' TERM;"
        ' sh -c \'trap "echo child; exit" TERM;'
        " while :; do sleep 0.01; done' & wait"
    )
    with pytest.raises(Timeout) as info:
        front(graceful(), asking(code))
    assert info.value.stdout == b"child\nall\n"


@through_keeping
def test_one_that_ends_before(front: Front) -> None:
    output = front(graceful(), asking("trap 'echo no' TERM; echo yes"))
    assert output.stdout == b"yes\n"
    assert output.success


@pytest.mark.parametrize(
    ("timeout", "grace"), [(1, 1), (1, 1.5), (0.5, 0.5), (2, 3600)]
)
def test_grace_beyond_the_timeout(timeout: float, grace: float) -> None:
    for builder in (
        ProcPolicyBuilder().timeout(timeout).stop_grace(grace),
        ProcPolicyBuilder().stop_grace(grace).timeout(timeout),
    ):
        with pytest.raises(LimitInvalid, match="stop_grace"):
            builder.build()


@pytest.mark.parametrize("grace", [-1, float("nan"), float("inf")])
def test_bad_graces(grace: float) -> None:
    with pytest.raises(LimitInvalid, match="stop_grace"):
        ProcPolicyBuilder().stop_grace(grace)


def test_no_grace() -> None:
    policy = shell(lambda b: b.timeout(2).stop_grace(0))
    code = "trap 'echo no' TERM; echo x; while :; do sleep 0.01; done"
    with pytest.raises(Timeout) as info:
        policy.run("/bin/sh", ["-c", code])
    assert info.value.stdout == b"x\n"

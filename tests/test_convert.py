"""What is taken for a string, a list, a mapping, a time and a size."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from conftest import policy_for, program
from proc_jail import (
    ArgRules,
    LimitInvalid,
    ProcPolicyBuilder,
    ProcRequest,
    risk_of,
)

ECHO = program("echo")

# ------------------------------------------------------------- strings


def test_every_kind_of_string_is_taken() -> None:
    for echo in (ECHO, ECHO.encode(), Path(ECHO)):
        rules = ArgRules().max_positionals(9).allowed_flags([b"-n"])
        builder = ProcPolicyBuilder().allow_bin(echo).arg_rules(echo, rules)
        builder = builder.env_allowlist([b"A", "B"]).cwd_jailed(Path("/"))
        policy = builder.build()
        argv: list[str | bytes | Path] = ["a", b"b", Path("c")]
        argv.append(os.fsencode("\u00e9"))
        request = ProcRequest(echo, argv, {b"A": Path("1")}, b"/tmp")
        assert request.argv == ["a", "b", "c", "\u00e9"]
        command = policy.prepare(request)
        assert command.argv == request.argv
        assert command.env == {"A": "1"}
        assert policy.run(echo, (x for x in argv)).stdout_string() == (
            "a b c \u00e9\n"
        )
        assert risk_of(echo) is None


def test_bytes_that_are_not_utf8_go_both_ways() -> None:
    output = policy_for(ECHO).run(ECHO, [b"\xff", "\udcfe"])
    assert output.stdout == b"\xff \xfe\n"
    assert output.args[1:] == ["\udcff", "\udcfe"]
    assert output.stdout_string() == "\ufffd \ufffd\n"


def test_what_no_program_can_be_given() -> None:
    with pytest.raises(UnicodeEncodeError):
        ProcRequest("/x", ["\ud800"])


class Broken:
    def __fspath__(self) -> str:
        raise KeyError("from the path")


def test_an_error_of_a_path_object_is_passed_on() -> None:
    with pytest.raises(KeyError, match="from the path"):
        ProcRequest(Broken(), [])
    with pytest.raises(KeyError, match="from the path"):
        ArgRules().subcommand(Broken())


STRING_LISTS: dict[str, Callable[[Any], object]] = {
    "argv": lambda v: ProcRequest("/x", v),
    "run": lambda v: policy_for(ECHO).run(ECHO, v),
    "flags": lambda v: ArgRules().allowed_flags(v),
    "keys": lambda v: ProcPolicyBuilder().env_allowlist(v),
    "dirs": lambda v: ProcPolicyBuilder().cwd_allowlist(v),
    "args_before": lambda v: (
        policy_for(ECHO).prepare(ProcRequest(ECHO, [])).wrap_with(ECHO, v)
    ),
}


@pytest.mark.parametrize("place", STRING_LISTS)
@pytest.mark.parametrize(
    "value", ["-la", b"-la", "", Path("/x"), None, 5, [1], [None], [["a"]]]
)
def test_a_list_is_not_a_single_string(place: str, value: object) -> None:
    with pytest.raises(TypeError):
        STRING_LISTS[place](value)


@pytest.mark.parametrize(
    "take",
    [
        lambda v: ProcRequest("/x", [], v),
        lambda v: ProcRequest("/x", []).with_env(v),
        lambda v: ProcPolicyBuilder().env_fixed(v),
    ],
    ids=["request", "with_env", "env_fixed"],
)
@pytest.mark.parametrize(
    "value", [[], ["A"], [("A", "1")], ("A",), "A=1", 5, {"A": 1}, {1: "A"}]
)
def test_an_environment_is_a_mapping(
    take: Callable[[object], object], value: object
) -> None:
    with pytest.raises(TypeError):
        take(value)


# -------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, "1"),
        (10**9, "1000000000"),
        (0.5, "0.5"),
        (1e-9, "1e-09"),
        (5e-324, "1e-09"),
        (2.0, "2"),
        (timedelta(minutes=1), "60"),
        (timedelta(milliseconds=1), "0.001"),
    ],
)
def test_timeouts(value: float | timedelta, shown: str) -> None:
    builder = ProcPolicyBuilder()
    for setter in (builder.timeout, builder.timeout_secs):
        assert f".timeout({shown})" in repr(setter(value))


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        0.0,
        -0.0,
        -1e-9,
        float("nan"),
        float("inf"),
        float("-inf"),
        1e9 + 1,
        10**400,
        -(10**400),
        timedelta(0),
        timedelta(-1),
        timedelta.max,
    ],
)
def test_timeouts_out_of_range(value: float | timedelta) -> None:
    with pytest.raises(LimitInvalid, match="limit") as caught:
        ProcPolicyBuilder().timeout(value)
    assert caught.value.value == "timeout"
    assert caught.value.expected


@pytest.mark.parametrize(
    "value", [True, False, "5", b"5", None, [], 1j, Fraction(1, 2)]
)
def test_timeouts_of_another_type(value: Any) -> None:
    with pytest.raises(TypeError):
        ProcPolicyBuilder().timeout(value)


SIZES = [ProcPolicyBuilder().max_stdout, ProcPolicyBuilder().max_stderr]


@pytest.mark.parametrize("setter", SIZES)
def test_sizes(setter: Callable[[Any], ProcPolicyBuilder]) -> None:
    for good in (0, 1, 2**32, 2**46):
        assert f"{setter.__name__}({good})" in repr(setter(good))
    for bad in (-1, 2**46 + 1, 2**63, 2**64, -(2**64), 10**400):
        with pytest.raises(LimitInvalid) as caught:
            setter(bad)
        assert caught.value.value == setter.__name__
    for other in (True, 1.0, "1", None):
        with pytest.raises(TypeError):
            setter(other)

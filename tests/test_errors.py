"""One class per code, with a stable phrase, and fields that say more."""

from __future__ import annotations

import errno
import inspect
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

import proc_jail
from conftest import policy_for, program
from hosts import on_linux
from proc_jail import (
    BinNotFound,
    ExecError,
    NonZeroExit,
    OutOfDescriptors,
    ProcJailError,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    StdoutLimitExceeded,
    StoppedError,
    Timeout,
    Violation,
    _core,
)

CODES = {name: (cls, phrase) for name, cls, phrase, _ in _core._codes()}
# Lack of memory is Python's own MemoryError.
CLASSES = [name for name in CODES if name != "OutOfMemory"]

# What programs that were written for the published package look for.
PHRASES = {
    "BinNotAbsolute": "absolute",
    "BinNotFound": "not found",
    "BinCanonicalizeFailed": "canonicalize",
    "BinNotAllowed": "not allowed",
    "BinRiskyDenied": "risky",
    "BinIsDirectory": "directory",
    "BinNotRegularFile": "regular file",
    "BinNotExecutable": "not executable",
    "ArgRulesRequired": "argument rules required",
    "ArgSubcommandMismatch": "subcommand",
    "ArgFlagNotAllowed": "not allowed",
    "ArgTooManyFlags": "too many flags",
    "ArgTooManyPositionals": "too many positional",
    "EnvForbidden": "forbidden",
    "CwdForbidden": "forbidden",
    "Timeout": "timed out",
    "StdoutLimitExceeded": "limit exceeded",
    "StderrLimitExceeded": "limit exceeded",
    "SpawnFailed": "spawn",
    "NonZeroExit": "exited",
}


def test_the_bases() -> None:
    assert ProcJailError.__bases__ == (Exception,)
    assert Violation.__bases__ == (ProcJailError, ValueError)
    assert ExecError.__bases__ == (ProcJailError, RuntimeError)
    assert StoppedError.__bases__ == (ExecError,)
    assert issubclass(StoppedError, RuntimeError)
    assert Timeout.__bases__ == (StoppedError, TimeoutError)


@pytest.mark.parametrize("name", CLASSES)
def test_one_class_per_code(name: str) -> None:
    cls = getattr(proc_jail, name)
    assert cls.code == name
    assert cls.__module__ == "proc_jail"
    assert cls.__qualname__ == name
    assert name in proc_jail.__all__
    assert inspect.getdoc(cls)
    assert issubclass(cls, getattr(proc_jail, CODES[name][0]))


def test_there_is_no_class_without_a_code() -> None:
    found = {
        name
        for name, thing in vars(proc_jail).items()
        if isinstance(thing, type)
        and issubclass(thing, ProcJailError)
        and thing.code is not None
    }
    # The one that the core does not know, as it knows no files.
    assert found == {*CLASSES, "PolicyFileError"}


@pytest.mark.parametrize(("name", "phrase"), PHRASES.items())
def test_phrases_do_not_change(name: str, phrase: str) -> None:
    assert CODES[name][1] == phrase


def test_the_numbers_of_the_codes_do_not_change() -> None:
    """New ones go to the end."""
    first = ["BinNotAbsolute", "BinNotFound", "BinCanonicalizeFailed"]
    assert list(CODES)[:3] == first
    assert all(row[3].endswith(".") for row in _core._codes())


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_can_be_read(name: str) -> None:
    error = getattr(proc_jail, name)("text")
    if isinstance(error, Violation):
        fields = "path flag key value max got expected reason index category"
    else:
        fields = "bin argv elapsed limit errno step returncode"
        assert (error.stdout, error.stderr) == (b"", b"")
    for field in fields.split():
        assert getattr(error, field) is None
    assert str(error) == "text"
    assert error.args == ("text",)


def test_both_ways_to_catch() -> None:
    policy = policy_for(program("echo"))
    for cls in (BinNotFound, Violation, ProcJailError, ValueError):
        with pytest.raises(cls, match="not found") as caught:
            policy.prepare(ProcRequest("/none", []))
        assert isinstance(caught.value, ProcJailError)
        assert caught.value.code == "BinNotFound"


def test_fields_of_a_stopped_command() -> None:
    seq = program("seq")
    policy = policy_for(seq, None, lambda b: b.max_stdout(4))
    with pytest.raises(StdoutLimitExceeded, match="limit exceeded") as caught:
        policy.run(seq, ["9"])
    error = caught.value
    assert (error.bin, error.argv) == (os.path.realpath(seq), ["9"])
    assert (error.stdout, error.stderr) == (b"1\n2\n", b"")
    assert error.limit == 4
    assert error.elapsed is not None
    assert error.errno is None


def test_fields_of_a_timeout() -> None:
    cat = program("sleep")
    policy = policy_for(cat, None, lambda b: b.timeout(0.05))
    with pytest.raises(TimeoutError, match="timed out") as caught:
        policy.run(cat, ["60"])
    error = caught.value
    assert isinstance(error, Timeout)
    assert error.limit == 0.05
    assert error.elapsed is not None
    assert error.elapsed >= 0.05
    assert error.errno is None


@pytest.mark.parametrize("path", ["\x1b[2J", "a\nb", "\u202e", "x" * 5000])
def test_messages_are_safe_to_log(path: str) -> None:
    found = policy_for(program("echo")).check(ProcRequest(f"/{path}", []))
    assert found is not None
    assert str(found).isprintable()
    assert len(str(found)) < 768
    assert found.path is not None
    assert len(found.path) <= 131


def test_a_signal_and_a_status_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "tool"
    for line, text in (
        ("exit 3", "exited with status 3"),
        ("kill -9 $$", "exited by signal 9"),
    ):
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
        output = policy_for(str(path)).run(path)
        with pytest.raises(NonZeroExit, match=text):
            output.check()


STEPS: dict[str, Callable[[ProcPolicy], object]] = {
    "build": lambda policy: policy_for(program("echo")),
    "prepare": lambda policy: policy.prepare(ProcRequest(program("echo"), [])),
}


@on_linux
@pytest.mark.parametrize("step", STEPS)
def test_a_host_without_descriptors(step: str) -> None:
    """An ExecError, since it is not the request's fault, with its errno."""
    echo = program("echo")
    policy = policy_for(echo, None, lambda b: b.cwd_jailed("/"))
    # Loads what records denials, for which there is no descriptor later.
    with pytest.raises(ValueError, match="/none"):
        policy.prepare(ProcRequest("/none", []))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(OutOfDescriptors, match="descriptor") as caught:
            STEPS[step](policy)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert isinstance(caught.value, ExecError)
    assert caught.value.errno == errno.EMFILE
    assert caught.value.step


def test_what_was_being_handled_is_the_context() -> None:
    """Of whatever is raised, as Python itself does it."""
    sleep, false = program("sleep"), program("false")
    stopped = policy_for(sleep, None, lambda b: b.timeout(0.01))
    failed = policy_for(false).run(false)
    for act in (
        lambda: stopped.run("/none"),
        lambda: stopped.run(sleep, ["1000"]),
        lambda: ProcPolicyBuilder().allow_bin("relative"),
        lambda: ProcPolicyBuilder().max_stdout(-1),
        failed.check,
    ):
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            with pytest.raises(ProcJailError) as caught:
                act()
        assert isinstance(caught.value.__context__, ZeroDivisionError)


def test_nothing_was_being_handled() -> None:
    with pytest.raises(BinNotFound) as caught:
        policy_for(program("true")).run("/none")
    assert caught.value.__context__ is None

"""Audit events: every path raises them, and a hook can forbid."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import policy_for, program
from fronts import FRONTS, Front
from hosts import needs_proc, run_host
from proc_jail import ArgRules, ProcPolicy, ProcRequest, Violation

ECHO = program("echo")
REAL_ECHO = os.path.realpath(ECHO)
EVENTS = ("proc_jail.prepare", "proc_jail.spawn", "subprocess.Popen")
Event = tuple[str, tuple[Any, ...]]


class Forbidden(Exception):
    """What the hook of these tests raises."""


class Recorder:
    """The one hook, which cannot be taken off again."""

    def __init__(self) -> None:
        self.on = False
        self.forbids = ""
        self.events: list[Event] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.on and event in EVENTS:
            self.events.append((event, args))
            if event == self.forbids:
                raise Forbidden(event)


RECORDER = Recorder()
sys.addaudithook(RECORDER)


@pytest.fixture
def hook() -> Iterator[Recorder]:
    RECORDER.on, RECORDER.events = True, []
    yield RECORDER
    RECORDER.on, RECORDER.forbids = False, ""


def run(policy: ProcPolicy, request: ProcRequest) -> Any:
    return policy.run(request.bin, request.argv, request.env, request.cwd)


ALL = {**FRONTS, "run": run}
through_every_path = pytest.mark.parametrize("front", ALL.values(), ids=ALL)


@through_every_path
def test_every_path_is_audited(hook: Recorder, front: Front) -> None:
    policy = policy_for(ECHO, None, lambda b: b.env_allowlist(["SECRET"]))
    front(policy, ProcRequest(ECHO, ["a", "b"], {"SECRET": "hunter2"}))
    assert hook.events == [
        ("proc_jail.prepare", (ECHO, ["a", "b"])),
        ("proc_jail.spawn", (REAL_ECHO, ["a", "b"], "/tmp")),
        (
            "subprocess.Popen",
            (REAL_ECHO, [REAL_ECHO, "a", "b"], "/tmp", None),
        ),
    ]
    assert "hunter2" not in repr(hook.events)


@through_every_path
@pytest.mark.parametrize("event", EVENTS)
def test_a_hook_that_raises_prevents_the_spawn(
    hook: Recorder, front: Front, event: str, tmp_path: Any
) -> None:
    touch = program("touch")
    hook.forbids = event
    target = tmp_path / "made"
    with pytest.raises(Forbidden, match=event):
        front(policy_for(touch), ProcRequest(touch, [target]))
    assert not target.exists()
    assert hook.events[-1][0] == event


def test_what_is_denied_was_announced(hook: Recorder) -> None:
    policy = policy_for(ECHO, ArgRules())
    with pytest.raises(Violation):
        policy.run(ECHO, ["no"])
    assert policy.check(ProcRequest("/none", [])) is not None
    assert hook.events == [
        ("proc_jail.prepare", (ECHO, ["no"])),
        ("proc_jail.prepare", ("/none", [])),
    ]


def test_a_hook_can_forbid_a_check(hook: Recorder) -> None:
    hook.forbids = "proc_jail.prepare"
    with pytest.raises(Forbidden):
        policy_for(ECHO).check(ProcRequest(ECHO, []))


def test_a_wrapper_is_what_is_launched(hook: Recorder) -> None:
    env = program("env")
    command = policy_for(ECHO).prepare(ProcRequest(ECHO, ["a"]))
    command.wrap_with(env, ["-u", "X"]).spawn_sync()
    spawn, popen = hook.events[1:]
    assert spawn[1] == (REAL_ECHO, ["a"], "/tmp")
    wrapper = os.path.realpath(env)
    argv = [wrapper, "-u", "X", REAL_ECHO, "a"]
    assert popen[1] == (wrapper, argv, "/tmp", None)


def test_names_that_are_not_utf8(hook: Recorder) -> None:
    policy_for(ECHO).run(ECHO, [b"\xff"])
    assert hook.events[1][1][1] == ["\udcff"]


@needs_proc
def test_a_forbidden_spawn_leaves_nothing() -> None:
    out = run_host("""
        def hook(event, args):
            if event == "proc_jail.spawn" and forbids:
                raise PermissionError(event)
        forbids = False
        sys.addaudithook(hook)
        policy = policy_for("/bin/echo")
        policy.run("/bin/echo", ["warm"])
        command = policy.prepare(ProcRequest("/bin/echo", []))
        count = lambda: len(os.listdir("/proc/self/fd"))
        before, forbids = count(), True
        for _ in range(100):
            for start in (command.spawn_sync, command.start):
                try:
                    start()
                except PermissionError:
                    pass
                else:
                    print("ran")
        print(count() - before)
    """)
    assert out == "0\n"

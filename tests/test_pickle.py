"""What travels to another process arrives as it was."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import proc_jail
from conftest import policy_for, program
from hosts import run_host
from proc_jail import (
    ArgRules,
    BinNotFound,
    ExecError,
    InjectDoubleDash,
    NonZeroExit,
    ProcJailError,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    RiskCategory,
    RiskyBinPolicy,
    Timeout,
    Violation,
    _core,
)

ECHO = program("echo")
OUTPUT = ["stdout", "stderr", "args", "exit_code", "returncode", "signal"]
OUTPUT += ["success", "duration"]


def by_pickle(protocol: int) -> Callable[[Any], Any]:
    return lambda x: pickle.loads(pickle.dumps(x, protocol))


WAYS = [by_pickle(p) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)]
WAYS += [copy.copy, copy.deepcopy]
ways = pytest.mark.parametrize(
    "way", WAYS, ids=lambda f: getattr(f, "__name__", "")
)

FULL_RULES = (
    ArgRules()
    .subcommand("log")
    .allowed_flags(["-n", b"-\xff"])
    .max_flags(3)
    .max_positionals(2**40)
    .inject_double_dash()
)
FULL = (
    ProcPolicyBuilder()
    .allow_bin(ECHO)
    .allow_bin("/bin/sh")
    .arg_rules(ECHO, FULL_RULES)
    .arg_rules("/bin/sh", ArgRules())
    .risky_bin_policy(RiskyBinPolicy.AllowWithWarning)
    .cwd_jailed("/", "/tmp")
    .timeout(1.5)
    .max_stdout(0)
    .max_stderr(2**46)
)
BUILDERS = {
    "new": ProcPolicyBuilder(),
    "full": FULL,
    "disabled": ProcPolicyBuilder().allow_risky_binaries(),
    "locale": FULL.env_locale_only(),
    "fixed": FULL.env_fixed({b"A": "1", b"B\xff": b"\xff"}),
    "allowlist": FULL.env_allowlist(["A", b"\xff"]),
    "cwd": FULL.cwd(b"/\xff"),
    "jailed": FULL.cwd_jailed("/"),
    "dirs": FULL.cwd_allowlist(["/", "/tmp"]),
    "dirs-default": FULL.cwd_allowlist([], "/tmp"),
}


@ways
@pytest.mark.parametrize("rules", [ArgRules(), FULL_RULES])
def test_rules(way: Callable[[Any], Any], rules: ArgRules) -> None:
    assert way(rules) == rules
    assert hash(way(rules)) == hash(rules)
    assert way(rules).max_flags(9) == rules.max_flags(9)


@ways
@pytest.mark.parametrize("name", BUILDERS)
def test_builders(way: Callable[[Any], Any], name: str) -> None:
    builder = BUILDERS[name]
    again = way(builder)
    assert isinstance(again, ProcPolicyBuilder)
    assert repr(again) == repr(builder)
    # The repr shows names of variables only, the calls their values too.
    assert again.__reduce__()[1] == builder.__reduce__()[1]


@ways
@pytest.mark.parametrize(
    "request_",
    [
        ProcRequest("/x", []),
        ProcRequest(b"/\xff", ["a", b"\xfe"], {b"A": b"\xfd"}, b"/\xfc"),
        ProcRequest("not/absolute", ["\0"], {"": "="}, ""),
    ],
)
def test_requests(way: Callable[[Any], Any], request_: ProcRequest) -> None:
    again = way(request_)
    assert again == request_
    assert hash(again) == hash(request_)
    assert (again.argv, again.env) == (request_.argv, request_.env)
    assert (again.bin, again.cwd) == (request_.bin, request_.cwd)


@ways
def test_policies(way: Callable[[Any], Any]) -> None:
    policy = policy_for(ECHO, None, lambda b: b.env_allowlist(["A"]))
    again = way(policy)
    assert isinstance(again, ProcPolicy)
    assert repr(again) == repr(policy)
    request = ProcRequest(ECHO, ["a"], {"A": "1", "B": "2"})
    assert again.prepare(request).env == {"A": "1"}
    assert again.run(ECHO, ["a"]).stdout == b"a\n"


def test_a_policy_pins_its_files_where_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "tool"
    path.write_text("#!/bin/sh\necho one\n")
    path.chmod(0o755)
    data = pickle.dumps(policy_for(str(path)))
    path.write_text("#!/bin/sh\necho two\n")
    assert pickle.loads(data).run(path).stdout == b"two\n"
    path.unlink()
    with pytest.raises(BinNotFound):
        pickle.loads(data)


@ways
def test_timeouts_do_not_drift(way: Callable[[Any], Any]) -> None:
    """Nanoseconds are rounded up from a float, once and not each time."""
    for thousandths in range(1, 3000, 7):
        builder = ProcPolicyBuilder().timeout(thousandths / 1000)
        again = way(way(builder))
        assert repr(again) == repr(builder)
        assert f"timeout({thousandths / 1000:g})" in repr(builder)


@ways
def test_outputs(way: Callable[[Any], Any]) -> None:
    cat = program("cat")
    for argv in ([], ["/none"]):
        output = policy_for(cat).run(cat, argv)
        again = way(output)
        assert type(again) is type(output)
        for name in OUTPUT:
            assert getattr(again, name) == getattr(output, name)


@ways
def test_outputs_of_a_signal(
    way: Callable[[Any], Any], tmp_path: Path
) -> None:
    path = tmp_path / "tool"
    path.write_text("#!/bin/sh\nkill -9 $$\n")
    path.chmod(0o755)
    again = way(policy_for(str(path)).run(path))
    assert (again.signal, again.exit_code, again.returncode) == (9, None, -9)


@ways
def test_enums(way: Callable[[Any], Any]) -> None:
    for member in (
        RiskCategory.Package,
        RiskyBinPolicy.Disabled,
        InjectDoubleDash.AfterFlags,
    ):
        assert way(member) is member


def test_a_prepared_command_stays_where_it_is() -> None:
    """It holds descriptors, which another process does not have."""
    command = policy_for(ECHO).prepare(ProcRequest(ECHO, []))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(command, protocol)


# ------------------------------------------------------------ exceptions

EXCEPTIONS = [
    thing
    for thing in vars(proc_jail).values()
    if isinstance(thing, type) and issubclass(thing, ProcJailError)
]


@ways
@pytest.mark.parametrize("cls", EXCEPTIONS, ids=lambda c: c.__name__)
def test_every_exception(
    way: Callable[[Any], Any], cls: type[ProcJailError]
) -> None:
    error = cls("what happened")
    if isinstance(error, Violation):
        error.path, error.index, error.max = "/x", 3, 5
        error.category = RiskCategory.Shell
    elif isinstance(error, ExecError):
        error.stdout, error.argv, error.errno = b"\xff", ["a"], 2
    again = way(error)
    assert type(again) is cls
    assert str(again) == "what happened"
    assert again.args == error.args
    assert again.code == cls.code
    assert vars(again) == vars(error)


def raised() -> list[ProcJailError]:
    """Real ones, with their fields."""
    sleep, shell, seq = program("sleep"), "/bin/sh", program("seq")
    found: list[ProcJailError] = []
    for policy, request in (
        (policy_for(ECHO), ProcRequest("/none", [])),
        (policy_for(ECHO, ArgRules()), ProcRequest(ECHO, ["a"])),
        (policy_for(shell), ProcRequest(shell, [])),
    ):
        violation = policy.check(request)
        assert violation is not None
        found.append(violation)
    for policy, path, argv in (
        (policy_for(sleep, None, lambda b: b.timeout(0.01)), sleep, ["9"]),
        (policy_for(seq, None, lambda b: b.max_stdout(3)), seq, ["9"]),
    ):
        with pytest.raises(ExecError) as caught:
            policy.run(path, argv)
        found.append(caught.value)
    cat = program("cat")
    with pytest.raises(NonZeroExit) as failed:
        policy_for(cat).run(cat, ["/none"]).check()
    return [*found, failed.value]


@ways
def test_exceptions_that_were_raised(way: Callable[[Any], Any]) -> None:
    errors = raised()
    assert any(isinstance(error, Timeout) for error in errors)
    for error in errors:
        again = way(error)
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)
        assert vars(again)


# ------------------------------------------- pickles of other people


class Clearing:
    """An argument whose conversion empties what holds it and others."""

    def __init__(self, holder: list[Any] | dict[str, Any]) -> None:
        self._holder = holder

    def __index__(self) -> int:
        self._holder.clear()
        # What was freed is written over.
        self._kept = [(f"m{i}", (i,), {"k": i}) for i in range(1000)]
        return 5


def test_a_replay_holds_what_it_calls() -> None:
    """In a process of its own, which a use after free would end."""
    out = run_host(
        """
        from test_pickle import Clearing
        from proc_jail import ArgRules, _core
        calls = []
        calls.append(("max_fl" + "ags", (Clearing(calls),)))
        calls += [("max_positionals", (n,), {}) for n in range(100)]
        print(_core._replay("ArgRules", calls) ==
              ArgRules().max_flags(5).max_positionals(99))
        """
    )
    assert out == "True\n"


def test_a_replay_holds_its_keywords() -> None:
    out = run_host(
        """
        from test_pickle import Clearing
        from proc_jail import Sandbox, _core
        words = {}
        words.update(uid=Clearing(words), gid=int("123456"))
        made = _core._replay("Sandbox", [("user", (), words)])
        print(made == Sandbox().user(5, 123456))
        """
    )
    assert out == "True\n"


@pytest.mark.parametrize(
    "calls",
    [[1], [None], ["max_flags"], [()], [("max_flags",)], [(1, ())]],
    ids=repr,
)
def test_a_replay_of_no_calls(calls: list[Any]) -> None:
    with pytest.raises(TypeError):
        _core._replay("ArgRules", calls)

"""The shape of the API: what is public, how it is called, how it fails."""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import ClassMethodDescriptorType
from typing import Any

import pytest

import proc_jail
from conftest import policy_for, program
from proc_jail import (
    ArgRules,
    ArgTooManyPositionals,
    InjectDoubleDash,
    NonZeroExit,
    Output,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    RiskCategory,
    RiskyBinPolicy,
    Violation,
    risk_of,
)

SIGNATURES: dict[type, dict[str, str]] = {
    ArgRules: {
        "subcommand": "cmd, rules=None",
        "flag": "*names",
        "option": "*names_and_value, optional=False, repeat=1",
        "positional": "name, value, min=1, max=1, unless=()",
        "require": "*names",
        "exclusive": "*names",
        "force": "*argv",
        "force_env": "env",
        "run_nothing": "",
        "may_read": "*roots",
        "may_write": "*roots",
        "allowed_flags": "flags",
        "max_flags": "max",
        "max_positionals": "max",
        "inject_double_dash": "mode=None",
    },
    ProcPolicyBuilder: {
        "allow_bin": "path",
        "arg_rules": "path, rules",
        "risky_bin_policy": "policy",
        "allow_risky_binaries": "",
        "env_empty": "",
        "env_locale_only": "",
        "env_fixed": "env",
        "env_allowlist": "keys",
        "cwd": "path",
        "cwd_jailed": "root, default=None",
        "cwd_allowlist": "dirs, default=None",
        "timeout_secs": "secs",
        "timeout": "secs",
        "max_stdout": "max",
        "max_stderr": "max",
        "max_stdin": "max",
        "on_overflow": "overflow",
        "stop_grace": "secs",
        "sandbox": "sandbox",
        "checks_only": "",
        "profile": "name, read=(), write=(), path=None, hosts=()",
        "build": "",
    },
    ProcRequest: {
        "with_cwd": "cwd",
        "with_env": "env",
        "with_env_var": "key, value",
        "with_stdin": "source",
    },
    ProcPolicy: {
        "prepare": "request",
        "check": "request",
        "run": "bin, argv=(), env=None, cwd=None",
        "from_file": "path, checks_only=False",
        "from_dict": "data, checks_only=False",
        "programs": "",
        "to_dict": "",
    },
    PreparedCommand: {
        "spawn_sync": "",
        "spawn": "",
        "start": "",
        "wrap_with": "program, args_before",
        "with_launch_env": "key, value",
    },
    Output: {"stdout_string": "", "stderr_string": "", "check": ""},
}
PROPERTIES: dict[type, str] = {
    ArgRules: "",
    ProcPolicyBuilder: "",
    ProcRequest: "bin argv env cwd stdin",
    ProcPolicy: "",
    PreparedCommand: "bin argv cwd env stripped_env launch_program "
    "launch_args program sandbox",
    Output: "stdout stderr args exit_code returncode sandbox signal "
    "success duration stdout_total stderr_total stdout_truncated "
    "stderr_truncated",
}
METHODS = [(t, name) for t in SIGNATURES for name in SIGNATURES[t]]
ECHO = program("echo")


def objects() -> list[object]:
    """One of every type."""
    policy = policy_for(ECHO)
    request = ProcRequest(ECHO, ["a"])
    command = policy.prepare(request)
    return [
        ArgRules(),
        ProcPolicyBuilder(),
        request,
        policy,
        command,
        command.spawn_sync(),
    ]


# ------------------------------------------------------------- the shape


def test_everything_that_is_named_is_there() -> None:
    for name in proc_jail.__all__:
        assert hasattr(proc_jail, name)
    assert sorted(proc_jail.__all__) == sorted(set(proc_jail.__all__))
    public = {
        name
        for name, value in vars(proc_jail).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public - {"annotations"} <= set(proc_jail.__all__)


@pytest.mark.parametrize("cls", SIGNATURES)
def test_members(cls: type) -> None:
    public = {n for n in vars(cls) if not n.startswith("_")}
    assert public == set(SIGNATURES[cls]) | set(PROPERTIES[cls].split())
    assert cls.__module__ == "proc_jail"


@pytest.mark.parametrize(("cls", "name"), METHODS)
def test_signatures(cls: type, name: str) -> None:
    signature = inspect.signature(getattr(cls, name))
    # A method of the class is bound already.
    bound = isinstance(vars(cls)[name], ClassMethodDescriptorType)
    parameters = list(signature.parameters.values())[0 if bound else 1 :]
    shown = ", ".join(map(str, parameters))
    assert shown.removeprefix("/, ") == SIGNATURES[cls][name]


def test_signatures_of_constructors_and_functions() -> None:
    shown = str(inspect.signature(ProcRequest))
    assert shown == "(bin, argv, env=None, cwd=None)"
    assert str(inspect.signature(ArgRules)) == "()"
    assert str(inspect.signature(ProcPolicyBuilder)) == "()"
    assert str(inspect.signature(risk_of)) == "(path)"


@pytest.mark.parametrize(("cls", "name"), METHODS)
def test_every_method_shows_how_it_is_called(cls: type, name: str) -> None:
    doc = inspect.getdoc(getattr(cls, name))
    assert doc is not None
    assert ">>>" in doc
    assert name in doc.partition(">>>")[2]


def test_every_property_and_class_is_documented() -> None:
    for cls, names in PROPERTIES.items():
        assert inspect.getdoc(cls)
        for name in names.split():
            assert inspect.getdoc(vars(cls)[name])
    assert ">>>" in str(risk_of.__doc__)
    assert ">>>" in str(proc_jail.__doc__)


@pytest.mark.parametrize(
    ("enum", "members"),
    [
        (RiskyBinPolicy, "DenyByDefault AllowWithWarning Disabled"),
        (InjectDoubleDash, "Never AfterFlags"),
        (
            RiskCategory,
            "Shell Interpreter Spawner Privilege Loader Editor Debugger "
            "Compiler Container Remote Package",
        ),
    ],
)
def test_enums(enum: type[IntEnum], members: str) -> None:
    assert issubclass(enum, IntEnum)
    assert [m.name for m in enum] == members.split()
    assert list(enum) == list(range(len(enum)))
    assert enum.__module__ == "proc_jail"
    assert enum.__doc__


def test_keywords_work() -> None:
    request = ProcRequest(bin=ECHO, argv=["a"], env={"A": "1"}, cwd="/")
    rules = ArgRules().subcommand(cmd="a").allowed_flags(flags=["-n"])
    rules = rules.max_flags(max=1).max_positionals(max=1)
    rules = rules.inject_double_dash(mode=InjectDoubleDash.AfterFlags)
    builder = ProcPolicyBuilder().allow_bin(path=ECHO)
    builder = builder.arg_rules(path=ECHO, rules=rules)
    builder = builder.risky_bin_policy(policy=RiskyBinPolicy.Disabled)
    builder = builder.env_fixed(env={}).env_allowlist(keys=["A"])
    builder = builder.cwd_allowlist(dirs=["/"], default="/")
    builder = builder.cwd_jailed(root="/", default="/").cwd(path="/")
    builder = builder.timeout_secs(secs=1).timeout(secs=1)
    builder = builder.max_stdout(max=9).max_stderr(max=9)
    command = builder.build().prepare(request=request)
    command = command.with_launch_env(key="B", value="2")
    command = command.wrap_with(program=ECHO, args_before=["x"])
    assert command.env == {"A": "1", "B": "2"}
    assert command.launch_args == ["x", command.bin, "a"]


BUILDER = ProcPolicyBuilder()
POLICY = BUILDER.build()
WRONG: list[tuple[Callable[..., object], list[object], dict[str, object]]] = [
    (ProcRequest, [], {}),
    (ProcRequest, ["/x"], {}),
    (ProcRequest, ["/x", [], None, None, None], {}),
    (ProcRequest, ["/x", []], {"argv": []}),
    (ProcRequest, ["/x", []], {"shell": True}),
    (ArgRules, [1], {}),
    (ProcPolicyBuilder, [], {"x": 1}),
    (BUILDER.build, [1], {}),
    (BUILDER.allow_bin, [], {}),
    (BUILDER.arg_rules, ["/x", None], {}),
    (BUILDER.arg_rules, ["/x"], {}),
    (POLICY.prepare, ["/x"], {}),
    (POLICY.check, [None], {}),
    (POLICY.run, [], {}),
]


@pytest.mark.parametrize(("call", "args", "named"), WRONG)
def test_wrong_calls(
    call: Callable[..., object],
    args: list[object],
    named: dict[str, object],
) -> None:
    with pytest.raises(TypeError):
        call(*args, **named)


# ---------------------------------------------------------- immutability


@pytest.mark.parametrize("at", range(6))
def test_objects_are_immutable(at: int) -> None:
    thing = objects()[at]
    for name in (*PROPERTIES[type(thing)].split(), "x", "__class__"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(thing, name, None)
        if name != "__class__":
            with pytest.raises(AttributeError):
                delattr(thing, name)
    with pytest.raises(TypeError):
        type(thing).x = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("cls", SIGNATURES)
def test_types_are_final(cls: type) -> None:
    with pytest.raises(TypeError):
        type("Sub", (cls,), {})


@pytest.mark.parametrize("cls", [ProcPolicy, PreparedCommand, Output])
def test_only_the_library_makes_these(cls: type) -> None:
    with pytest.raises(TypeError):
        cls()
    with pytest.raises(TypeError):
        object.__new__(cls)


def test_builders_stay_usable() -> None:
    one = ProcPolicyBuilder().allow_bin(ECHO).arg_rules(ECHO, ArgRules())
    text = repr(one)
    two = one.cwd("/").timeout(1).max_stdout(1).env_locale_only()
    assert two is not one
    assert repr(one) == text
    assert one.build().run(ECHO).stdout == b"\n"
    assert two.build().prepare(ProcRequest(ECHO, [])).cwd == "/"


def test_what_was_passed_may_change_later() -> None:
    argv, env = ["a"], {"A": "1"}
    request = ProcRequest(ECHO, argv, env)
    argv.append("b")
    env["B"] = "2"
    request.argv.append("c")
    request.env["C"] = "3"
    assert (request.argv, request.env) == (["a"], {"A": "1"})


def test_requests_make_copies() -> None:
    one = ProcRequest("/x", ["a"], {"A": "1"}, "/")
    assert one.with_cwd("/y").cwd == "/y"
    assert one.with_env({"B": "2"}).env == {"B": "2"}
    both = one.with_env_var("B", "2").with_env_var("A", "3")
    assert both.env == {"A": "3", "B": "2"}
    assert both.cwd == "/"
    assert one == ProcRequest("/x", ["a"], {"A": "1"}, "/")


# ------------------------------------------------------- equality, repr


def test_equality_and_hash() -> None:
    def request(**changes: Any) -> ProcRequest:
        parts: dict[str, Any] = {
            "bin": "/x",
            "argv": ["a"],
            "env": {"A": "1", "B": "2"},
            "cwd": "/",
        }
        return ProcRequest(**(parts | changes))

    same = request(argv=(b"a",), env={"B": "2", "A": "1"}, cwd=Path("/"))
    assert request() == same
    assert hash(request()) == hash(same)
    other: dict[str, Any] = {"bin": "/y", "argv": [], "env": {}, "cwd": None}
    for name, value in other.items():
        assert request() != request(**{name: value})
    assert ArgRules().max_flags(1) == ArgRules().max_flags(1)
    assert hash(ArgRules().max_flags(1)) == hash(ArgRules().max_flags(1))
    assert ArgRules().max_flags(1) != ArgRules().max_flags(2)
    assert ArgRules() != ProcPolicyBuilder()
    assert request() != ("/x", ["a"])
    for things in ([ArgRules(), ArgRules()], [request(), same]):
        with pytest.raises(TypeError):
            sorted(things)  # type: ignore[type-var]


def test_reprs_can_be_read() -> None:
    rules = ArgRules().subcommand("a").allowed_flags(["-n"]).max_flags(1)
    assert (
        eval(
            repr(rules.inject_double_dash(None)).replace(
                repr(InjectDoubleDash.AfterFlags),
                "InjectDoubleDash.AfterFlags",
            )
        )
        == rules.inject_double_dash()
    )
    assert eval(repr(rules)) == rules
    request = ProcRequest("/x", ["a'b", "\n"], None, "/y")
    assert eval(repr(request)) == request
    builder = ProcPolicyBuilder().allow_bin(ECHO).arg_rules(ECHO, rules)
    assert repr(eval(repr(builder))) == repr(builder)


def test_reprs_hide_what_is_long_or_secret() -> None:
    output = policy_for(ECHO).run(ECHO, ["needle" * 9])
    assert "5 bytes" in repr(output)
    for thing in objects():
        assert type(thing).__name__ in repr(thing)
        assert len(repr(thing)) < 500


def test_a_policy_s_defaults() -> None:
    text = repr(ProcPolicyBuilder().build())
    assert text == (
        "ProcPolicy(bins=[], timeout=30.0, max_stdout=10485760, "
        "max_stderr=1048576)"
    )


# ------------------------------------------------------ run, check, Output


def test_run_is_prepare_and_spawn() -> None:
    policy = policy_for(ECHO, None, lambda b: b.env_allowlist(["A"]))
    output = policy.run(ECHO, ["a"], {"A": "1"}, "/")
    assert output.args == [os.path.realpath(ECHO), "a"]
    assert (output.stdout, output.stderr) == (b"a\n", b"")
    assert (output.exit_code, output.returncode, output.signal) == (0, 0, None)
    assert output.success is True
    assert output.duration > 0
    assert output.check() is output
    assert policy.run(ECHO).stdout == b"\n"
    with pytest.raises(ArgTooManyPositionals):
        policy_for(ECHO, ArgRules()).run(ECHO, ["a"])


def test_check_returns_what_prepare_raises() -> None:
    policy = policy_for(ECHO, ArgRules())
    assert policy.check(ProcRequest(ECHO, [])) is None
    request = ProcRequest(ECHO, ["a"])
    found = policy.check(request)
    assert isinstance(found, Violation)
    with pytest.raises(type(found)) as caught:
        policy.prepare(request)
    assert str(caught.value) == str(found)
    assert vars(caught.value) == vars(found)
    assert found.__traceback__ is None


def test_an_exit_status_is_an_error_only_when_asked_for() -> None:
    cat = program("cat")
    output = policy_for(cat).run(cat, ["/none"])
    assert (output.exit_code, output.success) == (1, False)
    with pytest.raises(NonZeroExit, match="exited with status 1") as caught:
        output.check()
    error = caught.value
    assert isinstance(error, RuntimeError)
    assert (error.bin, error.argv) == (os.path.realpath(cat), ["/none"])
    assert (error.stdout, error.stderr) == (b"", output.stderr)
    assert (error.returncode, error.elapsed) == (1, output.duration)
    assert error.limit is None


SOURCES = Path(__file__).parent.parent


def names_of_modules(text: str) -> set[str]:
    """Strings that are the names of modules of the package."""
    package = SOURCES / "procjail" / "proc_jail"
    return {
        f"proc_jail.{name}"
        for name in re.findall(r'"proc_jail\.([\w.]+)"', text)
        if (package / f"{name.replace('.', '/')}.py").exists()
        or (package / name.replace(".", "/")).is_dir()
    }


def seen_by_freezers(module: Path) -> set[str]:
    """What the statements of a module import, wherever they stand."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_what_is_imported_by_name_is_found_by_freezers() -> None:
    """They read imports, and neither strings nor what C does."""
    package = SOURCES / "procjail" / "proc_jail"
    in_c = set[str]()
    for path in (SOURCES / "csrc" / "python").glob("*.[ch]"):
        in_c |= names_of_modules(path.read_text("utf-8"))
    assert {"proc_jail._policy.files", "proc_jail._display"} <= in_c
    assert {"proc_jail.profiles", "proc_jail._events"} <= in_c
    seen = seen_by_freezers(package / "__init__.py")
    later = names_of_modules((package / "__init__.py").read_text("utf-8"))
    assert {"proc_jail._lint", "proc_jail._live.many"} <= later
    assert in_c | later <= seen
    for path in package.rglob("*.py"):
        text = path.read_text("utf-8")
        for call in re.findall(r"import_module\((.*?)\)", text):
            assert names_of_modules(call) <= seen_by_freezers(path)

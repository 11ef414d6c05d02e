"""The environment is built from nothing, and its values are kept quiet."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from conftest import policy_for, program
from proc_jail import (
    EnvForbidden,
    NulByte,
    PreparedCommand,
    ProcPolicyBuilder,
    ProcRequest,
)


def words(text: str) -> list[str]:
    return text.split()


Change = Callable[[ProcPolicyBuilder], ProcPolicyBuilder]
SECRET = "hunter2-\u00e9"

# One of each kind of reason, by the way it is matched.
EXACT = words(
    "BASH_ENV ENV IFS SHELLOPTS PS4 PROMPT_COMMAND GCONV_PATH NLSPATH TZDIR "
    "PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONINSPECT PERLLIB NODE_OPTIONS "
    "NODE_PATH CLASSPATH JAVA_TOOL_OPTIONS _JAVA_OPTIONS TAR_OPTIONS GZIP "
    "LESSOPEN LESSCLOSE PAGER EDITOR VISUAL BROWSER GREP_OPTIONS SHELL "
    "GLIBC_TUNABLES LOCPATH RES_OPTIONS HTTP_PROXY https_proxy ALL_PROXY"
)
PREFIX = words(
    "LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_ANYTHING DYLD_INSERT_LIBRARIES "
    "GIT_DIR GIT_SSH_COMMAND GIT_CONFIG_COUNT GIT_EXTERNAL_DIFF RUBYOPT "
    "RUBYLIB PERL5OPT PERL5LIB BASH_FUNC_ls%% npm_config_script_shell "
    "LUA_PATH_5_4 MALLOC_TRACE DOTNET_STARTUP_HOOKS"
)
KEPT = words(
    "HOME PATH USER LOGNAME TMPDIR LANG LC_ALL LC_CTYPE TERM TZ COLUMNS "
    "LINES NO_COLOR SSL_CERT_FILE"
    " KUBECONFIG DOCKER_HOST AWS_ACCESS_KEY_ID PYTHONUNBUFFERED PYTHONUTF8 "
    "FOO MY_LD_PRELOAD XLD_ L D_ PERL GI GITHUB_TOKEN"
)

VALUES = [
    ("ANYTHING", "() { :; }; id", False),
    ("ANYTHING", "(){ :; }", False),
    ("ANYTHING", " () { :; }", True),
    ("ANYTHING", "() is a call", True),
    ("LANG", "C.UTF-8", True),
    ("LANG", "/tmp/locale", False),
    ("LANG", "../../tmp", False),
    ("LC_ALL", "%n", False),
    ("LC_MESSAGES", "/tmp/x", False),
    ("LC_MESSAGES", "de_DE.UTF-8@euro", True),
    ("LANGUAGE", "de:en", True),
    ("LANGUAGE", "/tmp/x", False),
    ("TERM", "xterm-256color", True),
    ("TERM", "/tmp/x", False),
    ("TERM", "../../tmp/x", False),
    ("TZ", "UTC", True),
    ("TZ", "Europe/Berlin", True),
    ("TZ", ":Europe/Berlin", True),
    ("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", True),
    ("TZ", "/usr/share/zoneinfo/Europe/Berlin", True),
    ("TZ", "/etc/shadow", False),
    ("TZ", ":/etc/shadow", False),
    ("TZ", "../../../etc/shadow", False),
    ("TZ", "/usr/share/zoneinfo/../../../etc/shadow", False),
    ("tz", "/etc/shadow", False),
]


def prepare(
    env: dict[str, str], *changes: Change, tool: str = "env"
) -> PreparedCommand:
    path = program(tool)
    policy = policy_for(
        path, None, ProcPolicyBuilder.allow_risky_binaries, *changes
    )
    return policy.prepare(ProcRequest(path, [], env))


def printed(command: PreparedCommand) -> dict[str, str]:
    """What env(1) says its environment is."""
    lines = command.spawn_sync().stdout_string().splitlines()
    return dict(line.split("=", 1) for line in lines)


def allow(*names: str) -> Change:
    return lambda b: b.env_allowlist(names)


def fixed(env: dict[str, str]) -> Change:
    return lambda b: b.env_fixed(env)


# ------------------------------------------------------------- policies


@pytest.mark.parametrize("changes", [[], [ProcPolicyBuilder.env_empty]])
def test_empty(changes: list[Change]) -> None:
    command = prepare({"A": "1", "PATH": "/x"}, *changes)
    assert command.env == printed(command) == {}
    assert command.stripped_env == ["A", "PATH"]


def test_locale_only() -> None:
    command = prepare(
        {"LANG": "de", "A": "1"}, ProcPolicyBuilder.env_locale_only
    )
    assert command.env == printed(command)
    assert command.env == {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    assert command.stripped_env == ["LANG", "A"]


def test_fixed_is_not_for_the_request_to_change() -> None:
    command = prepare({"A": "2", "B": "3"}, fixed({"A": "1", "Z": "a=b"}))
    assert command.env == printed(command) == {"A": "1", "Z": "a=b"}
    assert command.stripped_env == ["A", "B"]


def test_the_allow_list_passes_what_the_request_has() -> None:
    command = prepare({"A": "1", "B": "2", "a": "3"}, allow("A", "C"))
    assert command.env == printed(command) == {"A": "1"}
    assert command.stripped_env == ["B", "a"]


def test_nothing_comes_from_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "host")
    assert printed(prepare({}, allow("A", "PATH", "HOME"))) == {}


def test_the_last_policy_counts() -> None:
    command = prepare({"A": "1"}, allow("A"), fixed({"B": "2"}))
    assert command.env == {"B": "2"}
    command = prepare({"A": "1", "B": "1"}, allow("A"), allow("B"))
    assert command.env == {"B": "1"}
    command = prepare({}, fixed({"B": "2"}), ProcPolicyBuilder.env_empty)
    assert command.env == {}


def test_the_order_is_the_same_whatever_the_order_given() -> None:
    one = prepare({"B": "1", "A": "2"}, allow("A", "B"))
    other = prepare({"A": "2", "B": "1"}, allow("B", "A"))
    assert list(one.env) == list(other.env) == ["A", "B"]


def test_bytes_pass_unchanged() -> None:
    value = "caf\u00e9 \udcff\n=x"
    command = prepare({"A": value}, allow("A"))
    assert command.env == {"A": value}
    assert command.spawn_sync().stdout == b"A=caf\xc3\xa9 \xff\n=x\n"


# ---------------------------------------------------------- strip table


@pytest.mark.parametrize("name", EXACT + PREFIX)
def test_stripped_whatever_the_policy(name: str) -> None:
    for spelled in {name, name.lower(), name.upper()}:
        asked = prepare({spelled: "1", "OK": "1"}, allow(spelled, "OK"))
        given = prepare({}, fixed({spelled: "1", "OK": "1"}))
        for command in (asked, given):
            assert command.env == {"OK": "1"}
            assert command.stripped_env == [spelled]


@pytest.mark.parametrize("name", KEPT)
def test_ordinary_names_are_kept(name: str) -> None:
    command = prepare({name: "x"}, allow(name))
    assert command.env == {name: "x"}
    assert command.stripped_env == []


@pytest.mark.parametrize(("name", "value", "kept"), VALUES)
def test_values_that_do_more_than_they_say(
    name: str, value: str, kept: bool
) -> None:
    for command in (
        prepare({name: value}, allow(name)),
        prepare({}, fixed({name: value})),
    ):
        assert command.env == ({name: value} if kept else {})
        assert command.stripped_env == ([] if kept else [name])


# --------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["", "=", "A=B", "=A", "A="])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(EnvForbidden, match="forbidden") as caught:
        prepare({name: SECRET})
    assert caught.value.key == (name or None)
    assert SECRET not in str(caught.value)
    with pytest.raises(EnvForbidden):
        ProcPolicyBuilder().env_fixed({name: SECRET})
    with pytest.raises(EnvForbidden):
        ProcPolicyBuilder().env_allowlist(["OK", name])
    with pytest.raises(EnvForbidden):
        prepare({}).with_launch_env(name, SECRET)


@pytest.mark.parametrize("name", [" ", "a b", "\n", "\u00e9", "1", "-"])
def test_odd_names_are_no_error(name: str) -> None:
    assert prepare({name: "x"}, allow(name)).env == {name: "x"}


# ------------------------------------------------------------ launch env


def test_launch_env_is_set_after_the_policy() -> None:
    command = prepare({"A": "1"}, allow("A"))
    changed = command.with_launch_env("A", "2").with_launch_env("B", "3")
    assert changed.env == printed(changed) == {"A": "2", "B": "3"}
    assert command.env == {"A": "1"}


def test_launch_env_is_the_application_s_word() -> None:
    """The strip table guards against requests, not against the owner."""
    command = prepare({"GIT_DIR": "/x"}, allow("GIT_DIR"))
    changed = command.with_launch_env("GIT_DIR", "/y")
    assert changed.env == printed(changed) == {"GIT_DIR": "/y"}


def test_launch_env_survives_a_wrapper() -> None:
    command = prepare({}).with_launch_env("A", "1")
    wrapped = command.wrap_with(program("env"), ["B=2"])
    assert printed(wrapped) == {"A": "1", "B": "2"}
    assert wrapped.with_launch_env("A", "3").env == {"A": "3"}


# ------------------------------------------------------- values are quiet


def secrets() -> list[object]:
    builder = ProcPolicyBuilder().env_fixed({"TOKEN": SECRET})
    command = prepare({"TOKEN": SECRET}, allow("TOKEN"))
    return [
        builder,
        builder.build(),
        ProcRequest("/bin/x", [], {"TOKEN": SECRET}),
        command,
        command.with_launch_env("OTHER", SECRET),
        command.wrap_with(program("env"), []),
        prepare({"BASH_ENV": SECRET}, allow("BASH_ENV")),
        command.spawn_sync(),
    ]


@pytest.mark.parametrize("at", range(8))
def test_no_repr_shows_a_value(at: int) -> None:
    thing = secrets()[at]
    assert "hunter2" not in repr(thing)
    assert "hunter2" not in str(thing)


def test_a_repr_shows_the_names() -> None:
    assert "TOKEN" in repr(secrets()[0])
    assert "TOKEN" in repr(secrets()[2])


@pytest.mark.parametrize(
    "action",
    [
        lambda: prepare({"TOKEN": SECRET + "\0"}),
        lambda: ProcPolicyBuilder().env_fixed({"TOKEN": SECRET + "\0"}),
        lambda: prepare({}).with_launch_env("TOKEN", SECRET + "\0"),
    ],
)
def test_no_error_shows_a_value(action: Callable[[], object]) -> None:
    with pytest.raises(NulByte) as caught:
        action()
    error = caught.value
    assert "TOKEN" in str(error)
    assert error.value == "TOKEN"
    text = repr(error) + str(error) + repr(vars(error))
    assert "hunter2" not in text


def test_a_type_error_shows_no_value() -> None:
    with pytest.raises(TypeError) as caught:
        ProcRequest("/x", [], {"TOKEN": [SECRET]})  # type: ignore[dict-item]
    assert "hunter2" not in str(caught.value)


def test_a_pickle_has_the_values() -> None:
    """It could not be run elsewhere without them."""
    policy = policy_for(
        program("env"),
        None,
        ProcPolicyBuilder.allow_risky_binaries,
        fixed({"TOKEN": SECRET}),
    )
    again = pickle.loads(pickle.dumps(policy))
    assert again.run(program("env")).stdout_string() == f"TOKEN={SECRET}\n"


def test_the_views_are_copies() -> None:
    command = prepare({"A": "1", "B": "2"}, allow("A"))
    command.env["A"] = "changed"
    command.stripped_env.append("changed")
    assert command.env == {"A": "1"}
    assert command.stripped_env == ["B"]

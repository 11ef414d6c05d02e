"""What is wrong with a policy file, and where: places, and examples."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from conftest import program
from hosts import on_linux
from policies import ECHO, GREP, load, one, refusal, top
from proc_jail import PolicyFileError, ProcJailError, ProcPolicy, Violation

# ------------------------------------------------------------- examples


def example(text: str) -> str:
    return one(f"flags = ['-n']\nmax_positionals = 2\n{text}\n")


GOOD_EXAMPLES = [
    "match = [['-n', 'x', 'f'], []]",
    "[[program.match]]\nargv = ['x']\nenv = {A = 'b'}\ncwd = '/'",
    "not_match = [['-r'], ['a', 'b', 'c']]",
    "[[program.not_match]]\nargv = ['-r']\ncode = 'ArgFlagNotAllowed'",
    "[[program.not_match]]\nargv = []\nenv = {'A=' = 'b'}\n"
    "code = 'EnvForbidden'",
]
BAD_EXAMPLES = [
    ("match = [['-n'], ['-r']]", "program[0].match[1]", "ArgFlagNotAllowed"),
    ("[[program.match]]\nargv = ['-r']", "program[0].match[0]", "has to pass"),
    ("not_match = [['x']]", "program[0].not_match[0]", "and passes: x"),
    ("not_match = [[]]", "program[0].not_match[0]", "no arguments"),
    (
        "[[program.not_match]]\nargv = ['-r']\ncode = 'CwdForbidden'",
        "program[0].not_match[0]",
        "with CwdForbidden, and is refused with ArgFlagNotAllowed",
    ),
    (
        "[[program.not_match]]\nargv = ['x']\nenv = {'A=' = 'b'}",
        "program[0].not_match[0]",
        "for its arguments, and is refused with EnvForbidden",
    ),
]


@pytest.mark.parametrize("text", GOOD_EXAMPLES)
def test_examples_that_hold(text: str, tmp_path: Path) -> None:
    load(tmp_path, example(text))


@pytest.mark.parametrize(("text", "key", "told"), BAD_EXAMPLES)
def test_examples_that_do_not_hold(
    text: str, key: str, told: str, tmp_path: Path
) -> None:
    error = refusal(tmp_path, example(text))
    assert error.key == key
    assert told in error.reason
    assert error.line is not None
    assert error.line > 3


@on_linux
def test_examples_of_a_profile(tmp_path: Path) -> None:
    text = "[[program]]\nprofile = 'grep'\nread = ['/etc']\n"
    text += "match = [['-n', 'root', '/etc/passwd']]\n"
    text += "not_match = [['root', '/usr/bin/env']]\n"
    load(tmp_path, top(text))
    error = refusal(tmp_path, top(text.replace("/usr/bin/env", "/etc/hosts")))
    assert error.key == "program[0].not_match[0]"


def test_examples_are_read_from_the_directory_of_the_policy(
    tmp_path: Path,
) -> None:
    """A relative path is what it is to a request."""
    (tmp_path / "a.txt").touch()
    text = f"cwd = '{tmp_path}'\n[[program]]\npath = '{GREP}'\n"
    text += f"may_read = ['{tmp_path}']\n[[program.positional]]\nname = 'f'\n"
    text += f"value = {{type = 'read_path', roots = ['{tmp_path}']}}\n"
    load(tmp_path, top(text + "[[program.match]]\nargv = ['a.txt']"))
    told = refusal(tmp_path, top(text + "[[program.match]]\nargv = ['b']"))
    assert "ArgPathForbidden" in told.reason


def test_examples_of_risky_programs_do_not_warn(tmp_path: Path) -> None:
    text = f"risky = 'warn'\n[[program]]\npath = '{program('sh')}'\n"
    load(tmp_path, top(text + "match = [[]]"))  # warnings are errors here
    told = refusal(
        tmp_path, top((text + "match = [[]]").replace("warn", "deny"))
    )
    assert "BinRiskyDenied" in told.reason


# --------------------------------------------------------------- errors


PLACES = [
    ("version = 1\nfoo = 1\n", 2, 1, "foo", "unknown key"),
    ("version = 1\nTimeout = 1\n", 2, 1, "Timeout", "'timeout'?"),
    ("version = 1\n[env]\nlocal = true\n", 3, 1, "env.local", "'locale'?"),
    ("version = 1\n  env.local = true\n", 2, 7, "env.local", "'locale'?"),
    ("version = 1\nenv = { local = true }\n", 2, 9, "env.local", "'locale'?"),
    ('version = 1\n"time\\u006fut2" = 1\n', 2, 1, "timeout2", "'timeout'?"),
    ("version = 1\n[sandbox.usr]\nuid = 1\n", 2, 10, "sandbox.usr", "unknown"),
    ("version = 1\ntimeout =   [1]\n", 2, 13, "timeout", "not an array"),
    ("version = 1\ntimeout = true\n", 2, 11, "timeout", "not a boolean"),
    ("version = 1\ncwd = 1\n", 2, 7, "cwd", "must be a string, or a table"),
    ("version = 2\n", 1, 11, "version", "from 1 to 1"),
    ("timeout = 1\n", 1, 1, None, "needs 'version'"),
    (
        "version = 1\n[[program]]\npath = '/bin/a'\n[[program]]\nflags = []\n",
        4,
        3,
        "program[1]",
        "needs 'path' or 'profile'",
    ),
    (
        "version = 1\n[[program]]\npath = 'bin'\n",
        3,
        8,
        "program[0].path",
        "an absolute path",
    ),
    (
        "version = 1\n[[program]]\npath = '/x'\nflags = [\n  '-n',\n  3,\n]\n",
        6,
        3,
        "program[0].flags[1]",
        "must be a string, not an integer",
    ),
    (
        "version = 1\n[[program]]\npath = '/x'\nflags = []\nflag = []\n",
        5,
        1,
        "program[0].flag",
        "does not go together with 'flags'",
    ),
    (
        "version = 1\n[[program]]\npath = '/x'\nread = ['/etc']\n",
        4,
        1,
        "program[0].read",
        "only for 'profile'",
    ),
    (
        "version = 1\n[[program]]\npath = '/no/such'\n",
        3,
        8,
        "program[0].path",
        "not found",
    ),
    (
        f"version = 1\n[[program]]\npath = '{GREP}'\n[[program.option]]\n"
        "names = '-m'\nvalue = {type = 'int', min = 3, max = 1}\n",
        6,
        9,
        "program[0].option[0].value",
        "",
    ),
    (
        f"version = 1\n[[program]]\npath = '{GREP}'\nflag = ['-n', 'a=b']\n",
        4,
        8,
        "program[0].flag",
        "no option",
    ),
    (
        f"version = 1\n[[program]]\npath = '{GREP}'\nflag = ['--absent']\n",
        2,
        3,
        "program[0]",
        "--absent",
    ),
    (
        f"version = 1\n[[program]]\npath = '{GREP}'\n"
        f"[[program]]\npath = '{ECHO}'\nflag = ['-n']\n"
        f"[[program]]\npath = '{program('wc')}'\nflag = ['--absent']\n",
        7,
        3,
        "program[2]",
        "--absent",
    ),
    (
        f"version = 1\n[[program]]\npath = '{GREP}'\n"
        f"[[program]]\npath = '{GREP}'\n",
        2,
        3,
        "program",
        "given twice",
    ),
    (
        "version = 1\n[sandbox]\nread = ['/no/such']\n",
        2,
        2,
        "sandbox",
        "/no/such",
    ),
    (
        "version = 1\n[sandbox]\nbest_effort = ['bogus']\n",
        3,
        15,
        "sandbox.best_effort",
        "bogus",
    ),
    (
        "version = 1\ntimeout = 1\nstop_grace = 5\n",
        3,
        14,
        "stop_grace",
        "less than",
    ),
    (
        "version = 1\n[[program]]\nprofile = 'nothing'\n",
        3,
        11,
        "program[0].profile",
        "no profile",
    ),
    ("version = 1\ntimeout = \n", 2, 11, None, "Invalid value"),
    ("version = 1\nversion = 1\n", 2, 12, None, "Cannot overwrite"),
]


@on_linux
@pytest.mark.parametrize(("text", "line", "column", "key", "told"), PLACES)
def test_errors_tell_the_place(
    text: str,
    line: int,
    column: int,
    key: str | None,
    told: str,
    tmp_path: Path,
) -> None:
    error = refusal(tmp_path, text)
    assert (error.line, error.column, error.key) == (line, column, key)
    assert told in error.reason
    parts = [f"{error.path}:{line}:{column}", key, error.reason]
    assert str(error) == ": ".join(part for part in parts if part)


JSON_PLACES = [
    ('{"version": 1,\n "foo": 1}', 2, 2, "foo", "unknown key"),
    ('{"version": 1,\n "timeout": []}', 2, 13, "timeout", "not an array"),
    (
        '{"version": 1, "program":\n [{"path": "/x",\n  "flags": [1]}]}',
        3,
        13,
        "program[0].flags[0]",
        "must be a string",
    ),
    ('{"version": 1,\n "version": 1}', 2, 2, "version", "given twice"),
    (
        '{"version": 1, "env": {"fixed": {"A": "1",\n\t"\\u0041": "2"}}}',
        2,
        2,
        "env.fixed.A",
        "given twice",
    ),
    ('{"version": 1,\n x: 2}', 2, 2, None, "property name"),
    ("[]\n", 1, 1, None, "must be a table, not an array"),
    ('\n  "x"\n', 2, 3, None, "must be a table, not a string"),
    ('{"version": 1, "timeout": NaN}', None, None, None, "NaN is no number"),
    ('{"version": 1, "timeout": 1e999}', None, None, None, "no number"),
    ('{"version": 1, "timeout": null}', 1, 27, "timeout", "not null"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "key", "told"), JSON_PLACES
)
def test_errors_in_json(
    text: str,
    line: int | None,
    column: int | None,
    key: str | None,
    told: str,
    tmp_path: Path,
) -> None:
    error = refusal(tmp_path, text, "policy.json")
    assert (error.line, error.column, error.key) == (line, column, key)
    assert told in error.reason


def test_an_error_is_like_the_others(tmp_path: Path) -> None:
    error = refusal(tmp_path, "version = 1\nfoo = 1\n")
    assert isinstance(error, ProcJailError)
    assert isinstance(error, ValueError)
    assert not isinstance(error, Violation)
    assert error.code == PolicyFileError.code == "PolicyFileError"
    assert PolicyFileError.line is None
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is PolicyFileError
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


def test_an_error_of_a_dict_has_a_key_and_no_place() -> None:
    with pytest.raises(PolicyFileError) as caught:
        ProcPolicy.from_dict({"version": 1, "program": [{"pth": "/x"}]})
    error = caught.value
    assert (error.path, error.line, error.column) == (None, None, None)
    assert error.key == "program[0].pth"
    assert str(error) == ("program[0].pth: unknown key; did you mean 'path'?")


def test_what_the_core_refused_is_the_cause(tmp_path: Path) -> None:
    error = refusal(tmp_path, top("[[program]]\npath = '/no/such'"))
    assert isinstance(error.__cause__, Violation)
    assert error.__cause__.code == "BinNotFound"


def test_values_in_messages_are_escaped_and_cut() -> None:
    for data in (
        {"version": 1, "a\n\x1b[31m" + "x" * 999: 1},
        {"version": 1, "risky": "a\n\x1b[31m" + "x" * 999},
    ):
        with pytest.raises(PolicyFileError) as caught:
            ProcPolicy.from_dict(data)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 600


def test_no_error_shows_a_value_of_the_environment() -> None:
    for env in ({"A": "sec\0ret"}, {"A": ["secret"]}, {"A=": "secret"}):
        with pytest.raises(PolicyFileError) as caught:
            ProcPolicy.from_dict({"version": 1, "env": {"fixed": env}})
        assert "sec" not in str(caught.value)

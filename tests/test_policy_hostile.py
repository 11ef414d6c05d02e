"""Hostile policy files: each gives a clear error, and never another one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import program
from policies import (
    ECHO,
    GREP,
    assert_clear,
    load,
    refusal,
    toml_lines,
    write,
)
from proc_jail import PolicyFileError, ProcPolicy
from proc_jail._policy.files.open import MAX_SIZE
from proc_jail._policy.files.positions import MAX_DEPTH

# ------------------------------------------------------------- by hand

P = f"[[program]]\npath = '{GREP}'\n"
TEXTS: dict[str, tuple[str | bytes, str]] = {
    # versions
    "empty": ("", "needs 'version'"),
    "comment": ("# nothing\n", "needs 'version'"),
    "no version": ("timeout = 1", "needs 'version'"),
    "version 0": ("version = 0", "from 1 to 1"),
    "version 2": ("version = 2", "from 1 to 1"),
    "version text": ("version = '1'", "an integer, not a string"),
    "version float": ("version = 1.0", "an integer, not a number"),
    "version true": ("version = true", "an integer, not a boolean"),
    "version array": ("version = [1]", "an integer, not an array"),
    "version date": ("version = 1979-05-27", "an integer, not a date"),
    "version negative": ("version = -1", "from 1 to 1"),
    "version huge": ("version = 9223372036854775807", "from 1 to 1"),
    # bytes that are no text, text that is no TOML
    "not utf-8": (b"version = 1\ncwd = '/\xff'", "is not UTF-8: byte 0xff"),
    "half a character": (b"version = 1\n# \xe2\x82", "is not UTF-8"),
    "surrogate": (b"version = 1\n# \xed\xa0\x80", "is not UTF-8"),
    "overlong": (b"version = 1\n# \xc0\xaf", "is not UTF-8"),
    "utf-16": ("version = 1".encode("utf-16"), "is not UTF-8"),
    "bom": (b"\xef\xbb\xbfversion = 1", "byte order mark"),
    "nul": (b"version = 1\n\0", "cannot be read"),
    "nul in a string": (b"version = 1\ncwd = '/\0'", "cannot be read"),
    "nul escaped": ('version = 1\ncwd = "/\\u0000"', "NUL byte"),
    "control": (b"version = 1\ncwd = '/\x07'", "cannot be read"),
    "carriage return": (b"version = 1\rtimeout = 1", "cannot be read"),
    "elf": (b"\x7fELF\x02\x01\x01\0", "cannot be read"),
    "script": ("#!/bin/sh\nrm -rf /\n", "cannot be read"),
    "json in toml": ('{"version": 1}', "cannot be read"),
    "yaml": ("version: 1\n", "cannot be read"),
    "open string": ("version = 1\ncwd = '/", "cannot be read"),
    "open string of three": ('version = 1\ncwd = """/', "cannot be read"),
    "open array": ("version = 1\nprogram = [", "cannot be read"),
    "open table": ("version = 1\nenv = {", "cannot be read"),
    "open header": ("version = 1\n[env", "cannot be read"),
    "no value": ("version =", "cannot be read"),
    "no key": ("= 1", "cannot be read"),
    "two values": ("version = 1 2", "cannot be read"),
    "bad escape": ('version = 1\ncwd = "/\\q"', "cannot be read"),
    "bad date": ("version = 1\ntimeout = 2000-99-99", "cannot be read"),
    "surrogate escape": ('version = 1\ncwd = "/\\ud800"', "cannot be read"),
    "leading zero": ("version = 01", "cannot be read"),
    # twice
    "version twice": ("version = 1\nversion = 1", "cannot be read"),
    "table twice": ("version = 1\n[env]\n[env]", "cannot be read"),
    "dotted twice": ("version = 1\nenv.a = 1\n[env]", "cannot be read"),
    "table and array": (f"version = 1\n{P}[program]", "cannot be read"),
    "array and table": (f"version = 1\n[program]\n{P}", "cannot be read"),
    "quoted twice": ("version = 1\n'version' = 1", "cannot be read"),
    "inline twice": ("version = 1\nenv = {a = 1, a = 2}", "cannot be read"),
    # unknown
    "unknown": ("version = 1\nbogus = 1", "unknown key"),
    "near": ("version = 1\ntime_out = 1", "did you mean 'timeout'?"),
    "empty key": ("version = 1\n'' = 1", "unknown key"),
    "dangerous key": ('version = 1\n"a\\u001b[31m\\n" = 1', "unknown key"),
    "long key": (f"version = 1\n{'a' * 100000} = 1", "unknown key"),
    "dunder": ("version = 1\n__class__ = 1", "unknown key"),
    "builder method": ("version = 1\nallow_bin = '/bin/sh'", "unknown key"),
    "build": ("version = 1\nbuild = true", "unknown key"),
    # programs
    "program text": ("version = 1\nprogram = 'sh'", "must be an array"),
    "program table": ("version = 1\n[program]", "must be an array"),
    "program numbers": ("version = 1\nprogram = [1]", "must be a table"),
    "program empty": ("version = 1\n[[program]]", "needs 'path'"),
    "relative": ("version = 1\n[[program]]\npath = 'grep'", "absolute"),
    "tilde": ("version = 1\n[[program]]\npath = '~/x'", "absolute"),
    "empty path": ("version = 1\n[[program]]\npath = ''", "absolute"),
    "no paths": ("version = 1\n[[program]]\npath = []", "not be empty"),
    "missing": ("version = 1\n[[program]]\npath = '/no/x'", "not found"),
    "directory": ("version = 1\n[[program]]\npath = '/etc'", "directory"),
    "no program": (
        "version = 1\n[[program]]\npath = '/etc/passwd'",
        "executable",
    ),
    "device": ("version = 1\n[[program]]\npath = '/dev/null'", "regular"),
    "long path": (
        f"version = 1\n[[program]]\npath = '/{'a' * 99999}'",
        "canonical",
    ),
    "program twice": (f"version = 1\n{P}{P}", "given twice"),
    "profile unknown": ("version = 1\n[[program]]\nprofile = 'sh'", "profile"),
    "profile and rules": (
        "version = 1\n[[program]]\nprofile = 'grep'\nflags = []",
        "does not go together with 'profile'",
    ),
    "profile of many paths": (
        "version = 1\n[[program]]\nprofile = 'grep'\npath = ['/a', '/b']",
        "has one path",
    ),
    "profile with a bad root": (
        "version = 1\n[[program]]\nprofile = 'grep'\nread = ['etc']",
        "an absolute path",
    ),
    "profile without hosts": (
        "version = 1\n[[program]]\nprofile = 'curl'",
        "hosts",
    ),
    "roots without profile": (f"version = 1\n{P}read = ['/']", "is only for"),
    # rules
    "plain and typed": (
        f"version = 1\n{P}flag = ['-n']\nflags = ['-n']",
        "does not go together with 'flag'",
    ),
    "flag is no flag": (f"version = 1\n{P}flags = ['n']", "invalid"),
    "dashes as a flag": (f"version = 1\n{P}flag = ['--']", "no option"),
    "flag without names": (f"version = 1\n{P}flag = [[]]", "not be empty"),
    "unknown option": (f"version = 1\n{P}flag = ['--zzz']", "--zzz"),
    "negative count": (f"version = 1\n{P}max_flags = -1", "must be from 0"),
    "count too large": (
        f"version = 1\n{P}max_flags = 9223372036854775808",
        "must be from 0",
    ),
    "count is a float": (f"version = 1\n{P}max_flags = 1e3", "an integer"),
    "repeat 0": (
        f"version = 1\n{P}option = [{{names='-m', value='int', repeat=0}}]",
        "must be from 1",
    ),
    "repeat forever": (
        f"version = 1\n{P}option=[{{names='-m', value='int', repeat='x'}}]",
        "must be one of 'unlimited'",
    ),
    "no names": (f"version = 1\n{P}option = [{{value='int'}}]", "'names'"),
    "no value type": (f"version = 1\n{P}option = [{{names='-m'}}]", "'value'"),
    "unknown type": (
        f"version = 1\n{P}option = [{{names='-m', value='integer'}}]",
        "must be one of 'int'",
    ),
    "type without its entries": (
        f"version = 1\n{P}option = [{{names='-m', value='choice'}}]",
        "must be one of 'int'",
    ),
    "type unknown": (
        f"version = 1\n{P}option = [{{names='-m', value={{type='x'}}}}]",
        "must be one of 'int'",
    ),
    "type is a number": (
        f"version = 1\n{P}option = [{{names='-m', value={{type=1}}}}]",
        "must be one of 'int'",
    ),
    "no type": (
        f"version = 1\n{P}option = [{{names='-m', value={{min=1}}}}]",
        "needs 'type'",
    ),
    "entry of another type": (
        f"version=1\n{P}option=[{{names='-m', value={{type='url', min=1}}}}]",
        "unknown key",
    ),
    "least above most": (
        f"version = 1\n{P}option = [{{names='-m', "
        "value={type='int', min=2, max=1}}]",
        "value",
    ),
    "bad expression": (
        f"version = 1\n{P}option = [{{names='-m', "
        "value={type='pattern', pattern='['}}]",
        "value",
    ),
    "back-reference": (
        f"version = 1\n{P}option = [{{names='-m', "
        "value={type='pattern', pattern='(a)\\1'}}]",
        "value",
    ),
    "relative root": (
        f"version = 1\n{P}option = [{{names='-f', "
        "value={type='read_path', roots=['etc']}}]",
        "absolute",
    ),
    "bad scheme": (
        f"version = 1\n{P}option = [{{names='-m', "
        "value={type='url', schemes=['HTTP']}}]",
        "value",
    ),
    "more than it may": (
        f"version=1\n{P}positional=[{{name='a', value='int', min=2, max=1}}]",
        "less often",
    ),
    "subcommand is an option": (
        f"version = 1\n{P}subcommand = '-x'",
        "invalid",
    ),
    "subcommand in plain rules": (
        f"version = 1\n{P}flags = []\n[[program.subcommand]]\nword = 'a'",
        "argument rules invalid",
    ),
    "force_env inside": (
        f"version = 1\n{P}[[program.subcommand]]\nword='a'\nforce_env = {{}}",
        "unknown key",
    ),
    "force_env loads code": (
        f"version = 1\n{P}force_env = {{LD_PRELOAD = '/x.so'}}",
        "load code",
    ),
    "force_env of no name": (
        f"version = 1\n{P}force_env = {{'' = ''}}",
        "name",
    ),
    "double dash ignored": (
        f"version = 1\n[[program]]\npath = '{program('find')}'\n"
        "double_dash = true",
        "argument rules invalid",
    ),
    # examples
    "example of no array": (f"version = 1\n{P}match = ['x']", "an array"),
    "example without argv": (f"version = 1\n{P}match = [{{}}]", "'argv'"),
    "example with a code": (
        f"version = 1\n{P}match = [{{argv = [], code = 'x'}}]",
        "unknown key",
    ),
    "example that fails": (f"version = 1\n{P}match = [['x']]", "has to pass"),
    "example that passes": (f"version = 1\n{P}not_match=[[]]", "and passes"),
    "example with control characters": (
        f'version = 1\n{P}match = [["a\\u001b\\n"]]',
        "has to pass",
    ),
    "long example": (f"version = 1\n{P}match=[['{'a' * 99999}']]", "has to"),
    # environment, directory, limits
    "env text": ("version = 1\nenv = 'all'", "must be a table"),
    "env of two kinds": ("version=1\nenv={locale=true, fixed={}}", "together"),
    "env number": ("version = 1\nenv.fixed = {A = 1}", "must be a string"),
    "env name": ("version = 1\nenv.fixed = {'A=B' = '1'}", "forbidden"),
    "env empty name": ("version = 1\nenv.fixed = {'' = '1'}", "forbidden"),
    "env NUL": ('version = 1\nenv.fixed = {A = "\\u0000"}', "NUL"),
    "env NUL in a name": ('version = 1\nenv.fixed = {"\\u0000" = "a"}', "NUL"),
    "env allow name": ("version = 1\nenv.allow = ['A=B']", "forbidden"),
    "cwd relative": ("version = 1\ncwd = 'etc'", "absolute"),
    "cwd empty table": ("version = 1\ncwd = {}", "needs 'jail' or 'allow'"),
    "cwd default alone": ("version = 1\ncwd = {default='/'}", "needs 'jail'"),
    "cwd both": ("version = 1\ncwd = {jail='/', allow=[]}", "together"),
    "timeout 0": ("version = 1\ntimeout = 0", "more than 0"),
    "timeout negative": ("version = 1\ntimeout = -1", "0 to 1e9"),
    "timeout nan": ("version = 1\ntimeout = nan", "0 to 1e9"),
    "timeout inf": ("version = 1\ntimeout = inf", "0 to 1e9"),
    "timeout huge": ("version = 1\ntimeout = 1e300", "0 to 1e9"),
    "timeout huge integer": (
        f"version = 1\ntimeout = {'9' * 400}",
        "0 to 1e9",
    ),
    "timeout unit": ("version = 1\ntimeout = '5 parsecs'", "like '30s'"),
    "timeout zero text": ("version = 1\ntimeout = '0s'", "more than 0"),
    "timeout signed": ("version = 1\ntimeout = '-5s'", "like '30s'"),
    "timeout time": ("version = 1\ntimeout = 00:00:05", "not a time"),
    "grace beyond": ("version=1\ntimeout=1\nstop_grace=1", "less than"),
    "size unit": ("version = 1\nmax_stdout = '10 megs'", "like '64KiB'"),
    "size case": ("version = 1\nmax_stdout = '10mib'", "like '64KiB'"),
    "size negative": ("version = 1\nmax_stdout = -1", "from 0"),
    "size float": ("version = 1\nmax_stdout = 1.5", "number of bytes"),
    "size too large": ("version=1\nmax_stdout='999999999TiB'", "from 0"),
    "size digits": (f"version=1\nmax_stdout = '{'9' * 999}B'", "like '64KiB'"),
    "size other digits": (
        "version = 1\nmax_stdout = '\u0661B'",
        "like '64KiB'",
    ),
    "overflow": ("version = 1\non_overflow = 'explode'", "one of 'stop'"),
    "risky": ("version = 1\nrisky = 'yes'", "one of 'deny'"),
    "risky number": ("version = 1\nrisky = 2", "one of 'deny'"),
    "digits": (f"version = {'1' * 5000}", "cannot be read"),
    # sandbox
    "preset": ("version = 1\nsandbox.preset = 'none'", "one of 'default'"),
    "sandbox false": ("version = 1\nsandbox = false", "must be a table"),
    "network": ("version = 1\nsandbox.network = true", "one of 'inherit'"),
    "tree": ("version = 1\nsandbox.tree = 'none'", "one of 'group'"),
    "root relative": ("version = 1\nsandbox.read = ['etc']", "absolute"),
    "root text": ("version = 1\nsandbox.read = '/etc'", "must be an array"),
    "memory 0": ("version = 1\nsandbox.max_memory = 0", "sandbox invalid"),
    "files 2": ("version = 1\nsandbox.max_open_files = 2", "from 3"),
    "umask": ("version = 1\nsandbox.umask = 512", "0 to 0o777"),
    "umask 8": ("version = 1\nsandbox.umask = '888'", "octal"),
    "umask long": ("version = 1\nsandbox.umask = '7777'", "0 to 0o777"),
    "user text": ("version = 1\nsandbox.user = 'nobody'", "must be a table"),
    "user half": ("version = 1\nsandbox.user = {uid = 1}", "needs 'gid'"),
    "user -1": ("version=1\nsandbox.user = {uid=-1, gid=0}", "must be from 0"),
    "user large": (
        "version = 1\nsandbox.user = {uid = 4294967295, gid = 0}",
        "must be from 0",
    ),
    "best effort": ("version = 1\nsandbox.best_effort = ['all']", "invalid"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text(name: str, tmp_path: Path) -> None:
    text, told = TEXTS[name]
    error = refusal(tmp_path, text)
    assert_clear(error)
    assert told in error.reason


def test_there_are_more_than_a_hundred() -> None:
    assert len(TEXTS) > 100


# ------------------------------------------------------- deep and huge

DEEP: dict[str, Callable[[int], str]] = {
    "arrays": lambda n: "a = " + "[" * n + "]" * n,
    "arrays left open": lambda n: "a = " + "[" * n,
    "tables": lambda n: "a = " + "{a=" * n + "1" + "}" * n,
    "dotted": lambda n: ".".join("a" * n) + " = 1",
    "dotted and quoted": lambda n: " . ".join(["'a'"] * n) + " = 1",
    "header": lambda n: "[" + ".".join("a" * n) + "]",
    "array header": lambda n: "[[" + ".".join("a" * n) + "]]",
    "dotted inline": lambda n: "a = {" + ".".join("a" * n) + " = 1}",
    "over lines": lambda n: "a = " + "[\n#]\n" * n + "]" * n,
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize("depth", [MAX_DEPTH + 2, 5000, 150_000])
def test_deep_nesting(kind: str, depth: int, tmp_path: Path) -> None:
    error = refusal(tmp_path, DEEP[kind](depth))
    assert_clear(error)
    assert error.reason == "is nested too deeply"
    assert error.line is not None


@pytest.mark.parametrize("depth", [MAX_DEPTH + 2, 100_000])
@pytest.mark.parametrize("part", ["[", '{"a":'])
def test_deep_json(part: str, depth: int, tmp_path: Path) -> None:
    error = refusal(tmp_path, part * depth, "policy.json")
    assert error.reason == "is nested too deeply"


def test_a_dict_that_holds_itself() -> None:
    inner: dict[str, Any] = {"word": "a"}
    inner["subcommand"] = [inner]
    data = {"version": 1, "program": [{"path": ECHO, "subcommand": [inner]}]}
    with pytest.raises(PolicyFileError, match="nested too deeply"):
        ProcPolicy.from_dict(data)


def test_the_most_nesting_that_loads(tmp_path: Path) -> None:
    """As deep as the core lets subcommands be."""
    inner: dict[str, Any] = {"word": "z"}
    for _ in range(6):
        inner = {"word": "y", "subcommand": [inner]}
    data = {"version": 1, "program": [{"path": ECHO, "subcommand": [inner]}]}
    load(tmp_path, toml_lines(data))
    data = {
        "version": 1,
        "program": [
            {
                "path": ECHO,
                "subcommand": [{"word": "x", "subcommand": [inner]}],
            }
        ],
    }
    assert "too deep" in refusal(tmp_path, toml_lines(data)).reason


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    head = "version = 1\n#"
    load(tmp_path, head + "a" * (MAX_SIZE - len(head)))
    error = refusal(tmp_path, head + "a" * (MAX_SIZE - len(head) + 1))
    assert_clear(error)
    assert "larger than 1048576 bytes" in error.reason


def test_a_file_that_grows_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size was right when it was looked at."""
    text = "version = 1\n#"
    look = os.fstat

    def grow(file: int) -> os.stat_result:
        found = look(file)
        if stat.S_ISREG(found.st_mode):
            with open(tmp_path / "policy.toml", "a") as other:
                other.write("a" * MAX_SIZE)
        return found

    monkeypatch.setattr(os, "fstat", grow)
    error = refusal(tmp_path, text)
    monkeypatch.undo()
    assert "larger than 1048576 bytes" in error.reason


def test_a_sparse_file_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "version = 1")
    os.truncate(path, 1 << 40)
    with pytest.raises(PolicyFileError, match="larger than"):
        ProcPolicy.from_file(path)


HUGE = {
    "tokens": "version = 1\na = [" + "1," * 500_000 + "]",
    "lines": "version = 1" + "\n" * 1_000_000,
    "keys": "version = 1\n" + "".join(f"a{i} = 1\n" for i in range(70_000)),
    "headers": "version = 1\n" + "".join(f"[a{i}]\n" for i in range(80_000)),
    "programs": "version = 1\n" + "[[program]]\n" * 80_000,
    "dots": "version = 1\na = " + "1." * 500_000,
    "digits": "version = " + "1" * 1_000_000,
    "hexadecimal digits": "version = 0x" + "1" * 1_000_000,
    "quotes": "version = 1\na = " + '"' * 1_000_001,
    "backslashes": 'version = 1\na = "' + "\\" * 100_001,
    "strings": "version = 1\na = [" + "''," * 300_000 + "]",
    "flags": f"version = 1\n{P}flags = [" + "'x'," * 200_000 + "]",
    "names": f"version = 1\n{P}flag = [[" + "'-n'," * 100_000 + "'']]",
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_files_end(name: str, tmp_path: Path) -> None:
    """Work by the square of the length would take hours."""
    assert len(HUGE[name]) <= MAX_SIZE
    try:
        load(tmp_path, HUGE[name])
    except PolicyFileError as error:
        assert_clear(error)
    else:
        assert name == "lines"

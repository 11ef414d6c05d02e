"""Tools: what is offered, what a call becomes, and what comes back."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import policy_for, program, shell
from proc_jail import (
    ArgRules,
    Choice,
    Int,
    Overflow,
    ProcPolicyBuilder,
    ReadPath,
    Text,
)
from proc_jail.tools import RESULT_SCHEMA, Tool, ToolResult, tools_for

jsonschema = pytest.importorskip("jsonschema")

ECHO, CAT, GREP = program("echo"), program("cat"), program("grep")
PLAIN = (
    ArgRules()
    .allowed_flags(["-n", "-i"])
    .max_flags(2)
    .max_positionals(2)
    .inject_double_dash()
)
TYPED = (
    ArgRules()
    .flag("-n", "--line-number")
    .option("-m", "--max-count", Int(1, 1000))
    .option("-e", "--regexp", Text(), repeat=None)
    .option("--color", Choice("always", "never"), optional=True)
    .positional("pattern", Text(200), unless=["-e"])
    .positional("files", ReadPath("/etc"), min=0, max=20)
)


def only(tools: list[Tool]) -> Tool:
    (tool,) = tools
    return tool


def plain_tool() -> Tool:
    return only(tools_for(policy_for(GREP, PLAIN)))


def typed_tool() -> Tool:
    return only(tools_for(policy_for(GREP, TYPED)))


def script(code: str, *changes: Any, max_output: int = 1000) -> ToolResult:
    """A call of the shell, for what a program may do."""
    tool = only(tools_for(shell(*changes), max_output=max_output))
    result = tool.call({"args": ["-c", code]})
    jsonschema.validate(result.to_dict(), RESULT_SCHEMA)
    return result


# ----------------------------------------------------------- what is there


def test_a_tool_of_plain_rules() -> None:
    tool = plain_tool()
    assert (tool.name, tool.title) == ("grep", "grep")
    assert "Allowed flags: -n -i (at most 2)" in tool.description
    assert "at most 2 other arguments" in tool.description
    assert "Stopped after 30 s." in tool.description
    assert "It reads" not in tool.description
    args = tool.parameters["properties"]["args"]
    assert args["maxItems"] == 5
    assert args["items"] == {"type": "string"}


def test_a_tool_of_typed_rules() -> None:
    tool = typed_tool()
    properties = tool.parameters["properties"]
    assert list(properties) == [
        "pattern",
        "files",
        "line_number",
        "max_count",
        "regexp",
        "color",
    ]
    assert properties["max_count"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "-m --max-count",
    }
    assert properties["color"]["anyOf"] == [
        {"type": "boolean"},
        {"type": "string", "enum": ["always", "never"]},
    ]
    assert properties["files"]["maxItems"] == 20
    assert "below /etc" in properties["files"]["items"]["description"]
    assert "left out with -e" in properties["pattern"]["description"]
    assert properties["regexp"]["type"] == "array"
    assert tool.parameters["required"] == []
    assert tool.parameters["additionalProperties"] is False


def test_one_tool_for_each_subcommand() -> None:
    rules = (
        ArgRules()
        .flag("--no-pager")
        .subcommand("log", ArgRules().option("-n", Int(1, 9)))
        .subcommand("ls-files", ArgRules().flag("-s"))
    )
    tools = tools_for(policy_for(program("git"), rules))
    assert [t.name for t in tools] == ["git_log", "git_ls-files"]
    assert [t.title for t in tools] == ["git log", "git ls-files"]
    log = tools[0].argv({"n": 3, "no_pager": True})
    assert log == ["--no-pager", "log", "-n3"]


def test_a_pinned_subcommand_is_not_an_argument() -> None:
    rules = ArgRules().subcommand("status").max_positionals(1)
    tool = only(tools_for(policy_for(program("git"), rules)))
    assert tool.name == "git_status"
    assert tool.argv({"args": ["x"]}) == ["status", "x"]


def test_names_are_unique_and_plain(tmp_path: Path) -> None:
    builder = ProcPolicyBuilder()
    for folder in ("a", "b"):
        for name in ("tool", "odd näme!", "x" * 90):
            path = tmp_path / folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(Path(ECHO).read_bytes())
            path.chmod(0o755)
            builder = builder.allow_bin(path).arg_rules(path, ArgRules())
    names = [tool.name for tool in tools_for(builder.build())]
    assert names == [
        "tool",
        "odd_n_me",
        "x" * 64,
        "tool_2",
        "odd_n_me_2",
        "x" * 62 + "_2",
    ]


def test_one_file_under_several_names(tmp_path: Path) -> None:
    busybox = program("busybox")
    builder = ProcPolicyBuilder()
    for number, name in enumerate(("cat", "wc")):
        path = tmp_path / name
        path.symlink_to(busybox)
        rules = ArgRules().max_positionals(number)
        builder = builder.allow_bin(path).arg_rules(path, rules)
    tools = tools_for(builder.build())
    assert [t.name for t in tools] == ["cat", "wc"]
    sizes = [t.parameters["properties"]["args"]["maxItems"] for t in tools]
    assert sizes == [1, 2]


def test_options_that_share_a_name_get_their_own() -> None:
    rules = (
        ArgRules()
        .option("-C", Text())
        .subcommand("log", ArgRules().flag("-C").positional("c", Text()))
    )
    tool = only(tools_for(policy_for(program("git"), rules)))
    names = list(tool.parameters["properties"])
    assert names == ["c", "C", "C_2"]
    argv = tool.argv({"C_2": "x", "c": "HEAD", "C": True})
    assert argv == ["-C", "x", "log", "-C", "HEAD"]


def test_what_an_option_is_called_and_has_no_word_for() -> None:
    rules = ArgRules().flag("!").flag("(").flag(")").flag("-print")
    rules = rules.positional("places", Text(), min=0, max=None)
    tool = only(tools_for(policy_for(program("find"), rules)))
    assert list(tool.parameters["properties"]) == ["places", "print"]


def test_input_and_directory_when_the_policy_takes_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "here").mkdir()
    policy = policy_for(
        program("cat"),
        None,
        lambda b: b.max_stdin(9).cwd_jailed(tmp_path),
    )
    tool = only(tools_for(policy))
    properties = tool.parameters["properties"]
    assert list(properties) == ["args", "stdin", "cwd"]
    assert "at most 9 bytes" in properties["stdin"]["description"]
    assert str(tmp_path) in properties["cwd"]["description"]
    assert tool.call({"stdin": "text"}).stdout == "text"
    assert tool.call({"stdin": "too much of it"}).code == "StdinForbidden"
    assert tool.call({"cwd": "/"}).code == "CwdForbidden"
    (tmp_path / "here" / "f").write_text("inside")
    found = tool.call({"args": ["f"], "cwd": str(tmp_path / "here")})
    assert found.stdout == "inside"


# ------------------------------------------------------- what is written


@pytest.mark.parametrize(
    ("arguments", "argv"),
    [
        ({"pattern": "x"}, ["--", "x"]),
        ({"pattern": "-v", "files": ["--"]}, ["--", "-v", "--"]),
        ({"pattern": "x", "max_count": 5}, ["--max-count=5", "--", "x"]),
        ({"pattern": "x", "max_count": 5.0}, ["--max-count=5", "--", "x"]),
        ({"regexp": ["-a", "b"]}, ["--regexp=-a", "--regexp=b"]),
        ({"regexp": "a"}, ["--regexp=a"]),
        ({"pattern": "x", "color": True}, ["--color", "--", "x"]),
        ({"pattern": "x", "color": False}, ["--", "x"]),
        ({"pattern": "x", "color": "never"}, ["--color=never", "--", "x"]),
        ({"pattern": "x", "line_number": None}, ["--", "x"]),
        (
            {"pattern": "x", "files": "f", "line_number": True},
            ["--line-number", "--", "x", "f"],
        ),
    ],
)
def test_argv(arguments: dict[str, Any], argv: list[str]) -> None:
    assert typed_tool().argv(arguments) == argv
    assert typed_tool().argv(json.dumps(arguments)) == argv


def test_a_letter_has_its_value_attached() -> None:
    rules = ArgRules().option("-m", Int()).option("-e", Text())
    tool = only(tools_for(policy_for(GREP, rules)))
    assert tool.argv({"m": -1, "e": "-x"}) == ["-m-1", "-e-x"]
    assert tool.argv({"e": ""}) == ["-e", ""]


def test_programs_that_want_values_apart(tool: Callable[[str], Any]) -> None:
    jq = ArgRules().option("--indent", Int()).option("--arg", Text(), repeat=2)
    made = only(tools_for(policy_for(tool("jq").path, jq)))
    argv = made.argv({"indent": 2, "arg": [{"name": "a", "value": "-b"}]})
    assert argv == ["--indent", "2", "--arg", "a", "-b"]
    dd = ArgRules().option("if=", Text()).option("count=", Int())
    made = only(tools_for(policy_for(tool("dd").path, dd)))
    assert made.argv({"if": "x", "count": 1}) == ["if=x", "count=1"]


def test_an_expression_comes_behind_its_places() -> None:
    rules = (
        ArgRules()
        .flag("-L")
        .flag("-print")
        .option("-name", Text())
        .positional("places", Text(), max=None)
    )
    tool = only(tools_for(policy_for(program("find"), rules)))
    argv = tool.argv(
        {"name": "-x", "print": True, "places": ["/etc"], "L": True}
    )
    assert argv == ["-L", "/etc", "-name", "-x", "-print"]


def test_an_unknown_program(tool: Callable[[str], Any]) -> None:
    rules = (
        ArgRules()
        .option("-o", "--out", Text())
        .option("-s", Text())
        .positional("files", Text(), max=None)
    )
    made = only(tools_for(policy_for(tool("unknown").path, rules)))
    argv = made.argv({"out": "-x", "s": "y", "files": ["f"]})
    assert argv == ["--out=-x", "-s", "y", "f"]


# ---------------------------------------------------------- what is denied


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Nothing was started"),
        ({"patern": "x"}, "did you mean pattern?"),
        ({"pattern": "x", "zzz\n\x1b[31m" + "z" * 99: 1}, r"zzz\x0a\x1b"),
        ({"pattern": ["x"]}, "'pattern' must be a string"),
        ({"pattern": True}, "'pattern' must be a string"),
        ({"pattern": "x", "max_count": "5"}, "must be an integer"),
        ({"pattern": "x", "max_count": True}, "must be an integer"),
        ({"pattern": "x", "max_count": 1.5}, "must be an integer"),
        ({"pattern": "x", "max_count": float("nan")}, "must be an integer"),
        ({"pattern": "x", "max_count": 10**5000}, "out of range"),
        ({"pattern": "x", "max_count": [5]}, "must be an integer"),
        ({"pattern": "x", "line_number": "yes"}, "must be true or false"),
        ({"pattern": "x", "files": [["f"]]}, "'files' must be a string"),
        ({"pattern": "x", "files": {"f": 1}}, "'files' must be a string"),
        ({"pattern": "\ud800"}, "surrogate"),
        ([], "must be an object"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("7", "must be an object"),
    ],
)
def test_another_shape_is_denied(arguments: Any, message: str) -> None:
    result = typed_tool().call(arguments)
    assert result.denied
    assert result.code in ("ArgumentsInvalid", "ArgMissing")
    assert message in result.text
    assert "call it again" in result.text
    assert len(result.text) < 500
    jsonschema.validate(result.to_dict(), RESULT_SCHEMA)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"pattern": "x", "max_count": 0}, "ArgValueInvalid"),
        ({"pattern": "x", "color": "blue"}, "ArgValueInvalid"),
        ({"pattern": "x" * 300}, "ArgValueInvalid"),
        ({"pattern": "x", "files": ["/root"]}, "ArgPathForbidden"),
        ({"pattern": "x", "files": ["/etc/passwd"] * 30}, "ArgTooMany"),
        ({"pattern": "a\0b"}, "NulByte"),
        ({"regexp": ["a"], "pattern": "b"}, "ArgPathForbidden"),
    ],
)
def test_the_policy_has_the_last_word(
    arguments: dict[str, Any], code: str
) -> None:
    result = typed_tool().call(arguments)
    assert (result.ok, result.denied, result.exit_code) == (False, True, None)
    assert result.code is not None
    assert result.code.startswith(code)
    assert result.text.startswith(f"denied ({result.code}): ")


def test_a_property_that_is_required() -> None:
    rules = ArgRules().flag("-l").positional("file", Text()).require("-l")
    tool = only(tools_for(policy_for(program("wc"), rules)))
    assert sorted(tool.parameters["required"]) == ["file", "l"]
    assert tool.parameters["properties"]["l"]["enum"] == [True]
    assert "'file' is missing" in tool.call({"l": True}).text
    with pytest.raises(ValueError, match="'l' is missing"):
        tool.argv({"file": "x"})


# ------------------------------------------------------- what comes back


def test_success() -> None:
    result = plain_tool().call({"args": ["-n", "root", "/etc/passwd"]})
    assert (result.ok, result.exit_code, result.code) == (True, 0, None)
    assert result.stdout.startswith("1:root:")
    assert result.text == result.stdout.rstrip("\n")
    assert not result.truncated


def test_an_exit_status() -> None:
    result = script("echo out; echo err >&2; exit 3")
    assert (result.ok, result.denied, result.exit_code) == (False, False, 3)
    assert result.text == "exit status 3\nout\nstderr: err"
    assert script("kill -9 $$").text == "ended by signal 9"
    assert script("exit 0").text == "(no output)"


def test_what_is_stopped_brings_what_there_was() -> None:
    result = script("echo before; exec sleep 99", lambda b: b.timeout(2))
    assert (result.ok, result.denied, result.code) == (False, False, "Timeout")
    assert result.stdout == "before\n"
    assert "timed out" in result.text


def test_long_output_is_cut() -> None:
    result = script("yes | head -c 100000; echo end", max_output=100)
    assert result.truncated
    assert len(result.stdout) < 150
    assert "bytes left out]" in result.stdout
    assert result.stdout.endswith("end\n")
    assert not script("yes | head -c 1000").truncated
    kept = script(
        "yes | head -c 9000",
        lambda b: b.max_stdout(100).on_overflow(Overflow.KeepHead),
    )
    assert kept.truncated


def test_terminal_sequences_do_not_come_back() -> None:
    result = script(r"printf '\033[31mred\033[0m \001 \377\r\n'")
    assert result.stdout == "red \\x01 \ufffd\n"


def test_text_that_cannot_be_seen_is_escaped() -> None:
    """Here U+200B and U+E0041, a tag: a model would read it."""
    result = script(r"printf 'a\342\200\213\363\240\201\201b'")
    assert result.text == result.stdout == r"a\u200b\U000e0041b"


def test_an_environment_is_not_told() -> None:
    policy = policy_for(ECHO, None, lambda b: b.env_fixed({"V": "hunter2"}))
    tool = only(tools_for(policy))
    assert "hunter2" not in json.dumps(tool.parameters) + tool.description
    assert "hunter2" not in tool.call({}).text + repr(tool)


def test_tools_travel() -> None:
    tool = pickle.loads(pickle.dumps(typed_tool()))
    assert tool.call({"pattern": "root", "files": ["/etc/passwd"]}).ok


def test_an_import_of_the_package_brings_none_of_it() -> None:
    code = (
        "import sys, proc_jail\n"
        "seen = {n.partition('.')[0] for n in sys.modules}\n"
        "print(sorted(seen & {'json', 'logging', 'asyncio', 'IPython', 'mcp',"
        " 'opentelemetry', 'langchain_core', 'difflib', 'html'}),"
        " [n for n in sys.modules if 'tool' in n and 'proc_jail' in n])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[] []\n"


def test_a_size_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="positive"):
        tools_for(policy_for(ECHO), max_output=0)


# ------------------------------------------------------------------ async


def test_an_asynchronous_call_is_the_same() -> None:
    tool = only(tools_for(shell(lambda b: b.timeout(0.5))))
    for code in ("echo x", "exit 3", "echo y; exec sleep 99"):
        arguments = {"args": ["-c", code]}
        assert asyncio.run(tool.acall(arguments)) == tool.call(arguments) or (
            "sleep" in code  # the times in the text differ
        )
    assert asyncio.run(tool.acall({"no": 1})).denied


@pytest.mark.parametrize("end", ["", "; exec sleep 99"])
def test_progress(end: str) -> None:
    tool = only(tools_for(shell(lambda b: b.timeout(1))))
    seen: list[int] = []

    async def note(size: int) -> None:
        seen.append(size)

    code = f"yes | head -c 300000{end}"
    result = asyncio.run(tool.acall({"args": ["-c", code]}, note))
    assert seen == sorted(seen)
    assert seen[-1] == 300_000
    assert result.truncated
    assert result.code == ("Timeout" if end else None)
    assert result.stdout.startswith("y\ny\n")


def test_cancelling_a_call_kills(tmp_path: Path) -> None:
    tool = only(tools_for(shell()))
    mark = tmp_path / "started"

    async def main() -> None:
        code = f"echo > {mark}; exec sleep 99"
        task = asyncio.ensure_future(tool.acall({"args": ["-c", code]}))
        while not mark.exists():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

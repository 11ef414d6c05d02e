"""Tools in the formats of OpenAI, Anthropic and LangChain."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from conftest import policy_for, program
from proc_jail import ArgRules, Choice, Int, Text
from proc_jail.tools import Tool, ToolResult, tools_for

RULES = (
    ArgRules()
    .flag("-n")
    .option("-m", Int(1, 9))
    .option("--color", Choice("always"), optional=True)
    .positional("pattern", Text(200))
)
LOOSE = {
    "type": "object",
    "properties": {
        "pattern": {
            "type": "string",
            "maxLength": 200,
            "description": "pattern",
        },
        "n": {"type": "boolean", "description": "-n"},
        "m": {
            "type": "integer",
            "minimum": 1,
            "maximum": 9,
            "description": "-m",
        },
        "color": {
            "anyOf": [
                {"type": "boolean"},
                {"type": "string", "enum": ["always"]},
            ],
            "description": "--color",
        },
    },
    "required": ["pattern"],
    "additionalProperties": False,
}
STRICT = {
    "type": "object",
    "properties": {
        "pattern": {"type": "string", "description": "pattern"},
        "n": {"type": ["boolean", "null"], "description": "-n"},
        "m": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 9,
            "description": "-m",
        },
        "color": {
            "anyOf": [
                {"type": "boolean"},
                {"type": "string", "enum": ["always"]},
                {"type": "null"},
            ],
            "description": "--color",
        },
    },
    "required": ["pattern", "n", "m", "color"],
    "additionalProperties": False,
}


def grep_tool() -> Tool:
    return tools_for(policy_for(program("grep"), RULES))[0]


def test_openai() -> None:
    tool = grep_tool()
    assert tool.openai() == {
        "type": "function",
        "function": {
            "name": "grep",
            "description": tool.description,
            "parameters": LOOSE,
            "strict": False,
        },
    }
    assert tool.openai(strict=True)["function"] == {
        "name": "grep",
        "description": tool.description,
        "parameters": STRICT,
        "strict": True,
    }
    assert tool.openai(strict=True, responses=True) == {
        "type": "function",
        "name": "grep",
        "description": tool.description,
        "parameters": STRICT,
        "strict": True,
    }


def test_the_nulls_of_strict_mode_are_nothing() -> None:
    given = {"pattern": "x", "n": None, "m": None, "color": None}
    assert grep_tool().argv(given) == ["--", "x"]


def test_anthropic() -> None:
    tool = grep_tool()
    assert tool.anthropic() == {
        "name": "grep",
        "description": tool.description,
        "input_schema": LOOSE,
    }


def langchain_tool(tool: Tool) -> Any:
    pytest.importorskip("langchain_core")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        return tool.langchain()


def call_of(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": "x", "args": arguments, "id": "7", "type": "tool_call"}


def test_langchain() -> None:
    made = langchain_tool(
        tools_for(policy_for(program("echo"), ArgRules().max_positionals(2)))[
            0
        ]
    )
    assert made.name == "echo"
    assert made.args["args"]["type"] == "array"
    assert made.invoke({"args": ["a", "b"]}) == "a b"
    assert asyncio.run(made.ainvoke({"args": ["a"]})) == "a"
    message = made.invoke(call_of({"args": ["a"]}))
    assert (message.content, message.tool_call_id) == ("a", "7")
    assert isinstance(message.artifact, ToolResult)
    assert message.artifact.ok


def test_langchain_hears_of_denials() -> None:
    made = langchain_tool(grep_tool())
    text = made.invoke({"pattern": "x", "m": 99})
    assert text.startswith("denied (ArgValueInvalid)")
    assert made.invoke({"patern": "x"}).startswith("denied (Argum")


def test_langchain_s_own_names_may_be_arguments(
    tool: Callable[[str], Any],
) -> None:
    names = ["config", "callbacks", "run_manager", "self", "args", "kwargs"]
    rules = ArgRules()
    for name in names:
        rules = rules.option(f"--{name}", Text())
    ours = tools_for(policy_for(tool("unknown").path, rules))[0]
    made = langchain_tool(ours)
    seen: list[Any] = []
    object.__setattr__(made, "program", Watched(ours, seen))
    given = dict.fromkeys(names, "x")
    made.invoke(call_of(given))
    assert seen == [given]


class Watched:
    """A tool that notes what it is called with."""

    def __init__(self, tool: Tool, seen: list[Any]) -> None:
        self.tool, self.seen = tool, seen

    def call(self, arguments: dict[str, Any]) -> ToolResult:
        self.seen.append(arguments)
        return self.tool.call(arguments)

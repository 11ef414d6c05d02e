"""Schemas of every profile: what APIs take, and what programs then read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from proc_jail import (
    ArgFlagNotAllowed,
    ProcPolicyBuilder,
    Violation,
    _core,
)
from proc_jail._policy.paths import which
from proc_jail.profiles import PROFILES
from proc_jail.tools import Tool, tools_for
from proc_jail.tools.params import (
    OPTION,
    POSITIONAL,
    FlagParameter,
    OptionParameter,
    PairParameter,
    Parameter,
)

jsonschema = pytest.importorskip("jsonschema")

# What a model might write to be read as something else.
VALUES = ["1", "-x", "--", "--help", "-", "a=b", "=", " ", "a b", "ä", "+x"]
# As the documentation of strict mode has it.
STRICT = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "maxItems",
    "minItems",
    "enum",
    "anyOf",
    "pattern",
    "minimum",
    "maximum",
    "description",
}


def tools_of(name: str) -> list[Tool]:
    builder = ProcPolicyBuilder().profile(
        name, read=["/etc"], write=["/tmp"], hosts=["example.com"]
    )
    try:
        return tools_for(builder.build())
    except Violation as error:
        pytest.skip(f"{which(name)}: {error.code}")


def schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all that are inside of it."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from schemas(inner)
    for inner in schema.get("anyOf", ()):
        yield from schemas(inner)
    if "items" in schema:
        yield from schemas(schema["items"])


def check_every_api_takes_them(tools: list[Tool]) -> None:
    assert len({t.name for t in tools}) == len(tools) > 0
    for tool in tools:
        assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", tool.name)
        assert 0 < len(tool.description) <= 1024
        schema = tool.parameters
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert not {"anyOf", "oneOf", "allOf"} & set(schema)
        for name in schema["properties"]:
            assert re.fullmatch("[a-zA-Z0-9_]{1,64}", name)
        assert json.loads(json.dumps(schema)) == schema


def check_strict_mode_takes_them(tools: list[Tool]) -> None:
    for tool in tools:
        strict = tool.openai(strict=True)["function"]["parameters"]
        jsonschema.Draft202012Validator.check_schema(strict)
        optional = set(strict["properties"]) - set(tool.parameters["required"])
        for name in optional:
            jsonschema.validate(None, strict["properties"][name])
        for part in schemas(strict):
            assert set(part) <= STRICT
            if part.get("type") == "object":
                assert part["additionalProperties"] is False
                assert part["required"] == list(part["properties"])


def samples(parameter: Parameter) -> list[Any]:
    """Arguments of the right shape, whatever the policy says of them."""
    if isinstance(parameter, FlagParameter):
        return [True]
    if isinstance(parameter, PairParameter):
        return [[dict.fromkeys(parameter.keys, value)] for value in VALUES]
    values: list[Any] = list(VALUES)
    if isinstance(parameter, OptionParameter) and parameter.option.optional:
        values.append(True)
    return values


def read(tool: Tool, argv: list[str]) -> list[Any]:
    """What the program reads, behind its subcommand if it has some."""
    name = tool._shape.program.name
    if tool._shape.words:
        word = tool._shape.words[0]
        argv = argv[argv.index(word) + 1 :]
        name = f"{name}_{word.replace('-', '_')}"
    return list(_core._read_argv(name, argv))


def check_option(tool: Tool, parameter: Any, value: Any, argv: Any) -> None:
    """Whatever the value is, the program reads this option and no other."""
    try:
        found = read(tool, argv)
    except Violation:
        return  # what cannot be told is refused
    kinds = [item[0] for item in found]
    assert kinds == ["option"], (argv, found)
    _, _, name, got, _ = found[0]
    own = {name.strip("-=") for name in parameter_names(parameter)}
    row = next(
        (r for r in rows(tool) if name.strip("-=") in names_of(r)), None
    )
    assert row is not None
    assert own & names_of(row), (argv, found)
    if isinstance(parameter, OptionParameter) and value is not True:
        assert got == value, (argv, found)


def parameter_names(parameter: Any) -> tuple[str, ...]:
    if isinstance(parameter, FlagParameter):
        return parameter.names
    names: tuple[str, ...] = parameter.option.names
    return names


def rows(tool: Tool) -> list[dict[str, Any]]:
    words = tool._shape.words
    name = tool._shape.program.name
    if words:
        name = f"{name}_{words[0].replace('-', '_')}"
    table = _core._program(name)
    assert table is not None
    return list(table["options"])


def names_of(row: dict[str, Any]) -> set[str]:
    found = (row["letter"], row["name"])
    return {name.strip("-=") for name in found if name is not None}


def own_parameters(tool: Tool) -> Iterator[tuple[str, Parameter]]:
    """Those of the innermost section, which the table is for."""
    last = tool._shape.sections[-1].parameters
    for name, parameter in tool._shape.properties.items():
        if any(parameter is p for p in last):
            yield name, parameter


def check_no_value_is_read_as_another_option(tools: list[Tool]) -> None:
    for tool in tools:
        for name, parameter in own_parameters(tool):
            if parameter.place == OPTION:
                for value in samples(parameter):
                    argv = alone(tool, parameter, name, value)
                    check_option(tool, parameter, value, argv)


def alone(tool: Tool, parameter: Any, name: str, value: Any) -> list[str]:
    """Its words without those of what has to be given besides."""
    return [*tool._shape.words, *parameter.words(value, name)]


def check_positionals_are_operands(tools: list[Tool]) -> None:
    for tool in tools:
        if tool._shape.words or tool._shape.sections[-1].dashes != "always":
            continue
        for name, parameter in own_parameters(tool):
            if parameter.place == POSITIONAL:
                for value in VALUES:
                    check_operand(tool, name, value)


def check_operand(tool: Tool, name: str, value: str) -> None:
    argv = tool.argv({**needed(tool), name: value})
    if value.startswith("+"):
        # Some programs take it for something else, wherever it stands.
        try:
            read(tool, argv)
        except ArgFlagNotAllowed:
            return
    found = [i for i in read(tool, argv) if i[0] != "dashes"]
    operands = [i[3] for i in found if i[0] == "operand"]
    assert value in operands, argv
    assert len(found) == len(needed(tool) | {name: 0}), argv


def needed(tool: Tool) -> dict[str, Any]:
    """What has to be given, and harmless."""
    schemas = tool.parameters["properties"]
    return {
        name: True if schemas[name]["type"] == "boolean" else "x"
        for name in tool.parameters["required"]
    }


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_the_tools_of_every_profile(name: str) -> None:
    tools = tools_of(name)
    check_every_api_takes_them(tools)
    check_strict_mode_takes_them(tools)
    check_no_value_is_read_as_another_option(tools)
    check_positionals_are_operands(tools)

"""Tools as OpenAI's APIs expect them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proc_jail.tools.tool import Tool
    from proc_jail.tools.values import Schema

# What strict mode does not accept in a schema; the policy checks it.
_UNKNOWN_TO_STRICT = ("maxLength", "minLength", "format")


def openai(tool: Tool, strict: bool, responses: bool) -> dict[str, Any]:
    """One tool; the two APIs differ in how deep the function lies."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": strict_schema(tool.parameters)
        if strict
        else tool.parameters,
        "strict": strict,
    }
    if responses:
        return {"type": "function", **function}
    return {"type": "function", "function": function}


def strict_schema(schema: Schema) -> Schema:
    """A schema for strict mode: all is required; optional ones may be null.

    >>> strict_schema({"type": "string", "maxLength": 9})
    {'type': 'string'}
    """
    found = {k: v for k, v in schema.items() if k not in _UNKNOWN_TO_STRICT}
    if "items" in found:
        found["items"] = strict_schema(found["items"])
    if "anyOf" in found:
        found["anyOf"] = [strict_schema(part) for part in found["anyOf"]]
    if "properties" in found:
        needed = found["required"]
        found["properties"] = {
            name: strict_schema(part)
            if name in needed
            else nullable(strict_schema(part))
            for name, part in found["properties"].items()
        }
        found["required"] = list(found["properties"])
    return found


def nullable(schema: Schema) -> Schema:
    """A schema that also accepts null.

    >>> nullable({"type": "string"})
    {'type': ['string', 'null']}
    """
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found

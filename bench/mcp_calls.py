"""What a tool call over MCP costs, beside the SDK's own empty one.

`python mcp_calls.py ours` and `python mcp_calls.py empty` are the servers;
measure() is their client.
"""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters, types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from proc_jail import (
    ArgRules,
    PreparedCommand,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
)

TRUE = shutil.which("true", path="/bin:/usr/bin") or "/bin/true"
NAME = Path(TRUE).name
WARM = 20


def policy() -> ProcPolicy:
    builder = ProcPolicyBuilder().allow_bin(TRUE)
    return builder.arg_rules(TRUE, ArgRules().max_positionals(1)).build()


async def serve_empty() -> None:
    """A tool that does nothing and says nothing."""

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        tool = types.Tool(name=NAME, input_schema={"type": "object"})
        return types.ListToolsResult(tools=[tool])

    async def call_tool(context: Any, params: Any) -> types.CallToolResult:
        return types.CallToolResult(content=[])

    empty: Server[Any] = Server(
        "empty", on_list_tools=list_tools, on_call_tool=call_tool
    )
    async with stdio_server() as (incoming, outgoing):
        options = empty.create_initialization_options()
        await empty.run(incoming, outgoing, options)


async def time_call(client: Client) -> int:
    """Nanoseconds of one call."""
    begun = time.perf_counter_ns()
    await client.call_tool(NAME, {})
    return time.perf_counter_ns() - begun


def time_spawn(command: PreparedCommand) -> int:
    """The same of a spawn, without any of this around it."""
    begun = time.perf_counter_ns()
    command.spawn_sync()
    return time.perf_counter_ns() - begun


async def one_round(
    ours: Client, empty: Client, command: PreparedCommand, count: int
) -> tuple[list[float], list[float]]:
    """Times of calls, and of what they are made of, in turns."""
    calls: list[float] = []
    parts: list[float] = []
    for _ in range(count):
        calls.append(await time_call(ours))
        parts.append(await time_call(empty) + time_spawn(command))
    return calls, parts


def server(which: str) -> StdioServerParameters:
    """This file, as a server."""
    return StdioServerParameters(
        command=sys.executable, args=[__file__, which]
    )


async def _measure(count: int, rounds: int) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {"ours": [], "parts": []}
    command = policy().prepare(ProcRequest(TRUE, []))
    async with AsyncExitStack() as stack:
        ours, empty = [
            await stack.enter_async_context(Client(server(which)))
            for which in ("ours", "empty")
        ]
        for client in (ours, empty):
            await client.list_tools()
        await one_round(ours, empty, command, WARM)
        for _ in range(rounds):
            calls, parts = await one_round(ours, empty, command, count)
            found["ours"].append(calls)
            found["parts"].append(parts)
    return found


def measure(count: int, rounds: int) -> dict[str, list[list[float]]]:
    """Nanoseconds: of our call, and of an empty one plus a spawn."""
    return anyio.run(_measure, count, rounds)


def main(argv: list[str]) -> int:
    if argv[1:] == ["ours"]:
        from proc_jail.tools import serve_mcp

        return serve_mcp(policy())
    anyio.run(serve_empty)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

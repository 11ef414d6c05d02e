"""An MCP server over stdio that offers the programs of a policy as tools.

On the official SDK (extra `mcp`). A denial is a result with isError, so that
a model sees what to change; cancelling a request kills its command, and so
does the end of the session.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

try:
    import anyio
    from mcp import types
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp.shared.exceptions import MCPError
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "the MCP server needs its SDK: pip install 'proc_jail[mcp]'",
        name=_missing.name,
    ) from _missing

from proc_jail._core import __version__
from proc_jail._live.running import _end_all
from proc_jail._live.signals import ending_signals
from proc_jail.tools.tool import MAX_OUTPUT, RESULT_SCHEMA, tools_for

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from proc_jail._core import ProcPolicy
    from proc_jail.tools.tool import Tool, ToolResult

    _Context = ServerRequestContext[Any, Any]

# How many commands of one session run at a time; others wait.
LIMIT = 16
# Seconds between progress notifications; one per chunk is too many.
INTERVAL = 0.1
INSTRUCTIONS = (
    "Each tool runs one program, without a shell. What is denied was not "
    "started; its text says what would be accepted."
)


class _Progress:
    """Tells the client how many bytes came so far, not too often."""

    def __init__(self, context: _Context) -> None:
        self._session = context.session
        self._next = 0.0

    async def __call__(self, size: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + INTERVAL
            await self._session.report_progress(size, message=f"{size} bytes")


class _Tools:
    """What the requests about tools are answered with."""

    def __init__(self, policy: ProcPolicy, max_output: int) -> None:
        tools = tools_for(policy, max_output=max_output)
        self._tools = {tool.name: tool for tool in tools}
        self._listed = [_listed(tool) for tool in tools]
        # A call that need not wait takes no extra turn of the event loop.
        self._gate = anyio.Semaphore(LIMIT, fast_acquire=True)

    async def list(
        self, context: _Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=self._listed)

    async def call(
        self, context: _Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, "there is no such tool")
        meta = context.meta or {}
        asked = meta.get("progress_token") is not None
        async with self._gate:
            result = await tool.acall(
                params.arguments or {},
                _Progress(context) if asked else None,
            )
        return _result(result)


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.parameters,
        output_schema=RESULT_SCHEMA,
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.reach.read_only,
            destructive_hint=not tool.reach.read_only,
            idempotent_hint=tool.reach.read_only,
            open_world_hint=tool.reach.open_world,
        ),
    )


def _result(result: ToolResult) -> types.CallToolResult:
    """An exit status is an answer; a denial or a stop is an error."""
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=result.text)],
        structured_content=result.to_dict(),
        is_error=result.code is not None,
    )


def server_of(
    policy: ProcPolicy,
    *,
    name: str = "proc_jail",
    max_output: int = MAX_OUTPUT,
) -> Server[Any]:
    """Return the server, to run it over a transport other than stdio.

    >>> server = server_of(policy, name="text")
    """
    tools = _Tools(policy, max_output)
    return Server(
        name,
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
    )


async def serve(
    policy: ProcPolicy,
    *,
    name: str = "proc_jail",
    max_output: int = MAX_OUTPUT,
) -> None:
    """Serve one client on standard input and output, until it leaves.

    Await it on an event loop: `asyncio.run(serve(policy))`.
    """
    server = server_of(policy, name=name, max_output=max_output)
    async with stdio_server() as (incoming, outgoing):
        await server.run(
            incoming, outgoing, server.create_initialization_options()
        )


async def _end_at_signal() -> None:
    """Kill what runs and end the process, whatever else it waits for.

    A thread of the SDK reads standard input, which nothing interrupts; so
    there is no way back from here but the process's end.
    """
    with anyio.open_signal_receiver(*ending_signals()) as received:
        async for number in received:
            _end_all()
            os._exit(128 + number)


def main(
    policy: ProcPolicy,
    *,
    name: str = "proc_jail",
    max_output: int = MAX_OUTPUT,
) -> int:
    """Serve one client and return an exit status.

    SIGTERM, SIGHUP and SIGINT (Ctrl-C) kill what runs and end the process
    with 128 plus their number.
    """

    async def run() -> None:
        async with anyio.create_task_group() as group:
            if ending_signals():
                group.start_soon(_end_at_signal)
            await serve(policy, name=name, max_output=max_output)
            group.cancel_scope.cancel()

    anyio.run(run)
    return 0

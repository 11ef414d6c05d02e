"""Servers of their own process for the tests of MCP, and their census."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters

from hosts import reap_orphans

if TYPE_CHECKING:
    from mcp.types import CallToolResult

T = TypeVar("T")
TESTS = Path(__file__).parent

# A server of `echo`, and of a shell for what a program may do.
SERVER = """
import os, sys
sys.path.insert(0, sys.argv[1])
with open(sys.argv[2], "w") as file:
    file.write(f"{os.getpid()}\\n")
from conftest import shell
from proc_jail import ArgRules, ProcPolicyBuilder
from proc_jail.tools import serve_mcp

def echo(builder):
    rules = ArgRules().max_positionals(3)
    return builder.allow_bin("/bin/echo").arg_rules("/bin/echo", rules)

def limits(builder):
    return builder.timeout(30).max_stdout(1 << 24)

sys.exit(serve_mcp(shell(echo, limits), name="test", max_output=4096))
"""


@dataclass
class Session:
    """A client and what it needs to know of its server."""

    client: Client
    pid: int

    async def echo(self, *words: str) -> CallToolResult:
        return await self.client.call_tool("echo", {"args": list(words)})

    async def script(
        self, code: str, *args: str | Path, **options: Any
    ) -> CallToolResult:
        words = ["-c", code, "sh", *(str(arg) for arg in args)]
        return await self.client.call_tool("sh", {"args": words}, **options)


def parameters(folder: Path, name: str = "pid") -> StdioServerParameters:
    """How a server is started that leaves its process id in a folder."""
    code = textwrap.dedent(SERVER)
    args = ["-c", code, str(TESTS), str(folder / name)]
    return StdioServerParameters(command=sys.executable, args=args)


def in_session(
    folder: Path,
    body: Callable[[Session], Awaitable[T]],
    mode: str = "auto",
) -> T:
    """Run a coroutine function with a session of its own."""

    async def main() -> T:
        async with Client(parameters(folder), mode=mode) as client:
            pid = int((folder / "pid").read_text())
            return await body(Session(client, pid))

    result = anyio.run(main)
    reap_orphans()  # of killed trees, whose heir is the process of the tests
    return result


def text_of(result: CallToolResult) -> str:
    """The one text of a result."""
    (block,) = result.content
    assert block.type == "text"
    return block.text


@dataclass(frozen=True)
class Census:
    """What a leak would show in."""

    descriptors: int
    children: int
    threads: int
    rss_kib: int


def census(pid: int) -> Census:
    """Count what a process has."""
    tasks = Path(f"/proc/{pid}/task")
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = [line.split()[1] for line in status if line.startswith("VmRSS")]
    children = threads = 0
    for task in tasks.iterdir():
        with suppress(FileNotFoundError):  # it ended meanwhile
            children += len((task / "children").read_text().split())
            threads += 1
    return Census(
        len(os.listdir(f"/proc/{pid}/fd")),
        children,
        threads,
        int(sizes[0]),
    )

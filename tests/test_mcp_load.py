"""Many calls of many clients: no answer is another's, and nothing leaks."""

from __future__ import annotations

import zlib
from pathlib import Path

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client

from conftest import share
from hosts import on_linux
from mcp_sessions import Census, Session, census, in_session, parameters

CALLS = share(10_000)
CLIENTS = 16
# What allocators keep; a leak of 4 KiB a call shows at 10,000 calls.
SLACK_KIB = 4096


async def ask(session: Session, name: str) -> None:
    """One call, of one of four kinds; its answer must be its own."""
    kind = zlib.crc32(name.encode()) % 4
    if kind == 0:
        result = await session.echo(name, "1", "2", "3")
        assert result.is_error
        assert result.structured_content["code"] == "ArgTooManyPositionals"
    elif kind == 1:
        result = await session.script('echo "$1" >&2; exit 5', name)
        assert result.structured_content["stderr"] == f"{name}\n"
        assert result.structured_content["exit_code"] == 5
    else:
        result = await session.echo(name)
        assert result.structured_content["stdout"] == f"{name}\n"


def check(before: Census, after: Census) -> None:
    assert after.descriptors <= before.descriptors
    assert after.children == before.children == 0
    assert after.threads <= before.threads
    assert after.rss_kib <= before.rss_kib + SLACK_KIB


async def threads_of(session: Session) -> int:
    """How many a server has that has run no command yet."""
    await session.client.list_tools()
    return census(session.pid).threads


async def settle(pid: int, threads: int) -> Census:
    """Once the thread that holds its deadlines has ended."""
    with anyio.move_on_after(20):
        while census(pid).threads > threads:
            await anyio.sleep(0.02)
    return census(pid)


async def client(folder: Path, number: int) -> None:
    """One client with a server of its own; its calls in turn."""
    server = parameters(folder, f"pid{number}")
    async with Client(server) as connected:
        pid = int((folder / f"pid{number}").read_text())
        session = Session(connected, pid)
        threads = await threads_of(session)
        for turn in range(8):
            await ask(session, f"warm {number} {turn}")
        before = await settle(pid, threads)
        for turn in range(CALLS // CLIENTS):
            await ask(session, f"client {number} turn {turn}")
        check(before, await settle(pid, threads))


@on_linux
def test_many_clients(tmp_path: Path) -> None:
    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(CLIENTS):
                group.start_soon(client, tmp_path, number)

    anyio.run(main)


@on_linux
def test_many_calls_at_once_in_one_session(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        async def some(start: int) -> None:
            async with anyio.create_task_group() as group:
                for number in range(start, start + 80):
                    group.start_soon(ask, session, f"call {number}")

        threads = await threads_of(session)
        await some(0)
        before = await settle(session.pid, threads)
        for start in range(80, max(240, CALLS // 8), 80):
            await some(start)
        check(before, await settle(session.pid, threads))

    in_session(tmp_path, body)

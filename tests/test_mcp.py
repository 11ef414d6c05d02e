"""The MCP server, with the SDK's own client over stdio."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client, MCPError

from conftest import policy_for, program
from hosts import is_gone, on_linux, wait_until
from mcp_sessions import Session, in_session, parameters, text_of
from proc_jail import ArgRules, ReadPath, Sandbox
from proc_jail.tools import RESULT_SCHEMA
from proc_jail.tools.mcp import LIMIT, _Tools, server_of

jsonschema = pytest.importorskip("jsonschema")

# Announces itself, and has a child of its own.
ENDLESS = 'sleep 99 & echo $! > "$1.new"; mv "$1.new" "$1"; echo x; wait'


async def started(path: Path) -> int:
    """The process id that a script has written."""
    with anyio.fail_after(20):
        while not path.exists():
            await anyio.sleep(0.005)
    return int(path.read_text())


# ------------------------------------------------------------ list, call


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_list_and_call(tmp_path: Path, mode: str) -> None:
    async def body(session: Session) -> None:
        listed = (await session.client.list_tools()).tools
        assert [tool.name for tool in listed] == ["sh", "echo"]
        for tool in listed:
            assert tool.output_schema == RESULT_SCHEMA
            assert tool.input_schema["required"] == []
        result = await session.echo("a", "b")
        assert not result.is_error
        assert text_of(result) == "a b"
        assert result.structured_content == {
            "ok": True,
            "exit_code": 0,
            "stdout": "a b\n",
            "stderr": "",
            "truncated": False,
            "denied": False,
            "code": None,
        }

    in_session(tmp_path, body, mode)


def test_denials_and_failures(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        denied = await session.echo("1", "2", "3", "4")
        assert denied.is_error
        assert "too many positional" in text_of(denied)
        assert denied.structured_content["code"] == "ArgTooManyPositionals"
        unknown = await session.client.call_tool("echo", {"cmd": "x"})
        assert unknown.is_error
        assert "there is no argument 'cmd'" in text_of(unknown)
        with pytest.raises(MCPError, match="no such tool"):
            await session.client.call_tool("rm", {"args": ["-rf", "/"]})
        status = await session.script("echo no >&2; exit 3")
        assert not status.is_error
        assert text_of(status) == "exit status 3\nstderr: no"
        flood = await session.script("yes")
        assert flood.is_error
        assert flood.structured_content["code"] == "StdoutLimitExceeded"
        assert len(flood.structured_content["stdout"]) < 5000
        for result in (denied, unknown, status, flood):
            jsonschema.validate(result.structured_content, RESULT_SCHEMA)

    in_session(tmp_path, body)


def test_hints_come_from_the_rules() -> None:
    grep = program("grep")
    rules = ArgRules().positional("files", ReadPath("/etc")).run_nothing()

    async def hints(policy: object) -> tuple[object, ...]:
        async with Client(server_of(policy)) as client:  # type: ignore[arg-type]
            (tool,) = (await client.list_tools()).tools
        found = tool.annotations
        assert found is not None
        assert found.title == tool.title == "grep"
        return (
            found.read_only_hint,
            found.destructive_hint,
            found.idempotent_hint,
            found.open_world_hint,
        )

    safe = policy_for(grep, rules)
    assert anyio.run(hints, safe) == (True, False, True, False)
    plain = policy_for(grep)
    assert anyio.run(hints, plain) == (False, True, False, True)
    strict = policy_for(grep, None, lambda b: b.sandbox(Sandbox.strict()))
    assert anyio.run(hints, strict) == (True, False, True, False)


# ---------------------------------------------------------------- progress


def test_progress_when_it_is_asked_for(tmp_path: Path) -> None:
    seen: list[tuple[float, str | None]] = []

    async def note(
        progress: float, total: float | None, message: str | None
    ) -> None:
        seen.append((progress, message))

    async def body(session: Session) -> None:
        code = "for i in 1 2 3; do head -c 9000 /dev/zero; sleep 0.2; done"
        result = await session.script(code, progress_callback=note)
        assert not result.is_error

    in_session(tmp_path, body)
    sizes = [size for size, _ in seen]
    assert len(sizes) >= 3
    assert sizes == sorted(set(sizes))
    assert sizes[-1] <= 27000
    assert seen[-1][1] == f"{int(sizes[-1])} bytes"


def test_progress_is_not_told_chunk_by_chunk(tmp_path: Path) -> None:
    seen: list[float] = []

    async def note(
        progress: float, total: float | None, message: str | None
    ) -> None:
        seen.append(progress)

    async def body(session: Session) -> None:
        code = "head -c 16000000 /dev/zero"
        result = await session.script(code, progress_callback=note)
        assert not result.is_error
        assert result.structured_content["truncated"]

    in_session(tmp_path, body)
    assert 1 <= len(seen) < 100  # of some 250 chunks or more


# ------------------------------------------------------- how many at once


def test_no_more_at_once_than_allowed() -> None:
    gate = _Tools(policy_for(program("true")), 1)._gate
    now, most, done = 0, 0, 0

    async def enter(number: int) -> None:
        nonlocal now, most, done
        # Some give up while they wait, and must not keep a place.
        with anyio.move_on_after(0 if number % 5 == 4 else 60):
            async with gate:
                now += 1
                most = max(most, now)
                try:
                    await anyio.lowlevel.checkpoint()
                    await anyio.lowlevel.checkpoint()
                    done += 1
                finally:
                    now -= 1

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(enter, number)

    anyio.run(main)
    assert (now, most) == (0, LIMIT)
    assert done >= 40


# ---------------------------------------------------- cancelling, leaving


@pytest.mark.parametrize("with_progress", [False, True])
def test_cancelling_a_call_kills_the_tree(
    tmp_path: Path, with_progress: bool
) -> None:
    async def note(*args: object) -> None: ...

    async def body(session: Session) -> None:
        mark = tmp_path / "child"
        options = {"progress_callback": note} if with_progress else {}
        async with anyio.create_task_group() as group:

            async def call() -> None:
                await session.script(ENDLESS, mark, **options)

            group.start_soon(call)
            child = await started(mark)
            group.cancel_scope.cancel()
        with anyio.fail_after(20):
            while not is_gone(child):
                await anyio.sleep(0.005)
        # The session goes on.
        assert text_of(await session.echo("still there")) == "still there"

    in_session(tmp_path, body)


def test_a_client_that_leaves_ends_its_commands(tmp_path: Path) -> None:
    mark = tmp_path / "child"

    async def body(session: Session) -> int:
        async with anyio.create_task_group() as group:
            group.start_soon(session.script, ENDLESS, mark)
            child = await started(mark)
            # No word of it: the transport is closed under the call.
            group.cancel_scope.cancel()
        return child

    child = in_session(tmp_path, body)
    wait_until(lambda: is_gone(child))


@on_linux
def test_a_server_that_is_killed_takes_its_command_along(
    tmp_path: Path,
) -> None:
    async def body(session: Session) -> None:
        pid_file = tmp_path / "leader"
        code = 'echo $$ > "$1.new"; mv "$1.new" "$1"; exec sleep 99'
        async with anyio.create_task_group() as group:

            async def call() -> None:
                with pytest.raises(MCPError):
                    await session.script(code, pid_file)

            group.start_soon(call)
            leader = await started(pid_file)
            os.kill(session.pid, signal.SIGKILL)
        with anyio.fail_after(20):
            while not is_gone(leader):
                await anyio.sleep(0.005)

    in_session(tmp_path, body)


def test_the_end_of_input_is_the_end_of_the_server(tmp_path: Path) -> None:
    server = parameters(tmp_path)
    done = subprocess.run(
        [server.command, *server.args],
        input=b"not json\n",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        assert json.loads(line)["jsonrpc"] == "2.0"


def test_ctrl_c_ends_the_server(tmp_path: Path) -> None:
    server = parameters(tmp_path)
    with subprocess.Popen(
        [server.command, *server.args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        request = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        }
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer["result"]["serverInfo"]["name"] == "test"
        process.send_signal(signal.SIGINT)
        # A thread of the SDK reads standard input until its end.
        process.stdin.close()
        assert process.wait(30) == 130


def test_without_the_sdk_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['mcp'] = None\n"
        "from proc_jail import ProcPolicyBuilder\n"
        "from proc_jail.tools import serve_mcp\n"
        "serve_mcp(ProcPolicyBuilder().build())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'proc_jail[mcp]'" in done.stderr

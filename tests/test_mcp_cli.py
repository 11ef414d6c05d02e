"""`proc-jail mcp policy.toml`, asked by the SDK's own client over stdio."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters

from conftest import program
from hosts import is_gone, on_linux, reap_orphans, written_pid
from mcp_sessions import text_of
from policies import write
from proc_jail import ProcPolicy
from proc_jail.tools import tools_for

GREP, SH = program("grep"), program("sh")
SCRIPT = str(Path(sys.executable).with_name("proc-jail"))
FORMS = [[SCRIPT], [sys.executable, "-m", "proc_jail"]]
each_form = pytest.mark.parametrize("form", FORMS, ids=["script", "module"])

POLICY = f"""
version = 1
risky = "allow"

[[program]]
path = "{GREP}"
flags = ["-n", "-c"]
max_positionals = 2
double_dash = true

[[program]]
path = "{SH}"
flags = ["-c"]
max_positionals = 3
"""


def in_session(
    form: list[str], policy: Path, body: Callable[[Client], Awaitable[None]]
) -> None:
    """Run a coroutine function with a client of `... mcp policy.toml`."""
    args = [*form[1:], "mcp", str(policy), "--name", "mine"]
    server = StdioServerParameters(command=form[0], args=args)

    async def main() -> None:
        async with Client(server) as client:
            await body(client)

    anyio.run(main)
    reap_orphans()


@each_form
def test_a_policy_file_is_served(form: list[str], tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("one\ntwo\n")
    policy = write(tmp_path, POLICY)

    async def body(client: Client) -> None:
        assert client.server_info is not None
        assert client.server_info.name == "mine"
        listed = (await client.list_tools()).tools
        expected = tools_for(ProcPolicy.from_file(policy))
        assert [t.name for t in listed] == [t.name for t in expected]
        assert [t.input_schema for t in listed] == [
            t.parameters for t in expected
        ]
        arguments = {"args": ["-n", "two", str(text)]}
        found = await client.call_tool("grep", arguments)
        assert not found.is_error
        assert text_of(found) == "2:two"
        arguments["args"][0] = "-r"
        denied = await client.call_tool("grep", arguments)
        assert denied.is_error
        assert denied.structured_content["code"] == "ArgFlagNotAllowed"
        assert "allowed are: -n -c" in text_of(denied)

    in_session(form, policy, body)


@pytest.mark.parametrize("document", ["README.md", "docs/agents.md"])
def test_the_configuration_that_is_shown(
    document: str, tmp_path: Path
) -> None:
    text = (Path(__file__).parent.parent / document).read_text("utf-8")
    (block,) = re.findall(r"^```json\n(.*?)^```", text, re.M | re.S)
    (server,) = json.loads(block)["mcpServers"].values()
    assert server["command"] == Path(SCRIPT).name
    policy = str(write(tmp_path, POLICY))
    args = [{"/path/to/policy.toml": policy}.get(a, a) for a in server["args"]]
    assert policy in args

    async def main() -> None:
        shown = StdioServerParameters(command=SCRIPT, args=args)
        async with Client(shown) as client:
            listed = (await client.list_tools()).tools
            assert [tool.name for tool in listed] == ["grep", "sh"]

    anyio.run(main)
    reap_orphans()


@on_linux
def test_cancelling_kills_the_tree(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    code = 'sleep 99 & echo $! > "$1.new"; mv "$1.new" "$1"; wait'

    async def body(client: Client) -> None:
        words = ["-c", code, "sh", str(mark)]
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "sh", {"args": words})
            with anyio.fail_after(20):
                while not mark.exists():
                    await anyio.sleep(0.005)
            group.cancel_scope.cancel()
        child = int(mark.read_text())
        with anyio.fail_after(20):
            while not is_gone(child):
                await anyio.sleep(0.005)

    in_session(FORMS[0], write(tmp_path, POLICY), body)


def start(*args: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [SCRIPT, "mcp", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("fault", ["unknown key", "mode", "missing"])
def test_an_invalid_policy_is_not_served(fault: str, tmp_path: Path) -> None:
    """Standard output belongs to the protocol, so nothing is written there."""
    policy = write(tmp_path, POLICY)
    if fault == "unknown key":
        policy.write_text("version = 1\nnetwrok = true\n")
    elif fault == "mode":
        policy.chmod(0o666)
    else:
        policy.unlink()
    with start(policy) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (4, b"")
    assert str(policy) in err.decode()
    assert len(err.splitlines()) == 1


HELLO = (
    b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": '
    b'{"protocolVersion": "2025-06-18", "capabilities": {}, '
    b'"clientInfo": {"name": "t", "version": "1"}}}\n'
    b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n'
)
TREE = 'sleep 1000 & echo $! >"$1.new"; mv "$1.new" "$1"; wait'
each_signal = pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, signal.SIGHUP, signal.SIGINT],
    ids=lambda n: n.name,
)


def say_hello(process: subprocess.Popen[bytes], to: int) -> None:
    assert process.stdout is not None
    os.write(to, HELLO)
    assert b'"name":"proc_jail"' in process.stdout.readline()


def call(mark: Path) -> bytes:
    words = ["-c", TREE, "sh", str(mark)]
    params = {"name": "sh", "arguments": {"args": words}}
    asked = {"jsonrpc": "2.0", "id": 2, "method": "tools/call"}
    return json.dumps({**asked, "params": params}).encode() + b"\n"


def end(process: subprocess.Popen[bytes], number: int) -> None:
    """It ends by the signal alone: its standard input stays open."""
    assert process.wait(60) == 128 + number
    assert process.stderr is not None
    assert process.stderr.read() == b""


@each_signal
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_a_signal_ends_it_quietly(
    tmp_path: Path, number: signal.Signals, times: int, busy: bool
) -> None:
    mark = tmp_path / "child"
    with start(write(tmp_path, POLICY)) as process:
        assert process.stdin is not None
        say_hello(process, process.stdin.fileno())
        child = None
        if busy:
            os.write(process.stdin.fileno(), call(mark))
            child = written_pid(mark)
        for _ in range(times):
            process.send_signal(number)
        end(process, number)
    reap_orphans()
    assert child is None or is_gone(child)


def test_ctrl_c_at_a_terminal(tmp_path: Path) -> None:
    main, terminal = os.openpty()
    mark = tmp_path / "child"
    # The first terminal that the leader of a session opens is its own.
    command = [SCRIPT, "mcp", str(write(tmp_path, POLICY))]
    opening = ["/bin/sh", "-c", 'exec "$@" <"$0"', os.ttyname(terminal)]
    with subprocess.Popen(
        [*opening, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        say_hello(process, main)
        os.write(main, call(mark))
        child = written_pid(mark)
        os.write(main, b"\x03")
        end(process, signal.SIGINT)
    os.close(main)
    os.close(terminal)
    reap_orphans()
    assert is_gone(child)


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    command = [SCRIPT, "mcp", str(write(tmp_path, POLICY))]
    ignoring = ["/bin/sh", "-c", 'trap "" HUP INT; exec "$@"', "sh"]
    with subprocess.Popen(
        [*ignoring, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        say_hello(process, process.stdin.fileno())
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        say_hello(process, process.stdin.fileno())
        process.send_signal(signal.SIGTERM)
        end(process, signal.SIGTERM)

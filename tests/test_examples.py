"""The examples, and the first blocks of the README, run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conftest import program
from hosts import needs_loopback, on_linux, reap_orphans

if TYPE_CHECKING:
    from mcp import Client

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
# tests/test_library.py builds the one, test_policy_documents.py loads the
# other.
NOT_RUN = {"run_grep.c", "policy.toml"}


def run(*args: str | Path, code: int = 0) -> tuple[str, str]:
    """Run a Python program; return what it printed, on both streams."""
    done = subprocess.run(
        [sys.executable, *args],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        # Dask warns of what this machine is like.
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    reap_orphans()  # what a pool leaves to whoever inherits it
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


@pytest.fixture(autouse=True)
def _needs_its_programs() -> None:
    for name in ("grep", "wc"):
        if program(name) != f"/usr/bin/{name}":
            pytest.skip(f"{name} is elsewhere")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    names = [tmp_path / name for name in ("one", "two", "three")]
    for count, path in enumerate(names, 1):
        path.write_text("some needle here\n" * count + "nothing\n")
    return names


def test_every_example_is_run() -> None:
    source = Path(__file__).read_text()
    for path in EXAMPLES.iterdir():
        if path.is_file() and path.name not in NOT_RUN:
            assert f'"{path.name}"' in source, path.name


def test_grep(files: list[Path]) -> None:
    example = EXAMPLES / "grep.py"
    assert run(example, "needle", files[0])[0] == "1:some needle here\n"
    assert run(example, "absent", files[0], code=1)[0] == ""
    assert run(example, "-rf", files[0], code=3)[0] == ""
    run(example, code=2)


def test_grep_reads_no_option_out_of_the_pattern(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a --version b\n")
    assert run(EXAMPLES / "grep.py", "--version", path, code=3)[0] == ""


def test_live(files: list[Path]) -> None:
    out, err = run(EXAMPLES / "live.py", "needle", *files)
    assert sorted(out.splitlines()) == sorted(
        f"{path}:{line}:some needle here"
        for count, path in enumerate(files, 1)
        for line in range(1, count + 1)
    )
    assert err == "6 matches\n"


def test_live_without_matches(files: list[Path], tmp_path: Path) -> None:
    example = EXAMPLES / "live.py"
    assert run(example, "absent", *files, code=1)[1] == "0 matches\n"
    _, err = run(example, "x", tmp_path / "missing", code=1)
    assert "No such file" in err
    run(example, code=2)


def test_live_stops_after_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_text("needle\n" * 200_000)
    out, err = run(EXAMPLES / "live.py", "needle", path)
    assert len(out.splitlines()) == 1000
    assert err == "1000 matches\n"


def test_fan_out(files: list[Path]) -> None:
    out, _ = run(EXAMPLES / "fan_out.py", *files)
    one, pool, dask = out.splitlines()
    assert one == "one process: 21 words in 3 files"
    assert pool == "process pool: 21 words in 3 files"
    assert dask in ("dask: 21 words in 3 files", "dask: not installed")


def test_fan_out_brings_errors_back(tmp_path: Path) -> None:
    example = EXAMPLES / "fan_out.py"
    _, err = run(example, tmp_path / "missing", code=3)
    assert err.startswith("NonZeroExit: ")
    run(example, code=2)


@on_linux  # where a program can be kept from running others
def test_agent(files: list[Path]) -> None:
    example = EXAMPLES / "agent.py"
    out, _ = run(example, "needle", files[1])
    denied, unknown, answer = (
        line for line in out.splitlines() if line.startswith("  ")
    )
    assert denied.startswith("  denied (ArgPathForbidden): ")
    assert "there is no argument 'file'" in unknown
    assert answer == "  2"
    assert out.splitlines()[-1] == "2 lines of two have 'needle' in them."
    run(example, code=2)


@on_linux  # where a program can be kept from running others
def test_guard(files: list[Path]) -> None:
    example = EXAMPLES / "guard.py"
    lines = run(example, files[0].parent)[0].splitlines()
    assert lines[0] == "one: 1:some needle here"
    forbidden, pattern, denied = lines[-3:]
    assert forbidden.startswith("ArgPathForbidden: ")
    assert "/etc/passwd" in forbidden
    assert pattern == ""  # a pattern, which nothing here has
    assert denied.startswith("BinNotAllowed: ")
    run(example, code=2)


@needs_loopback
@on_linux  # where a program can be kept from running others
def test_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ipykernel")
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    from jupyter_core.utils import ensure_event_loop

    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=60).execute()
    ensure_event_loop().close()
    reap_orphans()
    shown = "".join(
        output.get("text", "") + output.get("data", {}).get("text/html", "")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    )
    for text in (
        "ProcPolicy",
        "exit status 0",
        "denied: ArgFlagNotAllowed",
        "denied: ArgPathForbidden",
        "denied (ArgPathForbidden)",
        "root:x:0:0",
    ):
        assert text in shown, text


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = json.loads((EXAMPLES / "notebook.ipynb").read_text())
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@on_linux  # where a program can be kept from running others
def test_mcp_configuration(tmp_path: Path) -> None:
    """Its servers start from the checkout, one by "mcp_server.py"."""
    pytest.importorskip("mcp")
    import anyio

    # A copy, because a checkout may be one that a group may write to.
    for name in ("examples/policy.toml", "examples/mcp_server.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
        (tmp_path / name).chmod(0o600)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/design.md").write_text("# Design\n")
    found = json.loads((EXAMPLES / "mcp.json").read_text())["mcpServers"]
    assert set(found) == {"look-at-docs", "text-tools"}
    anyio.run(ask_text_tools, found["text-tools"], tmp_path)
    anyio.run(ask_look_at_docs, found["look-at-docs"], tmp_path)
    reap_orphans()


def connect(server: dict[str, Any], folder: Path) -> Client:
    """A client of a server of the configuration, started in a folder."""
    from mcp import Client, StdioServerParameters

    here = os.path.dirname(sys.executable)
    env = {"PATH": f"{here}:{os.environ['PATH']}"}
    return Client(StdioServerParameters(**server, cwd=folder, env=env))


async def ask_text_tools(server: dict[str, Any], folder: Path) -> None:
    async with connect(server, folder) as client:
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == ["grep", "wc"]
        for tool in listed:
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
        arguments = {"pattern": "^# Design", "files": ["design.md"]}
        result = await client.call_tool("grep", arguments)
        assert result.structured_content["stdout"] == "# Design\n"
        arguments["files"] = ["../README.md"]
        assert (await client.call_tool("grep", arguments)).is_error


async def ask_look_at_docs(server: dict[str, Any], folder: Path) -> None:
    async with connect(server, folder) as client:
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == ["wc", "grep", "uname"]
        result = await client.call_tool("uname", {"args": ["-s"]})
        assert result.structured_content["stdout"] == "Linux\n"
        arguments = {"pattern": "root", "files": ["/etc/passwd"]}
        result = await client.call_tool("grep", arguments)
        assert result.structured_content["code"] == "ArgPathForbidden"


def test_the_readme() -> None:
    """Its first block prints what it says, and the second one goes on."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    assert len(blocks) >= 2
    out, _ = run("-c", blocks[0] + blocks[1])
    lines = out.splitlines()
    assert lines[0].startswith("1:root:")
    told = re.findall(r"print\(error(?:\.code)?\)  # (.*)", blocks[1])
    assert lines[-len(told) :] == told


@on_linux
@pytest.mark.parametrize("name", ["agents", "audit"])
def test_all_blocks_of_a_document_run(name: str) -> None:
    if name == "audit":
        pytest.importorskip("opentelemetry")
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    out, err = run("-c", "".join(blocks))
    if name == "agents":
        assert "root:x:0:0" in out
        assert "ArgPathForbidden\n" in out
    else:
        assert out.startswith("proc_jail.spawn /")
        assert re.search("INFO /.*echo ended with status 0 after", err)


def test_both_sides_of_from_subprocess_print_the_same() -> None:
    text = (ROOT / "docs/from-subprocess.md").read_text(encoding="utf-8")
    theirs, ours = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    assert run("-c", theirs) == run("-c", ours)
    assert run("-c", ours)[0].startswith("0 b'1:root:")


def test_all_blocks_of_the_readme_run() -> None:
    """One after the other, as one who reads it would type them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    body = "".join(
        f"    {line}\n" for block in blocks for line in block.splitlines()
    )
    script = f"import asyncio\nasync def main():\n{body}asyncio.run(main())\n"
    out, _ = run("-c", script)
    told = re.search(r"# (flag not allowed: -f .*)", text)
    assert told is not None
    assert told[1] in out.splitlines()

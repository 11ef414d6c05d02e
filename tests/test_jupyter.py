"""The cell magic %%jail, in a real kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ipykernel")
pytest.importorskip("jupyter_client")

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop

from hosts import (
    is_gone,
    needs_loopback,
    on_linux,
    reap_orphans,
    wait_until,
    written_pid,
)

pytestmark = needs_loopback

TESTS = Path(__file__).parent
SET_UP = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from conftest import shell
from proc_jail import ArgRules, ProcPolicyBuilder, ProcRequest
from proc_jail import Sandbox, Tree
rules = ArgRules().allowed_flags(["-n"]).max_flags(1).max_positionals(3)
builder = ProcPolicyBuilder().timeout(60)
for path in ("/bin/echo", "/usr/bin/wc"):
    builder = builder.allow_bin(path).arg_rules(path, rules)
policy = builder.build()
script = shell(lambda b: b.timeout(60))
confined = shell(
    lambda b: b.timeout(60).sandbox(Sandbox().tree(Tree.PidNamespace))
)
%load_ext proc_jail
"""
# By which its own `sleep` is told from others of this machine.
SECONDS = f"98.{os.getpid()}"
# A leader, and a child that would outlive it.
ENDLESS = (
    "%%jail {policy}\n"
    f"sh -c 'sleep {SECONDS} & echo $! > $1.new; mv $1.new $1; wait' "
    "sh {mark}"
)


@dataclass
class Cell:
    """What became of a cell."""

    status: str
    name: str | None = None
    html: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    error: str = ""
    printed: str = ""


class Kernel:
    """A kernel of its own process."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()
        self.connect()

    def connect(self) -> None:
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        assert self.run(SET_UP).status == "ok"

    def run(self, code: str) -> Cell:
        cell = Cell("?")

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            kind = message["header"]["msg_type"]
            if kind in ("display_data", "execute_result"):
                cell.html.append(content["data"].get("text/html", ""))
                cell.text.append(content["data"]["text/plain"])
            elif kind == "error":
                cell.error += "\n".join(content["traceback"])
            elif kind == "stream":
                cell.printed += content["text"]

        reply = self.client.execute_interactive(
            code, output_hook=note, timeout=60
        )["content"]
        cell.status, cell.name = reply["status"], reply.get("ename")
        return cell

    def start(self, code: str) -> None:
        """Run a cell and do not wait for it."""
        # An error does not abort what is asked next.
        self.client.execute(code, stop_on_error=False)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    # The kernel is this interpreter, whatever is installed for the user.
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    found = Kernel()
    yield found
    found.close()
    reap_orphans()
    ensure_event_loop().close()  # the client's own, kept for the next one


def test_cells(kernel: Kernel) -> None:
    two = kernel.run("%%jail policy\necho -n 'a  b' c\n\n# no\n/bin/echo x")
    assert (two.status, two.error, len(two.html)) == ("ok", "", 2)
    assert "a  b c" in two.html[0]
    assert two.text[0].startswith("Output(args=[")

    literal = kernel.run("%%jail policy\necho '$HOME' `id` *")
    assert "$HOME `id` *" in literal.html[0]
    piped = kernel.run("%%jail policy\necho a | wc")
    assert "a | wc" in piped.html[0]
    denied = kernel.run("%%jail policy\necho a > /tmp/x | cat")
    assert (denied.status, denied.name) == ("error", "ArgTooManyPositionals")

    kept = kernel.run("%%jail --out found policy\nwc /none\necho b")
    assert kept.status == "ok"
    seen = kernel.run("print([o.returncode for o in found])")
    assert seen.printed == "[1, 0]\n"
    checked = kernel.run("%%jail -c policy\nwc /none\necho b")
    assert (checked.status, checked.name) == ("error", "NonZeroExit")
    assert len(checked.html) == 1

    for code, html in (
        ("policy", "ProcPolicy"),
        ("policy.check(ProcRequest('/bin/cat', []))", "denied: BinNotAllowed"),
        ("policy.run('/bin/echo', ['x'])", "exit status 0"),
    ):
        assert html in kernel.run(code).html[0]


def test_what_is_refused_runs_nothing(kernel: Kernel) -> None:
    denied = kernel.run("%%jail policy\necho a\necho 1 2 3 4")
    assert denied.html == []
    assert denied.name == "ArgTooManyPositionals"
    assert denied.error.startswith("line 2: ArgTooManyPositionals: too many")
    assert "_jupyter.py" not in denied.error
    for code, message in (
        ("%%jail policy\ncat x", "'cat' is not allowed; there are: echo, wc"),
        ("%%jail policy\necho 'a", "line 1: No closing quotation"),
        ("%%jail policy\n# nothing", "needs command lines"),
        ("%%jail nothing\necho", "nothing is not defined"),
        ("%%jail rules\necho", "rules is no ProcPolicy"),
        ("%%jail\necho", "arguments are required: policy"),
        ("%%jail --bogus policy\necho", "unrecognized arguments: --bogus"),
        ("%%jail 'policy\necho", "'policy is not defined"),
    ):
        cell = kernel.run(code)
        assert (cell.status, cell.name) == ("error", "UsageError"), code
        assert message in cell.printed, code
        assert cell.html == []
    # The kernel is as well as before.
    assert kernel.run("%%jail policy\necho a").status == "ok"


def test_an_interrupt_stops_the_command(
    kernel: Kernel, tmp_path: Path
) -> None:
    mark = tmp_path / "child"
    kernel.start(ENDLESS.format(policy="script", mark=mark))
    child = written_pid(mark)
    kernel.manager.interrupt_kernel()
    wait_until(lambda: is_gone(child))
    reply = kernel.client.get_shell_msg(timeout=60)["content"]
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    cell = kernel.run("%%jail policy\necho again")
    assert "again" in cell.html[0]


# A kernel that is killed outright can end nothing; a namespace ends with it.
@pytest.mark.parametrize(
    ("policy", "now"),
    [("script", False), ("confined", False), ("confined", True)],
)
@on_linux
def test_a_restart_leaves_nothing(
    kernel: Kernel, tmp_path: Path, policy: str, now: bool
) -> None:
    mark = tmp_path / "child"
    kernel.start(ENDLESS.format(policy=policy, mark=mark))
    assert written_pid(mark)
    kernel.client.stop_channels()
    kernel.manager.restart_kernel(now=now)
    wait_until(lambda: sleepers() == 0)
    kernel.connect()
    assert kernel.run("%%jail policy\necho new").status == "ok"


def sleepers() -> int:
    """How many `sleep` of this test there are, zombies not counted."""
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            found += command == b"sleep\x00%s\x00" % SECONDS.encode()
    return found

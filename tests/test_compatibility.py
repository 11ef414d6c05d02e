"""The same requests through the published package and through this one.

compatibility.json holds them; docs/compatibility.md has a row for every one
whose outcome differs, and for no other.  Files the requests name are made in
`{tmp}`, which is one directory for both.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from conftest import program
from hosts import PORTABLE
from proc_jail import _core

pytestmark = pytest.mark.skipif(
    PORTABLE, reason="the requests use /proc, and what only Linux can do"
)

PUBLISHED = "0.3.0"
HERE = Path(__file__).parent
TABLE = HERE.parent / "docs" / "compatibility.md"
REQUESTS: list[dict[str, Any]] = json.loads(
    (HERE / "compatibility.json").read_text()
)
PHRASES = {name: phrase for name, _, phrase, _ in _core._codes()}
# With a core limit that a command could inherit.
CORES = 'ulimit -c $(ulimit -Hc); exec "$0" "$@"'
Outcome: TypeAlias = dict[str, Any]

# Runs in a process of its own, with either package.
DRIVER = """
import ctypes, json, os, sys, warnings
import proc_jail as p

warnings.simplefilter("ignore")
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans come here, to be reaped

def value(x):
    if isinstance(x, dict) and list(x) == ["rules"]:
        return calls(p.ArgRules(), x["rules"])
    if isinstance(x, str) and x.split(".")[0] in (
        "RiskyBinPolicy", "InjectDoubleDash"
    ):
        return getattr(getattr(p, x.split(".")[0]), x.split(".")[1])
    return x

def calls(thing, listed):
    for name, *args in listed:
        thing = getattr(thing, name)(*map(value, args))
    return thing

def run(case):
    rules = case.get("rules", [["max_positionals", 100]])
    builder = p.ProcPolicyBuilder()
    for path, given in case.get("allow", [[case["bin"], rules]]):
        builder = builder.allow_bin(path)
        if given is not None:
            builder = builder.arg_rules(path, value({"rules": given}))
    policy = calls(builder, case.get("builder", [])).build()
    request = p.ProcRequest(case["bin"], case.get("argv", []))
    request = request.with_env(case.get("env", {}))
    if "cwd" in case:
        request = request.with_cwd(case["cwd"])
    command = calls(policy.prepare(request), case.get("then", []))
    output = command.spawn_sync()
    return {
        "bin": command.bin, "argv": command.argv, "cwd": command.cwd,
        "launch_program": command.launch_program,
        "launch_args": command.launch_args,
        "stdout": sorted(output.stdout.decode("latin-1").split("\\n"))
        if case["id"].startswith("env-") or case["id"] == "launch-env"
        else output.stdout.decode("latin-1"),
        "stderr": output.stderr.decode("latin-1"),
        "exit_code": output.exit_code, "success": output.success,
    }

def base(error):
    for cls in (p.StoppedError, RuntimeError, ValueError, OverflowError):
        if isinstance(error, cls):
            return cls.__name__
    return type(error).__name__

results = {}
for case in json.load(sys.stdin):
    try:
        results[case["id"]] = run(case)
    except Exception as error:
        results[case["id"]] = {
            "error": base(error), "message": str(error),
            "code": getattr(error, "code", None),
        }
try:
    while True:
        os.waitpid(-1, 0)
except ChildProcessError:
    pass
json.dump([getattr(p, "__version__", None), results], sys.stdout)
"""


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def copied(path: Path, tool: str) -> None:
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(program(tool), path)
    path.chmod(0o755)


def furnish(folder: Path) -> None:
    """Make the files that the requests name."""
    (folder / "text").write_text("one\ntwo\none\n")
    (folder / "bytes").write_bytes(b"\xff\x00\xfe")
    (folder / "alias").symlink_to(program("cat"))
    (folder / "loop").symlink_to(folder / "loop")
    script(folder / "tool", 'echo "$0" "$@"')
    (folder / "tool-link").symlink_to(folder / "tool")
    (folder / "echo-link").symlink_to(program("echo"))
    script(folder / "suicide", "kill -9 $$")
    number = folder / "number"
    (folder / "background").write_text(
        f"/bin/sleep 60 &\necho $! > {number}\necho started\n"
    )
    script(
        folder / "after",
        f"read n < {number}\nkill -9 $n 2> /dev/null && echo alive",
    )
    script(
        folder / "session",
        "set -- $(cat /proc/$$/stat)\n"
        'test "$6" = $$ && echo own || echo shared',
    )
    script(folder / "core", "ulimit -c")
    copied(folder / "harmless", "sh")
    for case in REQUESTS:
        if str(case["bin"]).startswith("{tmp}/risky/"):
            copied(folder / "risky" / Path(case["bin"]).name, "echo")
    box = shutil.which("busybox", path="/usr/bin:/bin")
    if box is not None:
        (folder / "box").mkdir()
        for name in ("echo", "cat"):
            (folder / "box" / name).symlink_to(box)


def observable(case: dict[str, Any]) -> bool:
    """Whether this host can tell the outcomes apart."""
    if case["id"] == "core-dumps":
        return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0
    if case["id"] == "no-new-privileges":
        return "NoNewPrivs:\t0" in Path("/proc/self/status").read_text()
    needed = case.get("needs", "env")
    return shutil.which(needed, path="/usr/bin:/bin") is not None


def drive(python: str, requests: str, folder: Path) -> tuple[str, Any]:
    result = subprocess.run(
        ["/bin/sh", "-c", CORES, python, "-I", "-c", DRIVER],
        input=requests,
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    version, outcomes = json.loads(result.stdout)
    return version, outcomes


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has the published package."""
    folder = tmp_path_factory.mktemp("published")
    venv.create(folder / "venv", symlinks=True)
    python = str(folder / "venv" / "bin" / "python")
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", python, "install"),
            *("--quiet", "--retries", "1", "--only-binary", ":all:"),
            f"proc_jail=={PUBLISHED}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        pytest.skip(f"proc_jail {PUBLISHED} cannot be installed here")
    return python


@pytest.fixture(scope="session")
def outcomes(
    published: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
    folder = tmp_path_factory.mktemp("files").resolve()
    furnish(folder)
    text = json.dumps([case for case in REQUESTS if observable(case)])
    text = text.replace("{tmp}", str(folder))
    text = text.replace("{env}", program("env"))
    version, theirs = drive(published, text, folder)
    assert version in (PUBLISHED, None)
    version, ours = drive(sys.executable, text, folder)
    assert version == _core.__version__
    return theirs, ours


def same(theirs: Outcome, ours: Outcome) -> bool:
    if "error" not in theirs or "error" not in ours:
        return theirs == ours
    phrase = PHRASES.get(ours["code"] or "", "")
    return theirs["error"] == ours["error"] and phrase in theirs["message"]


def rows() -> list[str]:
    """The ids in the table, in its order."""
    lines = TABLE.read_text().splitlines()
    found = [re.match(r"\| `([a-z0-9-]+)` \|", line) for line in lines]
    return [match[1] for match in found if match]


def test_every_difference_has_a_row(
    outcomes: tuple[dict[str, Outcome], dict[str, Outcome]],
) -> None:
    theirs, ours = outcomes
    assert set(theirs) == set(ours)
    documented = set(rows())
    for name, theirs_said in theirs.items():
        differs = not same(theirs_said, ours[name])
        assert differs == (name in documented), (
            name,
            theirs_said,
            ours[name],
        )


def test_every_row_is_a_request() -> None:
    names = [case["id"] for case in REQUESTS]
    assert len(set(names)) == len(names)
    assert len(set(rows())) == len(rows())
    assert set(rows()) <= set(names)
    assert len(names) >= 60


def test_every_row_is_full() -> None:
    for line in TABLE.read_text().splitlines():
        if line.startswith("| `"):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            assert len(cells) == 5, line
            assert all(cell.strip() for cell in cells), line

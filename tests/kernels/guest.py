"""Runs in a guest, as its root: installs the wheel, tries it, and writes
what was found to the third disk, as JSON.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

TRY = Path("/try")
USERS = {"root": 0, "user": 1000}
# Where Debian's Python looks, whatever the environment is.
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
INSTALLED = Path(f"/usr/local/lib/python{VERSION}/dist-packages")

# Of the tests in C, what takes most of the time, and asks no kernel.
SLOW = ["test_faults", "test_seccomp"]
# The tests of what the kernel holds, and of how commands live and end.
BRIEF = ["kernels/test_truth.py", "test_spawn.py", "test_child_state.py"]
WHOLE = [
    *BRIEF,
    *("test_containment.py", "test_containment_files.py"),
    *("test_containment_kernel.py", "test_containment_leans.py"),
    *("test_containment_life.py", "test_containment_network.py"),
    *("test_containment_rows.py", "test_guard.py", "test_limits.py"),
    *("test_reap.py", "test_run_nothing.py", "test_sandbox.py"),
    *("test_sandbox_kernel.py", "test_signals.py", "test_stdin.py"),
    *("test_totals.py", "test_typed_kernel.py"),
]


def environment(user: str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/root" if user == "root" else f"/home/{user}",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": f"{TRY}/lib",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PJ_TEST_COMMON": f"{TRY}/common",
    }


def run(
    user: str, *command: str | Path, seconds: int = 900, cwd: str = "/tmp"
) -> subprocess.CompletedProcess[str]:
    """Run a command as this user, with what a login would give it."""
    uid = USERS[user]
    try:
        return subprocess.run(
            [str(word) for word in command],
            user=uid,
            group=uid,
            extra_groups=[],
            env=environment(user),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        text = (late.output or b"").decode(errors="replace")
        return subprocess.CompletedProcess(command, 124, text + "\nTIMEOUT")


def set_up() -> None:
    """The loopback device, and the wheel."""
    with socket.socket() as sock:
        # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
    (wheel,) = TRY.glob("proc_jail-*.whl")
    done = run(
        "root",
        *(sys.executable, TRY / "pip.whl/pip", "install", "-q", "--no-deps"),
        *("--no-index", "--no-compile", "--target", INSTALLED, wheel),
    )
    assert done.returncode == 0, done.stdout
    # Where a worker makes what the others wait for.
    os.chmod(TRY / "common", 0o1777)


def try_units(user: str, without: list[str]) -> dict[str, Any]:
    """The core's tests in C: those that failed, with what they said."""
    failed = {}
    tests = sorted((TRY / "unit").iterdir())
    tests = [test for test in tests if test.name not in without]
    for test in tests:
        done = run(user, test)
        if done.returncode != 0:
            failed[test.name] = f"{done.returncode}: {done.stdout[-2000:]}"
    return {"passed": len(tests) - len(failed), "failed": failed}


def try_start(user: str) -> dict[str, Any]:
    """The first example, in ways that a host may be started."""
    example: list[str | Path] = [sys.executable, TRY / "examples/grep.py"]
    example += ["root", "/etc/passwd"]
    ways = {"plain": example}
    ways["empty environment"] = ["/usr/bin/env", "-i", *example]
    if user == "root":
        unshare: list[str | Path] = ["/usr/bin/unshare", "-p", "-f"]
        ways["first process"] = [*unshare, "--mount-proc", *example]
        nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
        ways["nobody"] = ["/usr/bin/setpriv", *nobody, *example]
    failed = {}
    for name, command in ways.items():
        done = run(user, *command)
        if done.returncode != 0 or "1:root:" not in done.stdout:
            failed[name] = f"{done.returncode}: {done.stdout[-2000:]}"
    return {"passed": len(ways) - len(failed), "failed": failed}


def try_tests(user: str, names: list[str]) -> dict[str, Any]:
    """The tests in Python: failures, and how often each skip was."""
    report = Path(f"/tmp/report-{user}.xml")
    done = run(
        user,
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-o", "addopts=", "--tb=short", f"--junitxml={report}"),
        *(TRY / "tests" / name for name in names),
        seconds=3600,
        cwd=str(TRY),
    )
    if not report.exists():
        return {"passed": 0, "failed": {"pytest": done.stdout[-6000:]}}
    failed: dict[str, str] = {}
    skipped: dict[str, int] = {}
    passed = 0
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        bad = [*case.findall("failure"), *case.findall("error")]
        skip = case.find("skipped")
        if bad:
            failed[name] = (bad[0].text or "")[-3000:]
        elif skip is not None:
            reason = skip.get("message", "")
            skipped[reason] = skipped.get(reason, 0) + 1
        else:
            passed += 1
    return {"passed": passed, "failed": failed, "skipped": skipped}


def ask_presets(user: str) -> dict[str, Any]:
    """What each preset holds here, as the library says it."""
    script = TRY / "tests/kernels/presets.py"
    done = run(user, sys.executable, script)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
        return told
    except ValueError:
        return {"failed": {"presets": done.stdout[-3000:]}}


def attempt(
    names: list[str], chosen: list[str], users: list[str]
) -> dict[str, Any]:
    told: dict[str, Any] = {"release": os.uname().release}
    parts: dict[str, Callable[[str], dict[str, Any]]] = {
        "presets": ask_presets,
        "start": try_start,
        # Once is enough for what asks no kernel.
        "unit": lambda user: try_units(
            user, SLOW if names == BRIEF or user != "root" else []
        ),
        "tests": lambda user: try_tests(user, names),
    }
    set_up()
    for part, work in parts.items():
        if chosen and part not in chosen:
            continue
        # Attacks on all processes of a user are in the whole suite.
        alone = part == "tests" and names != BRIEF
        with ThreadPoolExecutor(1 if alone else len(users)) as pool:
            found = pool.map(partial(timed, work), users)
            for user, one in zip(users, found, strict=True):
                told.setdefault(part, {})[user] = one
                show(f"{part} as {user}", one)
                save(told)
    return told


def timed(work: Callable[[str], dict[str, Any]], user: str) -> dict[str, Any]:
    begin = time.monotonic()
    found = work(user)
    return {**found, "seconds": round(time.monotonic() - begin, 1)}


def show(title: str, found: dict[str, Any]) -> None:
    bad = found.get("failed", {})
    print(
        f"{title}: {found.get('passed', '')} passed,"
        f" {len(bad)} failed, {found['seconds']} s",
        *bad,
        sep="\n  ",
        flush=True,
    )


def save(told: dict[str, Any]) -> None:
    """Each time anew: what comes later may end the guest."""
    with open("/dev/vdc", "r+b") as disk:
        disk.write(json.dumps(told).encode())


def asked(name: str) -> list[str]:
    """What the kernel's command line says to try."""
    words = Path("/proc/cmdline").read_text().split()
    begin = f"pj.{name}="
    found = [w.removeprefix(begin) for w in words if w.startswith(begin)]
    return [name for word in found for name in word.split(",") if name]


if __name__ == "__main__":
    tests = asked("tests")
    if tests in (["whole"], ["brief"]):
        tests = WHOLE if tests == ["whole"] else BRIEF
    try:
        attempt(tests, asked("parts"), asked("users") or list(USERS))
    except BaseException as error:
        save({"release": os.uname().release, "error": repr(error)})
        raise

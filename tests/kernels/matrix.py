"""Tries proc_jail on other kernels, each in a guest of its own."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cross import ROOT
from debian import Unavailable
from guest import USERS
from image import need_tools, system_disk, trial_disk
from kernels import KERNELS, Kernel
from machine import boot
from platforms_table import read, write_table

PARTS = ("presets", "start", "unit", "tests")
# What this machine lacks, as an exit status of its own.
LACKING = 77


def cache_folder() -> Path:
    given = os.environ.get("PJ_KERNELS")
    folder = Path(given) if given else ROOT / ".venv/kernels"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def failures(
    told: dict[str, Any], parts: Sequence[str], users: Sequence[str]
) -> list[str]:
    """One line for everything that is wrong, with what it said."""
    found = [f"the guest: {told['error']}"] if "error" in told else []
    for part in parts:
        for user in users:
            one = told.get(part, {}).get(user)
            if one is None:
                found.append(f"{part} as {user}: not run")
                continue
            for name, text in one.get("failed", {}).items():
                found.append(f"{part} as {user}: {name}\n{text}")
    return found


def prepare(kernel: Kernel, cache: Path) -> tuple[list[Path], Path]:
    """The guest's disks and the kernel's files, for one run at a time."""
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        system = system_disk(cache, kernel.arch)
        return [system, trial_of(cache, kernel.arch)], kernel.fetch(cache)


def attempt(kernel: Kernel, cache: Path, words: str) -> dict[str, Any]:
    begin = time.monotonic()
    print(f"{kernel.name}: ", end="", flush=True)
    disks, files = prepare(kernel, cache)
    prepared = time.monotonic()
    told = boot(cache, kernel.arch, files, disks, words)
    print(
        f"Linux {told['release']},"
        f" {prepared - begin:.0f} s to prepare,"
        f" {time.monotonic() - prepared:.0f} s"
    )
    return told


_trials: dict[str, Path] = {}


def trial_of(cache: Path, arch: str) -> Path:
    """Made once a run, since it has what is being tried."""
    if arch not in _trials:
        _trials[arch] = trial_disk(cache, arch)
    return _trials[arch]


def keep(told: dict[str, Any], path: Path, *, anew: bool) -> None:
    """Write it; a run of a part leaves the rest of that kernel."""
    before: dict[str, Any] = {}
    if not anew and path.exists():
        before = json.loads(path.read_text())
        if before.get("release") != told["release"]:
            before = {}
        before.pop("error", None)
    for name, value in told.items():
        whole = name not in PARTS
        before[name] = value if whole else {**before.get(name, {}), **value}
    path.write_text(json.dumps(before, indent=1))


def show(told: dict[str, Any]) -> None:
    for part in ("start", "unit", "tests"):
        for user, one in told.get(part, {}).items():
            print(
                f"  {part} as {user}: {one.get('passed', 0)} passed,"
                f" {len(one.get('failed', {}))} failed,"
                f" {sum(one.get('skipped', {}).values())} skipped,"
                f" {one['seconds']} s"
            )


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/kernels/run")
    parser.add_argument("kernels", nargs="*", metavar="KERNEL")
    parser.add_argument(
        "--tests",
        default="whole",
        help="whole; brief, as in the gate; or files of tests/, with commas",
    )
    parser.add_argument(
        "--parts",
        default="",
        help=f"only these, with commas: {' '.join(PARTS)}",
    )
    parser.add_argument(
        "--users",
        default="",
        help=f"only as these, with commas: {' '.join(USERS)}",
    )
    parser.add_argument(
        "--table",
        action="store_true",
        help="write docs/platforms.md from the results of the last runs",
    )
    args = parser.parse_args()
    cache = cache_folder()
    results = cache / "results"
    results.mkdir(exist_ok=True)
    if args.table:
        write_table(read(results), ROOT / "docs/platforms.md")
        return 0
    if unknown := {*args.kernels} - {*KERNELS}:
        parser.error(
            f"no kernel {min(unknown)}; there are: {' '.join(KERNELS)}"
        )
    parts = args.parts.split(",") if args.parts else PARTS
    users = args.users.split(",") if args.users else [*USERS]
    words = (
        f"pj.tests={args.tests} pj.parts={args.parts} pj.users={args.users}"
    )
    status = 0
    try:
        need_tools()
        for name in args.kernels or KERNELS:
            told = attempt(KERNELS[name], cache, words)
            show(told)
            told["trial"] = args.tests
            whole = not args.parts and not args.users
            keep(told, results / f"{name}.json", anew=whole)
            for line in failures(told, parts, users):
                print(line)
                status = 1
    except Unavailable as error:
        print(f"not run, for want of {error}", file=sys.stderr)
        return LACKING
    return status

"""proc-jail doctor: what the system enforces, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from proc_jail._escape import one_line
from proc_jail.cli.outcome import FAILED, OK
from proc_jail.cli.screen import Screen


def doctor(args: argparse.Namespace) -> int:
    """Fail if a policy that names no sandbox cannot be built."""
    from proc_jail._doctor import doctor as diagnose

    found = diagnose()
    status = OK if found.verdicts[0].error is None else FAILED
    if args.json:
        print(json.dumps(found.to_dict(), indent=2))
        return status
    screen = Screen(sys.stdout)
    for name, text in found.system.items():
        screen.line(f"{name}: {one_line(text)}")
    screen.line(f"container: {one_line(found.container or 'none known')}")
    screen.line()
    screen.table(
        ("kernel", "state", "found", "because"),
        [(f.name, f.state, f.found, f.cause) for f in found.facts],
    )
    screen.line()
    screen.table(
        ("sandbox", "builds", "missing"),
        [
            (
                verdict.sandbox,
                "ok" if verdict.error is None else "error",
                " ".join(verdict.missing) or "nothing",
            )
            for verdict in found.verdicts
        ],
    )
    changes = [f"{f.name}: {f.change}" for f in found.facts if f.change]
    if changes:
        screen.line()
        screen.line(screen.bold("to get more"))
        for change in changes:
            screen.line(f"- {one_line(change)}")
    return status

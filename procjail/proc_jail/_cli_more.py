"""proc-jail lint, profiles and mcp."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import TYPE_CHECKING

from proc_jail._cli import FAILED, OK, complain
from proc_jail._cli_request import load
from proc_jail._cli_show import Screen
from proc_jail._errors import printable

if TYPE_CHECKING:
    # The server, for what packs applications: it is imported by its name.
    from proc_jail import _mcp  # noqa: F401
    from proc_jail._profiles import Profile


def lint(args: argparse.Namespace) -> int:
    from proc_jail._lint import lint as findings_of

    findings = findings_of(load(args))
    failed = any(finding.severity == "error" for finding in findings)
    if args.json:
        print(json.dumps([f._asdict() for f in findings], indent=2))
        return FAILED if failed else OK
    screen = Screen(sys.stdout)
    rows = [(f.severity, f.code, f.program or "", f.message) for f in findings]
    if rows:
        screen.table(("severity", "code", "program", "message"), rows)
    if screen.is_terminal:
        screen.line()
        for remedy in dict.fromkeys(f.remedy for f in findings):
            screen.line(f"- {printable(remedy)}")
        screen.line(f"{len(findings)} findings")
    return FAILED if failed else OK


def profiles(args: argparse.Namespace) -> int:
    from proc_jail._profile_data import PROFILES
    from proc_jail._profiles import find

    if args.profile is not None:
        try:
            return _profile(find(args.profile), as_json=args.json)
        except LookupError as error:
            complain(str(error.args[0]))
            return FAILED
    told = {name: PROFILES[name].title for name in sorted(PROFILES)}
    if args.json:
        print(json.dumps(told, indent=2))
    else:
        Screen(sys.stdout).table(("profile", "to"), list(told.items()))
    return OK


def _profile(profile: Profile, *, as_json: bool) -> int:
    """Show one profile: what it allows and what it refuses."""
    if as_json:
        told = {
            "name": profile.name,
            "title": profile.title,
            "match": profile.match,
            "not_match": profile.not_match,
        }
        print(json.dumps(told, indent=2))
        return OK
    screen = Screen(sys.stdout)
    screen.line(screen.bold(f"{profile.name}: {profile.title}"))
    rows = [("allowed", f"{profile.name} {line}") for line in profile.match]
    rows += [
        ("DENIED", f"{profile.name} {line}") for line in profile.not_match
    ]
    screen.table(("is", "command"), rows)
    return OK


def mcp(args: argparse.Namespace) -> int:
    """Import the server late: its SDK is an extra."""
    policy = load(args)
    try:
        server = importlib.import_module("proc_jail._mcp")
    except ModuleNotFoundError as error:
        complain(
            f"{error.name} is missing; the MCP server needs its SDK: "
            "pip install 'proc_jail[mcp]'"
        )
        return FAILED
    status: int = server.main(policy, name=args.name)
    return status

"""proc-jail lint and profiles: what they find, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from proc_jail._escape import one_line
from proc_jail.cli.outcome import FAILED, OK, complain
from proc_jail.cli.request import load
from proc_jail.cli.screen import Screen

if TYPE_CHECKING:
    from proc_jail.profiles.base import Profile


def lint(args: argparse.Namespace) -> int:
    from proc_jail._lint import lint as findings_of

    findings = findings_of(load(args, checks_only=True))
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
            screen.line(f"- {one_line(remedy)}")
        screen.line(f"{len(findings)} findings")
    return FAILED if failed else OK


def profiles(args: argparse.Namespace) -> int:
    from proc_jail.profiles import PROFILES, find

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

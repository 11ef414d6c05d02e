"""What the linter says of a policy as a whole, and of the files it names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from proc_jail._core import (
    ArgRules,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Sandbox,
    Violation,
)
from proc_jail._lint import Finding
from proc_jail._lint_options import option_findings, rule_roots

HOUR = 3600
SEVERITIES = ("error", "warning", "note")

Data = Mapping[str, Any]


def findings_of(policy: ProcPolicy) -> list[Finding]:
    data = policy.to_dict()
    found = list(_of_policy(data))
    for program in data.get("program", ()):
        found += _of_program(program, data)
    found += _of_roots(data)
    unique = list(dict.fromkeys(found))
    return sorted(unique, key=lambda f: SEVERITIES.index(f.severity))


def _of_policy(data: Data) -> Iterator[Finding]:
    if data["timeout"] > HOUR:
        yield Finding(
            "LongTimeout",
            "warning",
            None,
            None,
            f"commands may run for {data['timeout']} seconds",
            "timeout",
            "give a timeout of at most an hour",
        )
    if data.get("sandbox", {}).get("preset") == "compat":
        yield Finding(
            "SandboxCompat",
            "warning",
            None,
            None,
            "the kernel holds commands to nothing but process hygiene",
            "sandbox preset compat",
            "use the default sandbox, and best_effort for what is missing",
        )
    if data.get("risky") == "allow":
        yield Finding(
            "RiskyAllowed",
            "warning",
            "execute",
            None,
            "risky programs are allowed, without a warning",
            "risky_bin_policy Disabled",
            "give risky programs a policy of their own, with a warning",
        )


# ------------------------------------------------------------- programs


def paths_of(program: Data) -> list[str]:
    path = program["path"]
    return [path] if isinstance(path, str) else list(path)


def _of_program(program: Data, data: Data) -> Iterator[Finding]:
    for path in paths_of(program):
        yield from _of_risk(path, data.get("risky", "deny"))
        yield from _of_file(path)
    yield from option_findings(paths_of(program)[0], program, data)


def _of_risk(path: str, risky: str) -> Iterator[Finding]:
    """Asked of a policy of its own, which looks as this one does."""
    builder = ProcPolicyBuilder().sandbox(Sandbox.compat()).allow_bin(path)
    try:
        alone = builder.arg_rules(path, ArgRules()).build()
        refused = alone.check(ProcRequest(path, []))
    except Violation as error:
        refused = error
    if refused is None:
        return
    if refused.code != "BinRiskyDenied" or refused.category is None:
        yield Finding(
            "ProgramUnusable",
            "warning",
            None,
            path,
            f"no request for it can pass: {refused}",
            str(refused.code),
            "take it out, or build the policy again",
        )
        return
    kind = refused.category.name
    if risky == "deny":
        yield Finding(
            "RiskyDenied",
            "warning",
            None,
            path,
            f"it is a risky program ({kind}), and is always denied",
            "csrc/core/policy/risky.def",
            "take it out",
        )
    else:
        yield Finding(
            "RiskyProgram",
            "error",
            "execute",
            path,
            f"it is a risky program ({kind}): whatever it is told to run, "
            "runs",
            "csrc/core/policy/risky.def",
            "allow the programs that are needed instead of it",
        )


def _of_file(path: str) -> Iterator[Finding]:
    """Whoever can replace the program can run what they like."""
    real = os.path.realpath(path)
    for place in dict.fromkeys([real, *_above(real), *_above(path)]):
        mode = _mode(place)
        if not mode & stat.S_IWOTH:
            continue
        if place != real and mode & stat.S_ISVTX:
            continue
        yield Finding(
            "WritableProgram",
            "error",
            "execute",
            path,
            f"everybody may write to {place}",
            f"its mode, {stat.filemode(mode)}",
            f"chmod o-w {place}",
        )


def _above(path: str) -> list[str]:
    found = []
    while (folder := os.path.dirname(path)) != path:
        found.append(folder)
        path = folder
    return found


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0


# ---------------------------------------------------------------- roots


def _of_roots(data: Data) -> Iterator[Finding]:
    for path, capability, source, program in _roots(data):
        mode = _mode(path)
        if not mode & stat.S_IWOTH or stat.S_ISCHR(mode):
            continue
        sticky = bool(mode & stat.S_ISVTX)
        yield Finding(
            "WritableRoot",
            "note" if sticky else "warning",
            capability,
            program,
            f"everybody may {'add files to' if sticky else 'write to'} {path}",
            source,
            "name a directory of your own",
        )


def _roots(data: Data) -> Iterator[tuple[str, str, str, str | None]]:
    """Directories that commands stand in, read, or write to."""
    cwd = data["cwd"]
    cwd = {"path": cwd} if isinstance(cwd, str) else cwd
    for key in ("path", "jail", "default"):
        if key in cwd:
            yield cwd[key], "read", "cwd", None
    for path in cwd.get("allow", ()):
        yield path, "read", "cwd", None
    for key in ("read", "write", "execute"):
        for path in data.get("sandbox", {}).get(key, ()):
            yield path, key, f"sandbox {key}", None
    for program in data.get("program", ()):
        for path, key, source in rule_roots(program):
            yield path, key, source, paths_of(program)[0]

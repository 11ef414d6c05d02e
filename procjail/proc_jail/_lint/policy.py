"""What the linter says about a policy as a whole and the files it names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from proc_jail._core import (
    ArgRules,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Violation,
    WritePath,
)
from proc_jail._lint.options import Finding, option_findings, rule_roots
from proc_jail._policy.model import Program, programs_of

HOUR = 3600
SEVERITIES = ("error", "warning", "note")

Data = Mapping[str, Any]


def findings_of(policy: ProcPolicy) -> list[Finding]:
    data = policy.to_dict()
    found = list(_of_policy(data))
    for program in programs_of(policy):
        found += _of_risk(program, data.get("risky", "deny"))
        found += _of_file(program.path)
        if program.path == program.allowed.paths[0]:
            found += option_findings(program)
            found += _of_roots(rule_roots(program), program.path)
    found += _of_roots(_roots(data), None)
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
            "the kernel enforces nothing but process hygiene",
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


def _of_risk(program: Program, risky: str) -> Iterator[Finding]:
    """Ask a policy made for this program alone, which checks the same way."""
    path = program.path
    builder = ProcPolicyBuilder().checks_only().allow_bin(path)
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
            f"it is a risky program ({kind}), which runs whatever it is "
            "told to run",
            "csrc/core/policy/risky.def",
            "allow the programs that are needed instead of it",
        )
        if kind == "Interpreter":
            yield from _of_modules(program)


def _of_modules(program: Program) -> Iterator[Finding]:
    """What an interpreter reads besides the files of its arguments."""
    roots = program.allowed.read_roots
    named = {
        root
        for value in program.level.values()
        if isinstance(value, ReadPath | WritePath)
        for root in value.roots
    }
    if not named or roots is None or not named.issuperset(roots):
        return
    yield Finding(
        "ModulesUnreadable",
        "warning",
        None,
        program.path,
        f"its path types let it read {' '.join(roots)} and nothing else: it "
        "will not find its own modules outside the system's libraries, "
        "nor a directory for temporary files",
        "read_roots",
        "name its modules with may_read, a temporary directory with may_write",
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


def _of_roots(
    roots: Iterable[tuple[str, str, str]], program: str | None
) -> Iterator[Finding]:
    for path, capability, source in roots:
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


def _roots(data: Data) -> Iterator[tuple[str, str, str]]:
    """Directories that all commands run in, read, or write to."""
    cwd = data["cwd"]
    cwd = {"path": cwd} if isinstance(cwd, str) else cwd
    for key in ("path", "jail", "default"):
        if key in cwd:
            yield cwd[key], "read", "cwd"
    for path in cwd.get("allow", ()):
        yield path, "read", "cwd"
    for key in ("read", "write", "execute"):
        for path in data.get("sandbox", {}).get(key, ()):
            yield path, key, f"sandbox {key}"

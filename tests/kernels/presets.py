"""What each preset enforces and misses here, as JSON: run by guest.py."""

from __future__ import annotations

import json
import warnings
from typing import Any

from proc_jail import (
    ArgRules,
    Network,
    ProcPolicyBuilder,
    ReadPath,
    Sandbox,
    SandboxReport,
    SandboxUnavailable,
    Tree,
)

CAT = "/bin/cat"
FILE = "/etc/passwd"
PLAIN = ArgRules().max_positionals(1)
# As the profiles for programs that only read.
PROFILE = ArgRules().positional("file", ReadPath("/etc")).run_nothing()

# What the default that is not named does without.
DEFAULT = ("host_shield", "host_signals")

# A sandbox, None for none that is named, and the rules of a program.
PRESETS = {
    "default": (None, PLAIN),
    "Sandbox()": (Sandbox(), PLAIN),
    "pid namespace": (Sandbox().tree(Tree.PidNamespace), PLAIN),
    "no network": (Sandbox().network(Network.Deny), PLAIN),
    "a profile": (None, PROFILE),
    "strict": (Sandbox.strict().read("/"), PLAIN),
    "compat": (Sandbox.compat(), PLAIN),
}


def report(sandbox: Sandbox | None, rules: ArgRules) -> SandboxReport:
    """Of a command that has run."""
    builder = ProcPolicyBuilder().allow_bin(CAT).arg_rules(CAT, rules)
    builder = builder.cwd("/")
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    output = builder.build().run(CAT, [FILE])
    assert output.success, output
    return output.sandbox


def ask(sandbox: Sandbox | None, rules: ArgRules) -> dict[str, Any]:
    """What holds a command, and what must be accepted before it runs."""
    refused: tuple[str, ...] = ()
    try:
        told = report(sandbox, rules)
    except SandboxUnavailable as error:
        refused = error.controls or ()
        # A default that is named does without nothing by itself.
        loose = (sandbox or Sandbox()).best_effort(*DEFAULT, *refused)
        told = report(loose, rules)
    return {
        "enforced": sorted(told.enforced),
        "missing": sorted(told.missing),
        "refused": sorted(refused),
        "landlock": told.landlock_abi,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps({name: ask(*PRESETS[name]) for name in PRESETS}))

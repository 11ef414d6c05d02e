"""What this system would enforce, why not more, and what to change."""

from __future__ import annotations

import platform
import sys
import warnings
from typing import Any, NamedTuple

from proc_jail._core import (
    ArgRules,
    Network,
    ProcPolicyBuilder,
    Sandbox,
    SandboxUnavailable,
    Tree,
    __version__,
)
from proc_jail._doctor.facts import Fact, facts_of_system
from proc_jail._doctor.surroundings import container_of, user_of

__all__ = ["Diagnosis", "Fact", "Verdict", "doctor"]


class Verdict(NamedTuple):
    """What a sandbox would enforce on a command here.

    `enforced` and `missing` are names of controls. `error` is what build()
    raises if the sandbox is named in a policy, or None.
    """

    sandbox: str
    enforced: tuple[str, ...]
    missing: tuple[str, ...]
    error: str | None


class Diagnosis(NamedTuple):
    """What doctor() found out.

    `system` names the software, the processor and the user; `container` is
    the kind of container around this process, or None; `facts` are what the
    kernel offers; `verdicts` what that means for each preset.
    """

    system: dict[str, str]
    container: str | None
    facts: tuple[Fact, ...]
    verdicts: tuple[Verdict, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the same as a dict of JSON types.

        >>> data = doctor().to_dict()
        """
        return {
            "system": self.system,
            "container": self.container,
            "facts": [fact._asdict() for fact in self.facts],
            "verdicts": [verdict._asdict() for verdict in self.verdicts],
        }


# Without roots, strict would not let the shell of the trial read its library
# in unusual places; it is only built, and runs nothing.
SANDBOXES: dict[str, Sandbox | None] = {
    "default": None,
    "Sandbox.compat()": Sandbox.compat(),
    "Sandbox()": Sandbox(),
    "Sandbox.strict()": Sandbox.strict(),
    "Sandbox().tree(Tree.PidNamespace)": Sandbox().tree(Tree.PidNamespace),
    "Sandbox().network(Network.Deny)": Sandbox().network(Network.Deny),
    "Sandbox().max_memory(2**30)": Sandbox().max_memory(2**30),
}
SHELL = "/bin/sh"


def doctor() -> Diagnosis:
    """Return what the system enforces, and what stands in the way.

    It asks the kernel, starts a few children that exit at once, and reads
    files in /proc and /sys; it changes nothing.

    >>> missing = doctor().verdicts[0].missing
    """
    facts = facts_of_system()
    return Diagnosis(
        system={
            "proc_jail": __version__,
            "python": platform.python_version(),
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "libc": _libc(),
            "user": user_of(),
        },
        container=container_of(),
        facts=facts,
        verdicts=tuple(_verdict(name) for name in SANDBOXES),
    )


def _libc() -> str:
    """Its name and version; musl says neither, but Python's build does."""
    name, version = platform.libc_ver()
    if version:
        return f"{name} {version}"
    built = getattr(sys.implementation, "_multiarch", "")
    return "musl" if built.endswith("musl") else name or "unknown"


def _verdict(name: str) -> Verdict:
    """Ask a policy made with that sandbox, so that nothing is told twice."""
    builder = ProcPolicyBuilder().allow_bin(SHELL).arg_rules(SHELL, ArgRules())
    sandbox = SANDBOXES[name]
    if sandbox is not None:
        builder = builder.sandbox(sandbox)
    report = builder.checks_only().build().programs()[0].sandbox
    error = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            builder.build()
        except SandboxUnavailable as unavailable:
            error = str(unavailable)
    return Verdict(name, report.enforced, report.missing, error)


if not sys.platform.startswith("linux"):
    del SANDBOXES["Sandbox().tree(Tree.PidNamespace)"]

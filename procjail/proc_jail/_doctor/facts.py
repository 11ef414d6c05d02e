"""What the kernel offers: fact by fact, with its cause and the remedy."""

from __future__ import annotations

import errno
import platform
from collections.abc import Iterator
from typing import Any, NamedTuple

from proc_jail import _core
from proc_jail._doctor.surroundings import is_filtered, text_of

CLONE_NEWUSER = 0x10000000
# The first kernels that have Landlock, and all of what is used of it.
LANDLOCK_SINCE = (5, 13)
SIGNALS_SINCE = "Linux 6.12"
SIGNALS_ABI = 6


class Fact(NamedTuple):
    """One thing that the system has or lacks.

    `state` is "ok", "partial" or "missing"; `found` says what there is,
    `cause` why it is not more, and `change` what would give more. The last
    two are empty where there is nothing to say.
    """

    name: str
    state: str
    found: str
    cause: str = ""
    change: str = ""


def facts_of_system() -> tuple[Fact, ...]:
    system = _core._system()
    if not system["has_rules"]:
        return (_no_rules(),)
    return tuple(_facts(system))


def _no_rules() -> Fact:
    return Fact(
        "kernel rules",
        "missing",
        f"{platform.system()} has none that proc_jail knows",
        "only Linux has Landlock and seccomp",
        "run untrusted requests on Linux, or in a virtual machine with it",
    )


def _facts(system: dict[str, Any]) -> Iterator[Fact]:
    yield _session(system)
    yield _landlock(system)
    yield _seccomp(system)
    yield _namespace(system)
    yield _totals(system)
    yield _ids(system)
    yield _filter_around()


def _session(system: dict[str, Any]) -> Fact:
    if system["session_errno"] == 0:
        return Fact("sessions", "ok", "a command can have one of its own")
    return Fact(
        "sessions",
        "missing",
        "no command can be started",
        "this process runs inside a sandbox that locks its session",
        "give the outer sandbox .tree(Tree.PidNamespace), or compat()",
    )


def _release() -> tuple[int, ...]:
    """5.13 as (5, 13)."""
    words = platform.release().replace("-", ".").split(".")[:2]
    return tuple(int(word) for word in words if word.isdigit())


def _landlock(system: dict[str, Any]) -> Fact:
    abi = system["landlock_abi"]
    if abi >= SIGNALS_ABI:
        return Fact("Landlock", "ok", f"ABI {abi}")
    if abi > 0:
        return Fact(
            "Landlock",
            "partial",
            f"ABI {abi}",
            f"{SIGNALS_SINCE} brings ABI {SIGNALS_ABI}, which keeps signals "
            "from other processes",
            f"use {SIGNALS_SINCE}, Tree.PidNamespace, or run_nothing() for "
            "programs that start no others",
        )
    cause, change = _without_landlock(system["landlock_errno"])
    return Fact("Landlock", "missing", "none", cause, change)


def _without_landlock(number: int) -> tuple[str, str]:
    name = errno.errorcode.get(number, str(number))
    newer = f"use Linux 5.13 or later; {SIGNALS_SINCE} for all of it"
    if number == errno.ENOSYS and _release() < LANDLOCK_SINCE:
        return f"{name}: this kernel is too old", newer
    if number == errno.ENOSYS:
        return (
            f"{name}: this kernel was built without it, or is one in user "
            "space that does not have it (gVisor)",
            "use a kernel with CONFIG_SECURITY_LANDLOCK",
        )
    if number == errno.EOPNOTSUPP:
        active = text_of("/sys/kernel/security/lsm")
        now = f" (now lsm={active})" if active else ""
        return (
            f"{name}: built in, but not switched on at boot",
            f"add landlock to the boot parameter lsm={now}",
        )
    if number == errno.EPERM:
        return (
            f"{name}: refused by the filter of a container",
            "update the container's runtime, or allow the system calls "
            "landlock_create_ruleset, landlock_add_rule and "
            "landlock_restrict_self in its seccomp profile",
        )
    return f"{name}: refused", newer


def _seccomp(system: dict[str, Any]) -> Fact:
    number = system["seccomp_errno"]
    if number == 0:
        return Fact("seccomp", "ok", "filters can be installed")
    name = errno.errorcode.get(number, str(number))
    if number in (errno.EPERM, errno.EACCES):
        return Fact(
            "seccomp",
            "missing",
            "none",
            f"{name}: refused by the filter of a container",
            "allow the system call seccomp in the container's profile",
        )
    return Fact(
        "seccomp",
        "missing",
        "none",
        f"{name}: this kernel has no filters, or not for {platform.machine()}",
        "use a kernel with CONFIG_SECCOMP_FILTER on x86-64, arm64 or RISC-V",
    )


def _namespace(system: dict[str, Any]) -> Fact:
    flags, number = system["namespace_flags"], system["namespace_errno"]
    if flags != 0:
        how = "in a user namespace" if flags & CLONE_NEWUSER else "as root"
        return Fact("pid namespaces", "ok", f"can be created {how}")
    name = errno.errorcode.get(number, str(number))
    cause, change = _without_namespaces(name)
    return Fact("pid namespaces", "missing", "none", cause, change)


# Settings that close user namespaces to ordinary users: the file, its value
# when it does, and what to do.
SWITCHES = [
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "set the sysctl user.max_user_namespaces to a number",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "set the sysctl kernel.unprivileged_userns_clone to 1",
    ),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "give this program an AppArmor profile that allows userns, or set "
        "the sysctl kernel.apparmor_restrict_unprivileged_userns to 0",
    ),
]


def _without_namespaces(name: str) -> tuple[str, str]:
    for path, closed, change in SWITCHES:
        if text_of(path) == closed:
            return f"{name}: closed by {path}", change
    if is_filtered():
        return (
            f"{name}: refused by the filter of a container",
            "allow clone with CLONE_NEWUSER in its seccomp profile; only "
            "Tree.PidNamespace needs it",
        )
    return (
        f"{name}: this kernel has none, or refuses them to this user",
        "only Tree.PidNamespace needs them",
    )


def _totals(system: dict[str, Any]) -> Fact:
    if system["totals"]:
        return Fact("cgroups", "ok", "totals for a whole process tree")
    if text_of("/sys/fs/cgroup/cgroup.controllers"):
        cause = "the parent of this process's cgroup is not delegated to it"
    else:
        cause = "no cgroups of version 2 with memory and pids are mounted"
    return Fact(
        "cgroups",
        "partial",
        "limits hold for each process, not for the tree",
        cause,
        "start it by systemd-run --user --scope -p Delegate=yes, or make "
        "the cgroups of the container writable",
    )


def _ids(system: dict[str, Any]) -> Fact:
    if system["changes_ids"]:
        return Fact("users", "ok", "user() can name any user")
    return Fact(
        "users",
        "partial",
        "commands run as this user",
        "this process may not change its ids",
        "give it CAP_SETUID and CAP_SETGID; only user() needs them",
    )


def _filter_around() -> Fact:
    found = "around this process" if is_filtered() else "none around"
    return Fact("outer filter", "ok", found)

"""Who runs this, and inside of what."""

from __future__ import annotations

import os
from pathlib import Path

# Files that a container's runtime leaves, as it starts the first process.
MARKS = {
    "/.dockerenv": "docker",
    "/run/.containerenv": "podman",
    "/var/run/secrets/kubernetes.io": "kubernetes",
}
# What the environment of a function or a container of a platform names.
VARIABLES = {
    "AWS_LAMBDA_FUNCTION_NAME": "lambda",
    "KUBERNETES_SERVICE_HOST": "kubernetes",
}
# Where systemd-nspawn, podman and others name themselves.
OWN_NAME = "container"


# The build of a kernel that gVisor claims to be, whatever its own version.
GVISOR = "#1 SMP Sun Jan 10 15:06:54 PST 2016"


def text_of(path: str) -> str:
    """The text of a file of the kernel; empty if it cannot be read."""
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def status_of(name: str) -> str:
    """A line of /proc/self/status, such as Seccomp."""
    for line in text_of("/proc/self/status").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    return ""


def is_filtered() -> bool:
    """Whether a system call filter already stands around this process."""
    return status_of("Seccomp") == "2"


def container_of() -> str | None:
    """The kind of container or subsystem, most telling first; or None."""
    version = text_of("/proc/version")
    if GVISOR in version:
        return "gvisor"
    for name, kind in VARIABLES.items():
        if os.environ.get(name):
            return kind
    for path, kind in MARKS.items():
        if Path(path).exists():
            return kind
    if "microsoft" in version.lower():
        return "wsl"
    return os.environ.get(OWN_NAME) or None


def user_of() -> str:
    """The user and its power, in words."""
    uid = os.geteuid()
    name = "root" if uid == 0 else f"uid {uid}"
    held = status_of("CapEff")
    if uid == 0 and held and int(held, 16) == 0:
        name += " without capabilities"
    mapped = text_of("/proc/self/uid_map").split()
    if mapped and mapped[:3] != ["0", "0", "4294967295"]:
        name += " in a user namespace"
    return name

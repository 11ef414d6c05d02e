"""Packages of Debian: any suite and architecture, beside the machine's own.

Each suite has an apt configuration of its own, so that nothing of it reaches
the packages of this machine; only the mirror and the keys are the machine's.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

CONFIGURATION = """
Dir::Etc::sourcelist "{0}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{0}/state";
Dir::State::status "{0}/status";
Dir::Cache "{0}/cache";
APT::Architecture "{1}";
APT::Architectures {{ "{1}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
"""


class Unavailable(Exception):
    """What this machine lacks."""


def mirrors() -> dict[str, str]:
    """Where this machine gets "debian" and "debian-security" from."""
    try:
        told = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except FileNotFoundError:
        raise Unavailable("apt-get") from None
    found: dict[str, str] = {}
    for line in told.split():
        if match := re.search(r"/(debian(?:-security)?)/$", line):
            found.setdefault(match[1], line)
    if "debian" not in found or not KEYS.exists():
        raise Unavailable("a source of Debian's packages and its keys")
    return found


class Archive:
    """The packages of a suite for an architecture."""

    def __init__(self, cache: Path, suite: str, arch: str) -> None:
        self.folder = cache / "apt" / f"{suite}-{arch}"
        self.suite, self.arch = suite, arch
        self.environment = {
            **os.environ,
            "APT_CONFIG": str(self.folder / "apt.conf"),
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
        }

    def _apt(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder / "packages",
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Unavailable(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def _sources(self) -> str:
        """The suite, and its security updates where it has some."""
        lines = []
        for name, uri in mirrors().items():
            security = name == "debian-security"
            if security and "-" in self.suite:
                continue
            suite = f"{self.suite}-security" if security else self.suite
            lines.append(f"deb [signed-by={KEYS}] {uri} {suite} main\n")
        return "".join(lines)

    def _begin(self) -> None:
        """Read the suite's lists, once."""
        if (self.folder / "begun").exists():
            return
        for name in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "packages").mkdir(exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text(self._sources())
        text = CONFIGURATION.format(self.folder, self.arch)
        (self.folder / "apt.conf").write_text(text)
        self._apt("apt-get", "update", "-qq")
        (self.folder / "begun").touch()

    def one(self, name: str) -> Path:
        """The package file of this name, without what it depends on."""
        packages = self.folder / "packages"
        found = sorted(packages.glob(f"{name}_*.deb"))
        if not found:
            self._begin()
            self._apt("apt-get", "download", "-qq", name)
            found = sorted(packages.glob(f"{name}_*.deb"))
        return found[-1]

    def dependencies(self, name: str, pattern: str) -> list[str]:
        """What this package needs whose names match."""
        self._begin()
        told = self._apt("apt-cache", "depends", "--important", name)
        return [w for w in told.split() if re.fullmatch(pattern, w)]

    def all(self, *names: str) -> list[Path]:
        """The files of these packages and of all that they need."""
        self._begin()
        self._apt("apt-get", "install", "-qqy", "--download-only", *names)
        return sorted((self.folder / "cache/archives").glob("*.deb"))


def extract(package: Path, target: Path) -> None:
    """Put a package's files there; none of its scripts is run."""
    target.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE
    ) as source:
        subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "-C", target],
            stdin=source.stdout,
            check=True,
        )
    if source.returncode != 0:
        raise Unavailable(f"a package that is whole: {package}")

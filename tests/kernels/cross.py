"""What runs in a guest, compiled for its architecture.

The guest is of this machine's own release of Debian, so that what is
compiled and linked here finds its libraries, and its Python, there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from debian import Unavailable

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
# Debian's own, which the root of the guest has as well.
PYTHON = "/usr/bin/python3"

FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
LIBRARIES = ["-lpthread", "-ldl", "-lrt"]


@dataclass(frozen=True)
class Toolchain:
    """A compiler of Debian's, and what the guest's architecture is called."""

    arch: str
    machine: str
    package: str

    @property
    def triplet(self) -> str:
        return f"{self.machine}-linux-gnu"

    def tool(self, name: str) -> str:
        path = shutil.which(f"{self.triplet}-{name}")
        if path is None:
            raise Unavailable(f"the package {self.package}")
        return path


TOOLCHAINS = {
    one.arch: one
    for one in (
        Toolchain("amd64", "x86_64", "gcc"),
        Toolchain("arm64", "aarch64", "gcc-aarch64-linux-gnu"),
    )
}


def run(*command: str | Path, **environment: str) -> None:
    """Run a command; show what it says when it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout)
        done.check_returncode()


def build_wheel(tools: Toolchain, target: Path) -> None:
    """The wheel of a release, or one of those that PJ_WHEELS has."""
    if given := os.environ.get("PJ_WHEELS"):
        (wheel,) = Path(given).glob(f"*-abi3-manylinux*{tools.machine}.whl")
        shutil.copy(wheel, target)
    else:
        name = f"abi3-manylinux_2_17_{tools.machine}"
        run(".ci/wheels", "--only", name, "--output", target)


def build_unit_tests(tools: Toolchain, work: Path, target: Path) -> None:
    """The core's tests in C."""
    target.mkdir()
    build = work / "unit"
    names = [path.stem for path in sorted(TESTS.glob("c/test_*.c"))]
    run(
        *("make", "-s", "-C", "csrc", f"-j{os.cpu_count()}"),
        f"BUILD={build}",
        f"CC={tools.tool('gcc')}",
        *(f"{build}/{name}" for name in names),
    )
    for name in names:
        shutil.copy(build / name, target)


def build_attacks(tools: Toolchain, work: Path) -> Path:
    """A folder of what tests/conftest.py and containment.py would compile;
    made anew when a source has changed.
    """
    sources = sorted(TESTS.glob("attacks/*")) + sorted(TESTS.glob("helpers/*"))
    mark = zlib.crc32(b"".join(path.read_bytes() for path in sources))
    target = work / f"common-{mark:x}"
    if not target.exists():
        part = work / "common"
        shutil.rmtree(part, ignore_errors=True)
        (part / "attacks").mkdir(parents=True)
        commands = [[tools.tool("gcc"), *_compile(s, part)] for s in sources]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda one: run(*one), filter(_is_whole, commands)))
        part.rename(target)
    return target


def _compile(source: Path, target: Path) -> list[str]:
    """A compiler's words; none for a header, and for parts of a spy."""
    if source.suffix != ".c" or source.stem.startswith("spy"):
        return []
    if source.parent.name == "attacks":
        to, how = target / "attacks" / source.stem, FLAGS
    elif "\nmain(" not in source.read_text():
        to, how = target / f"{source.stem}.so", [*FLAGS, "-shared", "-fPIC"]
    else:
        to, how = target / source.stem, FLAGS
    return [*how, "-o", str(to), str(source), *LIBRARIES]


def _is_whole(command: list[str]) -> bool:
    return len(command) > 1

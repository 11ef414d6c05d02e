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

from debian import Archive, Unavailable, extract

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


def build_wheel(
    tools: Toolchain, archive: Archive, work: Path, target: Path
) -> None:
    """A wheel of this tree for the guest's Python."""
    if given := os.environ.get("PJ_WHEELS"):
        for path in Path(given).glob(f"*manylinux*{tools.machine}.whl"):
            shutil.copy(path, target)
        return
    version = subprocess.run(
        [PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    headers = work / "headers"
    if not headers.exists():
        extract(archive.one(f"libpython{version}-dev"), headers)
    builder = work / "builder"
    if not builder.exists():
        run(PYTHON, "-m", "venv", builder)
        run(builder / "bin/pip", "install", "-q", "setuptools>=77", "wheel")
    # Beside the tree, where builds of this machine's own are.
    tree = work / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(ROOT / "csrc", tree / "csrc", ignore=_builds)
    shutil.copytree(ROOT / "procjail", tree / "procjail", ignore=_builds)
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree)
    for path in ROOT.glob("LICENSE*"):
        shutil.copy(path, tree)
    compiler = tools.tool("gcc")
    include = headers / "usr/include"
    tag = version.replace(".", "")
    run(
        builder / "bin/pip",
        *("wheel", "-q", "--no-deps", "--no-build-isolation"),
        *("-w", target, tree),
        CC=compiler,
        LDSHARED=f"{compiler} -shared",
        CFLAGS=f"-O2 -g0 -I{include}/python{version} -I{include}",
        _PYTHON_HOST_PLATFORM=f"linux-{tools.machine}",
        SETUPTOOLS_EXT_SUFFIX=f".cpython-{tag}-{tools.triplet}.so",
    )


def _builds(_folder: str, names: list[str]) -> set[str]:
    return {"build", "__pycache__"} & {*names} | {
        name for name in names if name.endswith((".so", ".egg-info"))
    }


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
    elif source.stem in ("awake", "fake_landlock", "no_utf8"):
        to, how = target / f"{source.stem}.so", [*FLAGS, "-shared", "-fPIC"]
    else:
        to, how = target / source.stem, FLAGS
    return [*how, "-o", str(to), str(source), *LIBRARIES]


def _is_whole(command: list[str]) -> bool:
    return len(command) > 1

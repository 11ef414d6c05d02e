"""The C library by itself: built from a copy, linked, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import LINUX, once, program

ROOT = Path(__file__).parent.parent
STRICT = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"]

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None, reason="needs make and a C compiler"
)
SHARED = "libprocjail.so" if LINUX else "libprocjail.dylib"


def build(folder: Path, *switches: str) -> Path:
    """Copy csrc and what its Makefile looks for, and build the library."""
    copy = folder / "csrc"
    ignore = shutil.ignore_patterns("build", "python")
    shutil.copytree(ROOT / "csrc", copy, ignore=ignore)
    shutil.copytree(ROOT / "examples", folder / "examples")
    env = {k: v for k, v in os.environ.items() if k != "CFLAGS"}
    subprocess.run(
        ["make", "-s", "-j2", "-C", copy, "all", *switches],
        check=True,
        env=env,
    )
    return copy


@pytest.fixture(scope="module")
def plain() -> Path:
    return once("library", build) / "csrc"


def compile_example(copy: Path, variant: str, target: Path) -> None:
    library = copy / "build" / variant / "libprocjail.a"
    source = copy.parent / "examples" / "run_grep.c"
    command = ["cc", *STRICT, f"-I{copy}/include", "-o", str(target)]
    subprocess.run([*command, source, library], check=True)


@pytest.fixture(scope="module")
def example(plain: Path) -> Path:
    return once("example", lambda to: compile_example(plain, "plain", to))


def run(example: Path, *args: str) -> subprocess.CompletedProcess[str]:
    program("grep")
    return subprocess.run(
        [example, *args], capture_output=True, text=True, check=False
    )


def test_the_example_greps(example: Path) -> None:
    done = run(example, "^root:", "/etc/passwd")
    assert done.returncode == 0
    assert done.stdout.startswith("1:root:")
    assert done.stderr == ""


def test_the_example_passes_the_status_on(example: Path) -> None:
    assert run(example, "no such line", "/etc/passwd").returncode == 1
    done = run(example, "x", "/missing")
    assert done.returncode == 2
    assert "/missing" in done.stderr


def test_the_example_refuses(example: Path) -> None:
    done = run(example, "--include=x", "/etc/passwd")
    assert done.returncode == 1
    assert done.stderr.startswith("ArgFlagNotAllowed: ")


def test_the_example_wants_two_arguments(example: Path) -> None:
    assert run(example).returncode == 2


@pytest.mark.skipif(not LINUX, reason="reads what GNU nm prints")
def test_the_shared_library_exports_the_header_and_nothing_else(
    plain: Path,
) -> None:
    out = subprocess.run(
        ["nm", "-D", "--defined-only", plain / "build/plain" / SHARED],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    headers = sorted((plain / "include").glob("*.h"))
    header = "".join(path.read_text() for path in headers)
    names = {line.split()[-1] for line in out.splitlines()}
    assert names
    for name in names:
        assert f"{name}(" in header, name


def test_a_program_links_the_shared_library(plain: Path) -> None:
    source = plain / "version.c"
    source.write_text(
        '#include <stdio.h>\n#include "procjail.h"\n'
        "int main(void) { return puts(pj_version()) < 0; }\n"
    )
    folder = plain / "build" / "plain"
    subprocess.run(
        [
            "cc",
            *STRICT,
            f"-I{plain}/include",
            source,
            f"-L{folder}",
            "-lprocjail",
            f"-Wl,-rpath,{folder}",
            "-o",
            plain / "version",
        ],
        check=True,
    )
    out = subprocess.run(
        [plain / "version"], check=True, capture_output=True, text=True
    ).stdout
    header = (plain / "include" / "procjail.h").read_text()
    assert f'#define PJ_VERSION "{out.strip()}"' in header


def test_it_installs(plain: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["make", "-s", "-C", plain, "install", f"PREFIX={tmp_path}"],
        check=True,
    )
    found = {p.name for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {
        "procjail.h",
        "procjail_args.h",
        "procjail_codes.def",
        "procjail_controls.def",
        "libprocjail.a",
        SHARED,
    }
    source = tmp_path / "user.c"
    source.write_text('#include "procjail.h"\nint main(void) { return 0; }\n')
    subprocess.run(
        ["cc", *STRICT, f"-I{tmp_path}/include", "-fsyntax-only", source],
        check=True,
    )


def test_the_portable_path_builds_and_runs(tmp_path: Path) -> None:
    copy = build(tmp_path, "PORTABLE=1")
    target = tmp_path / "run_grep"
    compile_example(copy, "plain-portable", target)
    assert run(target, "^root:", "/etc/passwd").stdout.startswith("1:root:")


# ---------------------------------------------- builds of the extension

# Compiles nothing: an object is how it was compiled, a library its objects.
COMPILER = """#!/bin/sh
out='' before='' objects=''
for word; do
    case $before:$word in
        -o:*) out=$word ;;
        *.o) objects="$objects $word" ;;
    esac
    before=$word
done
case " $* " in
    *' -c '*) echo "$*" >"$out" ;;
    *) cat $objects >"$out" ;;
esac
"""
SWITCHES = {
    "plain": {},
    "portable": {"PJ_PORTABLE": "1"},
    "sanitized": {"PJ_SANITIZE": "address,undefined"},
}


@pytest.mark.skipif(not LINUX, reason="elsewhere all are portable")
def test_no_build_uses_the_objects_of_another(tmp_path: Path) -> None:
    """In any order, in one checkout."""
    pytest.importorskip("setuptools.command.build")
    # Without the rest, which an old setuptools need not understand.
    shutil.copy(ROOT / "setup.py", tmp_path)
    shutil.copy(ROOT / "README.md", tmp_path)
    ignore = shutil.ignore_patterns("build")
    shutil.copytree(ROOT / "csrc", tmp_path / "csrc", ignore=ignore)
    compiler = tmp_path / "cc"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    own = {"CC": str(compiler), "LDSHARED": f"{compiler} -shared"}
    env = {k: v for k, v in os.environ.items() if not k.startswith("PJ_")}
    for name in ("plain", "portable", "sanitized", "plain", "portable"):
        subprocess.run(
            [sys.executable, "setup.py", "-q", "build"],
            cwd=tmp_path,
            env={**env, **own, **SWITCHES[name]},
            check=True,
        )
        made = {
            library
            for library in tmp_path.rglob("_core*.so")
            if is_of(name, library.read_text().splitlines())
        }
        assert len(made) == 1, name


def is_of(name: str, commands: list[str]) -> bool:
    """Whether all objects of a library were compiled with its switches."""
    marks = {"portable": " -DPJ_PORTABLE", "sanitized": " -fsanitize="}
    assert len(commands) > 40
    return all(
        (mark in command) == (kind == name)
        for kind, mark in marks.items()
        for command in commands
    )

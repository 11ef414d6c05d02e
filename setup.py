"""Builds proc_jail._core from csrc/; the rest is in pyproject.toml."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).parent
CORE = "csrc/core"

if sys.platform == "win32":
    sys.exit(
        "proc_jail does not support Windows: a Windows program parses its "
        "command line by itself, from one string, so no check of an argument "
        "list can tell what the program will see. See docs/windows.md."
    )


def is_linux() -> bool:
    return sys.platform.startswith("linux")


def core_sources(portable: bool) -> list[str]:
    """Every file of the core, with one platform's half of the spawn."""
    other = {
        "child.c",
        "child_init.c",
        "platform_linux.c",
        "landlock.c",
        "seccomp.c",
        "needs.c",
        "kernel_fs.c",
    }
    if not portable:
        other = {"child_posix.c", "platform_posix.c"}
    return sorted(
        f"{CORE}/{path.name}"
        for path in (ROOT / CORE).glob("*.c")
        if path.name not in other
    )


def version() -> str:
    header = (ROOT / "csrc/include/procjail.h").read_text(encoding="utf-8")
    found = re.search(r'#define PJ_VERSION "([^"]+)"', header)
    if found is None:
        sys.exit("csrc/include/procjail.h defines no PJ_VERSION")
    return found.group(1)


# PJ_PORTABLE=1 builds the path of other POSIX systems on Linux, to test it.
# PJ_SANITIZE=address,undefined builds with those sanitizers.
PORTABLE = not is_linux() or os.environ.get("PJ_PORTABLE") == "1"
SANITIZE = os.environ.get("PJ_SANITIZE", "")

compile_args = ["-std=gnu11", "-Wall", "-Wextra", "-fvisibility=hidden"]
if PORTABLE and is_linux():
    compile_args.append("-DPJ_PORTABLE")
link_args: list[str] = []
if SANITIZE:
    flags = [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"]
    flags.append("-fno-sanitize-recover=all")
    compile_args += flags
    link_args += flags

setup(
    version=version(),
    ext_modules=[
        Extension(
            "proc_jail._core",
            sources=core_sources(PORTABLE)
            + sorted(
                f"csrc/python/{path.name}"
                for path in (ROOT / "csrc/python").glob("*.c")
            ),
            depends=[
                str(path.relative_to(ROOT))
                for pattern in ("*.h", "*.def")
                for path in sorted((ROOT / "csrc").rglob(pattern))
            ],
            include_dirs=["csrc/include"],
            extra_compile_args=compile_args,
            extra_link_args=link_args,
        )
    ],
)

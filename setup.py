"""Builds proc_jail._core from csrc/; the rest is in pyproject.toml."""

from __future__ import annotations

import os
import re
import shlex
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
CORE = "csrc/core"

if sys.platform == "win32":
    sys.exit(
        "proc_jail does not support Windows: a Windows program parses its "
        "command line by itself, from one string, so no check of an argument "
        "list can tell what the program will see. See docs/windows.md."
    )


def is_linux() -> bool:
    """Whether that is what the build is for, not where it runs."""
    return sysconfig.get_platform().startswith("linux")


# A platform is a folder in the rooms that have one.
ROOMS = ["base", "system", "argv", "confine", "policy", "run"]
LINUX = ["confine/linux", "system/linux"]
OTHER = ["confine/none", "system/posix"]
INCLUDES = ["-Icsrc/include", "-iquotecsrc/core", "-iquotecsrc"]


def sources(*folders: str) -> list[str]:
    return sorted(
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).glob("*.c")
    )


def core_sources(portable: bool) -> list[str]:
    rooms = [*ROOMS, *(OTHER if portable else LINUX)]
    return sources(*(f"{CORE}/{room}" for room in rooms))


# The program between the host and a command: static and without libc.
INIT_SOURCES = [
    "csrc/init/main.c",
    "csrc/init/start.c",
    f"{CORE}/system/linux/child.c",
    f"{CORE}/system/linux/init.c",
    f"{CORE}/system/linux/steps.c",
]
INIT_FLAGS = [
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-Os",
    "-ffreestanding",
    "-fno-stack-protector",
    "-fno-pic",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    *INCLUDES,
]
INIT_LINK_FLAGS = [
    "-static",
    "-nostdlib",
    "-no-pie",
    "-Wl,--gc-sections",
    "-Wl,-z,noexecstack",
    "-Wl,--build-id=none",
    "-s",
]


def version() -> str:
    header = (ROOT / "csrc/include/procjail.h").read_text(encoding="utf-8")
    found = re.search(r'#define PJ_VERSION "([^"]+)"', header)
    if found is None:
        sys.exit("csrc/include/procjail.h defines no PJ_VERSION")
    return found.group(1)


REPOSITORY = "https://github.com/tenuo-ai/proc_jail"


def readme() -> str:
    """For the index's page, where links into the repository lead nowhere."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    base = f"{REPOSITORY}/blob/v{version()}/"
    text = re.sub(r"\]\((?=#)", f"]({base}README.md", text)
    return re.sub(r"\]\((?!#|\w+:)", f"]({base}", text)


# PJ_PORTABLE=1 builds the path of other POSIX systems on Linux, to test it.
# PJ_SANITIZE=address,undefined builds with those sanitizers.
# PJ_COVERAGE=1 counts the lines that run: see .ci/coverage.
# PJ_ABI3=0 builds for one version of CPython instead of for 3.10 and later, as
# a free-threaded one, which has no stable ABI before 3.15, always needs.
PORTABLE = not is_linux() or os.environ.get("PJ_PORTABLE") == "1"
SANITIZE = os.environ.get("PJ_SANITIZE", "")
COVERAGE = os.environ.get("PJ_COVERAGE") == "1"
ABI3 = os.environ.get("PJ_ABI3") != "0" and not sysconfig.get_config_var(
    "Py_GIL_DISABLED"
)


def variant() -> str:
    """What tells the objects of one build from those of another."""
    names = ["plain"]
    if PORTABLE:
        names = ["portable"]
    if SANITIZE:
        names += ["san", *SANITIZE.split(",")]
    if COVERAGE:
        names.append("coverage")
    names.append("abi3" if ABI3 else sys.implementation.cache_tag)
    return "-".join(names)


class Build(build):
    """Each variant has a folder of its own, as in csrc/Makefile.

    Objects are not compiled again for other switches, only for other sources.
    """

    def initialize_options(self) -> None:
        super().initialize_options()
        self.build_base = os.path.join("build", variant())


class BuildExt(build_ext):
    """What is built in place has no folder of its own: it is built anew."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.force = self.force or self.inplace

    def build_extension(self, ext: Extension) -> None:
        """Build csrc/init first; its bytes become part of the extension."""
        if not PORTABLE:
            image = Path(self.build_temp).absolute() / "proc_jail-init"
            self.build_init(image)
            ext.extra_compile_args.append(f'-DPJ_INIT_IMAGE="{image}"')
        super().build_extension(ext)

    def build_init(self, image: Path) -> None:
        """In steps, since zig finds no headers in one with -nostdlib.

        PJ_INIT_CC is a compiler for this alone: zig builds what is static and
        has fixed addresses for musl only, of which nothing is linked.
        """
        image.parent.mkdir(parents=True, exist_ok=True)
        compiler = shlex.split(
            os.environ.get("PJ_INIT_CC")
            or os.environ.get("CC")
            or sysconfig.get_config_var("CC")
        )
        objects = []
        for source in INIT_SOURCES:
            objects.append(f"{image}-{Path(source).stem}.o")
            step = [*INIT_FLAGS, "-c", source, "-o", objects[-1]]
            self.spawn([*compiler, *step])
        self.spawn([*compiler, *objects, *INIT_LINK_FLAGS, "-o", str(image)])


compile_args = ["-std=gnu11", "-Wall", "-Wextra", "-fvisibility=hidden"]
compile_args += INCLUDES
if PORTABLE and is_linux():
    compile_args.append("-DPJ_PORTABLE")
link_args: list[str] = []
# For dlsym, before glibc 2.34; elsewhere it is empty.
libraries = ["dl"] if is_linux() else []
if SANITIZE:
    flags = [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"]
    flags.append("-fno-sanitize-recover=all")
    compile_args += flags
    link_args += flags
if COVERAGE:
    compile_args += ["-O0", "--coverage", "-fprofile-update=atomic"]
    link_args.append("--coverage")

setup(
    version=version(),
    long_description=readme(),
    long_description_content_type="text/markdown",
    options={"bdist_wheel": {"py_limited_api": "cp310"}} if ABI3 else {},
    cmdclass={"build": Build, "build_ext": BuildExt},
    ext_modules=[
        Extension(
            "proc_jail._core",
            sources=core_sources(PORTABLE) + sources("csrc/python"),
            depends=[
                str(path.relative_to(ROOT))
                for pattern in ("*.h", "*.def")
                for path in sorted((ROOT / "csrc").rglob(pattern))
            ]
            + INIT_SOURCES,
            define_macros=[("Py_LIMITED_API", "0x030A0000")] if ABI3 else [],
            py_limited_api=ABI3,
            libraries=libraries,
            extra_compile_args=compile_args,
            extra_link_args=link_args,
        )
    ],
)

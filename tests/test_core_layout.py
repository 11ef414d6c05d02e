"""The house rules of csrc/: arrows, circles, and what may not be there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from conftest import LINUX, once

CSRC = Path(__file__).parent.parent / "csrc"
CORE = sorted((CSRC / "core").rglob("*.[ch]"))
PYTHON = sorted((CSRC / "python").glob("*.[ch]"))
PROGRAMS = sorted((CSRC / "programs").rglob("*.def"))
GROUPS = CSRC / "programs" / "groups"
MAKERS = CSRC / "programs" / "makers.def"
INIT = sorted((CSRC / "init").glob("*.c"))
PUBLIC = CSRC / "include" / "procjail.h"
ALL = [*CORE, *PYTHON, *INIT, *PROGRAMS, *sorted((CSRC / "include").iterdir())]

pytestmark = pytest.mark.skipif(
    not LINUX or shutil.which("cc") is None or shutil.which("nm") is None,
    reason="needs a C compiler, nm and the headers of Linux",
)

# A room may know the rooms before it that are named here, and itself.
ROOMS = {
    "base": set(),
    "system": {"base"},
    "argv": {"base"},
    "confine": {"base", "system"},
    "policy": {"base", "system", "argv", "confine"},
    "run": {"base", "system", "policy"},
}
# Folders of one platform, and the ones that stand in for it elsewhere.
PLATFORMS = {"linux", "none", "posix"}

# A child may share memory with its parent: libc's door to the kernel, where
# that door keeps its errors, and each other.  The init of a namespace also
# clones the program.
CHILD_LINUX = {
    "syscall",
    "__errno_location",
    "pj_child_give_up",
    "pj_child_default_signals",
    "pj_child_become",
}
CHILD_INIT = CHILD_LINUX | {"clone"}
# Every name is on POSIX.1-2017's list of async-signal-safe functions
# (2.4.3); setrlimit, getrlimit and setgroups are not, and are bare system
# calls in a process with one thread, which a fork is.
CHILD_POSIX = {
    "_exit",
    "chdir",
    "dup2",
    "execve",
    "fchdir",
    "fcntl",
    "getppid",
    "setgid",
    "setgroups",
    "setsid",
    "setuid",
    "sigaction",
    "sigemptyset",
    "sigprocmask",
    "umask",
    "write",
    "getrlimit",
    "setrlimit",
    "__errno_location",
    "__error",
}
COMPILERS = {"__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_", "memset", "memcpy"}

# State of the process, of which there can be only one: see guard.c.
PROCESS_STATE = {"guard.c": {"host", "forking"}, "probe.c": {"known"}}

# What CPython's API wants writable, though nothing here writes to it.
# PyArg_ParseTupleAndKeywords took `char **` before 3.13; the others are
# linked into type and module objects by pointers that are not const.
WRITABLE = {
    "names": "keyword lists",
    "definition": "PyModuleDef",
    "before_3_12": "PyModuleDef",
    "slots": "PyModuleDef_Slot",
    "functions": "PyMethodDef of the module",
}
WRITABLE_ENDINGS = {
    "_methods": "PyMethodDef",
    "_getset": "PyGetSetDef",
    "_members": "PyMemberDef",
    "_slots": "PyType_Slot",
    "_spec": "PyType_Spec",
}


def includes(path: Path) -> list[str]:
    return re.findall(r'#\s*include\s+["<]([^">]+)', path.read_text())


def test_the_core_knows_no_python() -> None:
    for path in CORE:
        text = path.read_text()
        assert not any(name.startswith("Python") for name in includes(path))
        assert not re.search(r"\bPy[A-Z]\w+", text)
        assert not re.search(r"\bPyObject\b|\bPY_", text)


def quoted(path: Path) -> list[str]:
    return re.findall(r'#\s*include\s+"([^"]+)', path.read_text())


def room_of(path: Path) -> tuple[str, str]:
    """The room of a file, and its platform or ""."""
    room, *more = path.relative_to(CSRC / "core").parent.parts
    return room, "".join(more)


def test_arrows_point_one_way() -> None:
    for path in CORE:
        room, platform = room_of(path)
        for name in quoted(path):
            if name.startswith(("procjail", "programs/")):
                continue
            assert (CSRC / "core" / name).is_file(), name
            there, its_platform = room_of(CSRC / "core" / name)
            assert there in ROOMS[room] | {room}, name
            assert its_platform in ("", platform), name


def test_a_platform_is_a_folder() -> None:
    """Files of ideas do not ask where they are; libc's quirks aside."""
    for path in CORE:
        text = without_comments(path.read_text())
        if room_of(path)[1] == "":
            assert "__linux__" not in text


def test_the_extension_sees_only_the_public_header() -> None:
    for path in PYTHON:
        own = {p.name for p in PYTHON} | {"procjail.h", "procjail_codes.def"}
        assert set(quoted(path)) <= own


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def test_programs_are_data() -> None:
    folder = GROUPS.parent
    tables = {
        path.relative_to(folder).as_posix()
        for path in PROGRAMS
        if path.parent != GROUPS and path != MAKERS
    }
    included = set()
    for path in PROGRAMS:
        text = without_comments(path.read_text())
        if path.name == "programs.def":  # the table of contents
            assert sorted(includes(path)) == sorted(tables - {path.name})
        elif path.parent == GROUPS:
            assert includes(path) == []
        else:
            included |= {
                name.removeprefix("programs/") for name in includes(path)
            }
        assert not re.search(r"[{};]", re.sub(r'"[^"]*"', "", text))
    assert included == {f"groups/{path.name}" for path in GROUPS.iterdir()}


def compile_object(path: Path, target: Path, *flags: str) -> Path:
    subprocess.run(
        [
            "cc",
            "-std=gnu11",
            "-D_GNU_SOURCE",
            *flags,
            f"-I{CSRC / 'include'}",
            f"-iquote{CSRC / 'core'}",
            f"-iquote{CSRC}",
            f"-I{sysconfig.get_path('include')}",
            "-c",
            path,
            "-o",
            target,
        ],
        check=True,
        capture_output=True,
    )
    return target


def symbols(target: Path) -> Iterator[tuple[str, str]]:
    """The type letter and the name of every symbol of an object file."""
    out = subprocess.run(
        ["nm", target], check=True, capture_output=True, text=True
    ).stdout
    for line in out.splitlines():
        *_, letter, name = line.split()
        yield letter, name


CHILDREN = {
    "linux/steps.c": CHILD_LINUX,
    "linux/child.c": CHILD_LINUX,
    "linux/entry.c": CHILD_LINUX,
    "linux/init.c": CHILD_INIT,
    "posix/child.c": CHILD_POSIX | {"pj_child_drop_descriptors"},
    "posix/descriptors.c": CHILD_POSIX,
}


@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3", "-Os"])
@pytest.mark.parametrize("name", CHILDREN)
def test_the_child_calls_only_what_is_listed(
    tmp_path: Path, name: str, level: str
) -> None:
    target = compile_object(
        CSRC / "core/system" / name,
        tmp_path / "object.o",
        level,
        "-fPIC",
        "-fstack-protector-strong",
    )
    called = {name for letter, name in symbols(target) if letter in "Uw"}
    assert called <= CHILDREN[name] | COMPILERS


# The least stack that one of the child's entries is given: spawn.c, init.c.
STACK = 16 * 1024


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_the_stack_of_the_child_fits(tmp_path: Path, level: str) -> None:
    """All frames together, as if each function called the next."""
    total = 0
    for name in ("child", "entry", "init", "steps"):
        compile_object(
            CSRC / "core/system/linux" / f"{name}.c",
            tmp_path / f"{name}.o",
            level,
            "-fPIC",
            "-fstack-usage",
        )
        usage = (tmp_path / f"{name}.su").read_text()
        total += sum(int(line.split()[-2]) for line in usage.splitlines())
    assert 0 < total < STACK / 2


SOURCES = [path for path in CORE if path.suffix == ".c"]


def compile_all(folder: Path) -> None:
    """Without -fPIC, so that constant tables of pointers stay constants and
    need no relocation at load time.
    """
    folder.mkdir()
    for number, path in enumerate(SOURCES):
        target = folder / f"{number}.o"
        compile_object(path, target, "-O2", "-fno-pic", "-fno-pie")


@pytest.fixture(scope="module")
def objects() -> dict[Path, Path]:
    """An object of every file of the core, by its source."""
    folder = once("objects", compile_all)
    return {path: folder / f"{n}.o" for n, path in enumerate(SOURCES)}


def writable(target: Path) -> set[str]:
    """Data that can change, by its name in the source."""
    return {
        name.partition(".")[0]
        for letter, name in symbols(target)
        if letter in "BDbdCGgSsVv"
    }


def test_the_core_has_no_global_that_changes(
    objects: dict[Path, Path],
) -> None:
    for path, target in objects.items():
        allowed = PROCESS_STATE.get(path.name, set())
        assert writable(target) == allowed, path


def test_public_names_have_the_prefix(objects: dict[Path, Path]) -> None:
    for path, target in objects.items():
        ours = [name for letter, name in symbols(target) if letter in "TDBRV"]
        assert all(name.startswith("pj_") for name in ours), (path, ours)


@pytest.mark.parametrize("others", [{"none", "posix"}, {"linux"}])
def test_no_file_leads_back_to_itself(
    objects: dict[Path, Path], others: set[str]
) -> None:
    """Not in what it includes, but in what it calls."""
    needs: dict[str, set[str]] = {}
    home: dict[str, str] = {}
    for path, target in objects.items():
        if room_of(path)[1] in others:
            continue
        name = str(path.relative_to(CSRC / "core"))
        found = list(symbols(target))
        needs[name] = {symbol for letter, symbol in found if letter == "U"}
        home |= {symbol: name for letter, symbol in found if letter in "TR"}
    graph = {
        name: {home[symbol] for symbol in wanted if symbol in home}
        for name, wanted in needs.items()
    }
    assert len(graph) > 40
    # CycleError names the circle.
    list(TopologicalSorter(graph).static_order())


def test_the_extension_has_no_global_that_changes(tmp_path: Path) -> None:
    for path in sorted((CSRC / "python").glob("*.c")):
        target = compile_object(
            path, tmp_path / "object.o", "-O2", "-fno-pic", "-fno-pie"
        )
        found = {
            name
            for name in writable(target)
            if name not in WRITABLE
            and not name.endswith(tuple(WRITABLE_ENDINGS))
        }
        assert found == set()


def test_lines_fit() -> None:
    for path in ALL:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert len(line) <= 79, (path, number)
            assert line == line.rstrip(), (path, number)
            assert "\t" not in line, (path, number)


def test_every_file_says_what_it_is() -> None:
    for path in [path for path in [*CORE, *PYTHON] if path.suffix == ".c"]:
        head = path.read_text()[:200]
        assert re.match(rf"/\*\s+(\* )?{re.escape(path.name)}: ", head)


def test_the_header_is_a_manual() -> None:
    """At least half of its lines that are not empty are comment."""
    text = PUBLIC.read_text()
    lines = [line for line in text.splitlines() if line.strip()]
    comments = 0
    for found in re.findall(r"/\*.*?\*/", text, re.DOTALL):
        comments += len([x for x in found.splitlines() if x.strip()])
    assert comments / len(lines) >= 0.5


def test_the_header_stands_alone(tmp_path: Path) -> None:
    """In C of every age that it supports, and in C++."""
    source = tmp_path / "use.c"
    source.write_text('#include "procjail.h"\nint main(void) { return 0; }\n')
    for flags in (["-std=c99"], ["-std=c11"], ["-x", "c++", "-std=c++11"]):
        if "c++" in flags and shutil.which("c++") is None:
            continue
        subprocess.run(
            [
                "c++" if "c++" in flags else "cc",
                *flags,
                "-Wall",
                "-Wextra",
                "-Werror",
                "-pedantic",
                f"-I{PUBLIC.parent}",
                "-fsyntax-only",
                source,
            ],
            check=True,
        )


@pytest.mark.parametrize(
    "banned",
    [
        "gets",
        "strcpy",
        "strcat",
        "sprintf",
        "system",
        "popen",
        "FD_SET",
        "alloca",
        "setenv",
        "putenv",
        "chdir",
        "umask",
        "signal",
        "sigaction",
    ],
)
def test_functions_that_are_not_called(banned: str) -> None:
    """Unsafe ones, and those that would change the host."""
    child = {Path(name).name for name in CHILDREN}
    for path in [*CORE, *PYTHON]:
        if path.name in child and path.parent.name in PLATFORMS:
            continue
        text = without_comments(path.read_text())
        text = re.sub(r'"[^"\n]*"', '""', text)
        assert not re.search(rf"(?<![\w.>]){banned}\s*\(", text), path.name

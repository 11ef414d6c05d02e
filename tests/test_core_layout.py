"""The house rules of csrc/: arrows, sizes, and what may not be there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

CSRC = Path(__file__).parent.parent / "csrc"
CORE = sorted((CSRC / "core").glob("*.[ch]"))
PYTHON = sorted((CSRC / "python").glob("*.[ch]"))
PROGRAMS = sorted((CSRC / "programs").iterdir())
INIT = sorted((CSRC / "init").glob("*.c"))
PUBLIC = CSRC / "include" / "procjail.h"
ALL = [*CORE, *PYTHON, *INIT, *PROGRAMS, *sorted((CSRC / "include").iterdir())]

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or shutil.which("nm") is None,
    reason="needs a C compiler and nm",
)

# child.c may share memory with its parent: libc's door to the kernel, where
# that door keeps its errors, and what the compiler itself adds.
CHILD_LINUX = {"syscall", "__errno_location"}
CHILD_ENTRY = CHILD_LINUX | {"pj_child_give_up", "pj_child_become"}
# The init of a namespace also clones the program.
CHILD_INIT = {
    "syscall",
    "__errno_location",
    "clone",
    "pj_child_give_up",
    "pj_child_default_signals",
    "pj_child_become",
}
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
PROCESS_STATE = {"guard.c": {"host", "forking"}}

# What CPython's API wants writable, though nothing here writes to it.
# PyArg_ParseTupleAndKeywords took `char **` before 3.13; the others are
# linked into type and module objects by pointers that are not const.
WRITABLE = {
    "names": "keyword lists",
    "definition": "PyModuleDef",
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


def identify(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=identify)


def includes(path: Path) -> list[str]:
    return re.findall(r'#\s*include\s+["<]([^">]+)', path.read_text())


@each(CORE)
def test_the_core_knows_no_python(path: Path) -> None:
    text = path.read_text()
    assert not any(name.startswith("Python") for name in includes(path))
    assert not re.search(r"\bPy[A-Z]\w+", text)
    assert not re.search(r"\bPyObject\b|\bPY_", text)


def quoted(path: Path) -> list[str]:
    return re.findall(r'#\s*include\s+"([^"]+)', path.read_text())


@each(CORE)
def test_the_core_includes_core_and_programs(path: Path) -> None:
    own = {p.name for p in CORE} | {p.name for p in PUBLIC.parent.iterdir()}
    own |= {p.name for p in (CSRC / "core").iterdir()}
    for name in quoted(path):
        assert "python" not in name
        assert name in own or "programs/" in name, name


@each(PYTHON)
def test_the_extension_sees_only_the_public_header(path: Path) -> None:
    own = {p.name for p in PYTHON} | {"procjail.h", "procjail_codes.def"}
    assert set(quoted(path)) <= own


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


@each(PROGRAMS)
def test_programs_are_data(path: Path) -> None:
    text = without_comments(path.read_text())
    if path.name == "programs.def":  # the table of contents
        assert {Path(name).suffix for name in includes(path)} == {".def"}
    else:
        assert includes(path) == []
    assert not re.search(r"[{};]", re.sub(r'"[^"]*"', "", text))


ARROWS = {
    # Who may not know whom: the left side never includes the right one.
    "error": "args binary env cwd policy prepare command spawn process",
    "strings": "args binary env cwd policy prepare command spawn process",
    "buffer": "args binary env cwd policy prepare command spawn process",
    "args": "prepare command spawn process policy",
    "binary": "prepare command spawn process policy",
    "env": "prepare command spawn process policy",
    "child": "error strings args binary policy prepare command process",
    "child_posix": "error strings args binary policy prepare command process",
    "platform_linux": "policy prepare command process buffer",
    "platform_posix": "policy prepare command process buffer",
    "spawn": "prepare loop",
    "reap": "prepare spawn loop",
    "process": "prepare loop",
}


@pytest.mark.parametrize("name", sorted(ARROWS))
def test_arrows_point_one_way(name: str) -> None:
    banned = {f"{other}.h" for other in ARROWS[name].split()} - {"spawn.h"}
    for path in CORE:
        if path.stem == name:
            assert not set(quoted(path)) & banned, path.name


def compile_object(path: Path, target: Path, *flags: str) -> Path:
    subprocess.run(
        [
            "cc",
            "-std=gnu11",
            "-D_GNU_SOURCE",
            *flags,
            f"-I{CSRC / 'include'}",
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


@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3", "-Os"])
@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("child", CHILD_LINUX),
        ("child_entry", CHILD_ENTRY),
        ("child_init", CHILD_INIT),
        ("child_posix", CHILD_POSIX),
    ],
)
def test_the_child_calls_only_what_is_listed(
    tmp_path: Path, name: str, allowed: set[str], level: str
) -> None:
    target = compile_object(
        CSRC / "core" / f"{name}.c",
        tmp_path / "object.o",
        level,
        "-fPIC",
        "-fstack-protector-strong",
    )
    called = {name for letter, name in symbols(target) if letter in "Uw"}
    assert called <= allowed | COMPILERS


# The least stack that one of the child's entries is given: platform_linux.c,
# child_init.c.
STACK = 16 * 1024


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_the_stack_of_the_child_fits(tmp_path: Path, level: str) -> None:
    """All frames together, as if each function called the next."""
    total = 0
    for name in ("child", "child_entry", "child_init"):
        compile_object(
            CSRC / "core" / f"{name}.c",
            tmp_path / f"{name}.o",
            level,
            "-fPIC",
            "-fstack-usage",
        )
        usage = (tmp_path / f"{name}.su").read_text()
        total += sum(int(line.split()[-2]) for line in usage.splitlines())
    assert 0 < total < STACK / 2


def writable(path: Path, target: Path) -> set[str]:
    """Data that can change, by its name in the source.

    Without -fPIC, so that constant tables of pointers stay constants and
    need no relocation at load time.
    """
    compile_object(path, target, "-O2", "-fno-pic", "-fno-pie")
    return {
        name.partition(".")[0]
        for letter, name in symbols(target)
        if letter in "BDbdCGgSsVv"
    }


@each([path for path in CORE if path.suffix == ".c"])
def test_the_core_has_no_global_that_changes(
    tmp_path: Path, path: Path
) -> None:
    allowed = PROCESS_STATE.get(path.name, set())
    assert writable(path, tmp_path / "object.o") == allowed


@each([path for path in PYTHON if path.suffix == ".c"])
def test_the_extension_has_no_global_that_changes(
    tmp_path: Path, path: Path
) -> None:
    found = {
        name
        for name in writable(path, tmp_path / "object.o")
        if name not in WRITABLE and not name.endswith(tuple(WRITABLE_ENDINGS))
    }
    assert found == set()


@each([path for path in CORE if path.suffix == ".c"])
def test_public_names_have_the_prefix(tmp_path: Path, path: Path) -> None:
    target = compile_object(path, tmp_path / "object.o", "-O2", "-fPIC")
    ours = [name for letter, name in symbols(target) if letter in "TDBRV"]
    assert all(name.startswith("pj_") for name in ours), ours


@each([path for path in [*CORE, *PYTHON] if path.suffix == ".c"])
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500


@each(ALL)
def test_lines_fit(path: Path) -> None:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        assert len(line) <= 79, number
        assert line == line.rstrip(), number
        assert "\t" not in line, number


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of every function: `{` to `}` in column one."""
    lines = path.read_text().splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield lines[start - 1], number - start + 1
            start = None


@each([*CORE, *PYTHON])
def test_functions_are_short(path: Path) -> None:
    long = [(name, size) for name, size in functions(path) if size > 100]
    assert long == []


@each([path for path in [*CORE, *PYTHON] if path.suffix == ".c"])
def test_every_file_says_what_it_is(path: Path) -> None:
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
    child = {"child.c", "child_entry.c", "child_init.c", "child_posix.c"}
    for path in [*CORE, *PYTHON]:
        if path.name in child:
            continue
        text = without_comments(path.read_text())
        text = re.sub(r'"[^"\n]*"', '""', text)
        assert not re.search(rf"(?<![\w.>]){banned}\s*\(", text), path.name

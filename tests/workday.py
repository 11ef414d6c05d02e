"""A longer day than that of everyday.py: more programs, and their input.

All of it only reads, needs no other program, and says the same each time:
no clock, no process number, no free space.  The working directory is the
project; the environment is ENV alone.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shlex
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ENV = {"LC_ALL": "C"}
EPOCH = 1_704_067_200  # 2024-01-01, a Monday


class Invocation(NamedTuple):
    program: str
    argv: list[str]
    stdin: str | None


WORDS = "pear\napple\nfig\napple\ncherry\nbanana\nfig\napple\n"
SALES = "name,count,price\napple,7,0.80\nfig,12,0.25\npear,4,1.50\n"
INDENTED = "if x:\n\treturn 1\nelse:\n        return  2\n\n\n\nend\n"
NUMBERS = "10\n9\n1024\n1048576\n7\n"
PAIRS = "main parse\nparse lex\nmain print\nprint format\n"
CONFIG = """{
  "name": "demo",
  "deps": [{"id": 2}, {"id": 1}],
  "a": [{"b": "x"}, {"b": "y"}],
  "debug": null
}
"""

# What is piped in, and into what.
FED = {
    WORDS: """
        sort
        sort -u
        sort -rn
        uniq -c
        head -n 2
        tail -n 3
        wc -l
        tr a-z A-Z
        tr -d '\\n'
        tr -s p
        tr '[:lower:]' '[:upper:]'
        tr -cd 'a-f\\n'
        grep -v apple
        grep -n fig
        sed 's/^/- /'
        sed -n 2,3p
        cat -n
        nl
        rev
        paste -sd+
        paste - -
        cut -c1-3
        base64
        md5sum
        sha256sum -
        xxd
        od -c
        column -c 40
        fmt
    """,
    SALES: """
        cut -d, -f2
        sort -t, -k2n
        column -s, -t
        tail -n +2
    """,
    INDENTED: """
        cat -T
        cat -s
        expand -t 2
        unexpand
        col -bx
        tr -s '\\n'
    """,
    NUMBERS: """
        sort -n
        numfmt --to=iec
        factor
        paste -sd, -
        uniq
    """,
    PAIRS: """
        tsort
        sort -k2
        cut -d ' ' -f 2
    """,
    CONFIG: """
        jq .
        jq -r .name
        jq '.deps[].id'
        jq -c 'del(.debug)'
    """,
    "HEAD:README.md\nno-such-thing\n": "grep -c :",
    "cHJvY19qYWls\n": """
        base64 -d
        base64 --decode
    """,
}


def workday() -> list[Invocation]:
    text = Path(__file__).with_suffix(".txt").read_text()
    found = list(_split(text, None))
    for stdin, lines in FED.items():
        found += _split(lines, stdin)
    return found


def _split(lines: str, stdin: str | None) -> Iterator[Invocation]:
    for line in lines.splitlines():
        if line.strip() and not line.startswith("#"):
            program, *argv = shlex.split(line)
            yield Invocation(program, argv, stdin)


# ------------------------------------------------------------- the project

MAIN = """\
#include "util.h"
/* TODO: read the options */
int main(void)
{
    int a[2] = {1, 2};
    return add(a[0], a[1]) == 3 ? 0 : 1;
}
"""
UTIL = """\
#include "util.h"

int add(int a, int b)
{
    return a + b;
}

/* TODO: a[0] may be missing */
int first(const int *a)
{
    return a[0];
}
"""
GUIDE = """\
# Guide


The demo shows how a small project looks like, with sources in two
languages, data in several formats, and a log. See README.md too.

- build it with `make`
- look at `logs/app.log`
"""
LOG = "".join(
    f"2024-01-01 10:{i:02}:00 {level} step {i} of the demo\n"
    for i, level in enumerate(["INFO", "INFO", "WARN", "INFO", "ERROR"] * 5)
)
CORE = """\
import json


class Demo:
    def __init__(self, name):
        self.name = name

    def load(self, path):
        with open(path) as file:
            return json.load(file)
"""
CLI = """\
import sys

from app.core import Demo


def main():
    print(Demo("demo").load(sys.argv[1]))
    return 0
"""
RECORDS = """\
[{"name": "apple", "count": 7, "colour": "red"},
 {"name": "fig", "count": 12, "colour": "green"},
 {"name": "pear", "count": 4, "colour": "green"}]
"""
FILES = {
    "README.md": "# demo\n\nA demo of a project. See docs/guide.md.\n",
    "-notes.txt": "a name that begins with a dash\nuse -v for more\n",
    "Makefile": "# builds it\nall: main\n\tcc -o main src/main.c\n",
    ".gitignore": "build/\n*.o\n",
    "run.sh": "#!/bin/sh\nexec make\n",
    "src/main.c": MAIN,
    "src/util.c": UTIL,
    "src/util.h": "int add(int a, int b);\nint first(const int *a);\n",
    "app/__init__.py": "",
    "app/core.py": CORE,
    "app/cli.py": CLI,
    "tests/test_core.py": "from app.core import Demo\n\n\ndef test_demo():\n"
    '    assert Demo("a").name == "a"\n',
    "docs/guide.md": GUIDE,
    "docs/old notes.txt": "a name with a space\n",
    "data/words.txt": WORDS,
    "data/sorted.txt": "apple\napple\nbanana\ncherry\nfig\n",
    "data/other.txt": "apple\nbanana\ndate\nfig\ngrape\n",
    "data/numbers.txt": NUMBERS,
    "data/versions.txt": "v1.10\nv1.9\nv1.2\n",
    "data/patterns.txt": "fig\npear\n",
    "data/sales.csv": SALES,
    "data/colours.csv": "apple,red\nfig,green\nplum,blue\n",
    "data/table.tsv": "id\tname\n1\tapple\n2\tfig\n",
    "data/depends.txt": PAIRS,
    "data/config.json": CONFIG,
    "data/records.json": RECORDS,
    "data/events.jsonl": '{"level": 1}\n{"level": 2}\n{"level": 1}\n',
    "data/filter.jq": "map(.name) | sort\n",
    "logs/app.log": LOG,
    "logs/error.log": "".join(
        line for line in LOG.splitlines(keepends=True) if "ERROR" in line
    ),
    "build/out.o": "",
}


def make_project(root: Path) -> None:
    """The same project each time, but for its owner and its place."""
    for name, text in FILES.items():
        _write(root / name, text.encode())
    (root / "run.sh").chmod(0o755)
    data = root / "data"
    _write(data / "latin1.txt", "caf\u00e9\n".encode("latin-1"))
    _write(data / "blob.bin", bytes(range(256)) * 8 + b"\0the demo blob\0")
    _write(data / "object.o", _object())
    _write(data / "words.txt.gz", gzip.compress(WORDS.encode(), mtime=0))
    _write(data / "words.txt.bz2", bz2.compress(WORDS.encode()))
    _write(data / "words.txt.xz", lzma.compress(WORDS.encode()))
    _write(data / "project.tar", _tar())
    _write(data / "project.zip", _zip())
    _write(data / "SUMS", _sums("data/words.txt", "README.md"))
    (root / "latest.log").symlink_to("logs/app.log")
    (root / "manual").symlink_to("docs")
    (root / "gone").symlink_to("no-such-file")
    _commits(root)
    _settle(root)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _sums(*names: str) -> bytes:
    return "".join(
        f"{hashlib.md5(FILES[name].encode()).hexdigest()}  {name}\n"
        for name in names
    ).encode()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in ("README.md", "src/main.c", "app/core.py"):
            info = tarfile.TarInfo(name)
            info.size = len(FILES[name])
            info.mtime = EPOCH
            tar.addfile(info, io.BytesIO(FILES[name].encode()))
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("README.md", "src/main.c", "app/core.py"):
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            archive.writestr(info, FILES[name])
    return buffer.getvalue()


def _object() -> bytes:
    """An ELF file of one function, so that no compiler is needed."""
    text = b"\xb8\x2a\0\0\0\xc3"  # mov $42,%eax; ret
    names = b"\0.text\0.symtab\0.strtab\0.shstrtab\0"
    strings = b"\0answer\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0, len(text))
    bodies = [b"", text, symbols, strings, names]
    offsets = [64 + sum(map(len, bodies[:i])) for i in range(len(bodies))]
    # name, type, flags, link, info, align, entry size
    rows = [
        (0, 0, 0, 0, 0, 0, 0),
        (1, 1, 6, 0, 0, 1, 0),
        (7, 2, 0, 3, 1, 8, 24),
        (15, 3, 0, 0, 0, 1, 0),
        (23, 3, 0, 0, 0, 1, 0),
    ]
    table = b"".join(
        struct.pack(
            "<IIQQQQIIQQ",
            *(name, kind, flags, 0, offset, len(body)),
            *(link, info, align, size),
        )
        for (name, kind, flags, link, info, align, size), offset, body in zip(
            rows, offsets, bodies, strict=True
        )
    )
    start = 64 + sum(map(len, bodies))
    head = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(b"\x7fELF\2\1\1", 1, 62, 1, 0, 0, start, 0),
        *(64, 0, 0, 64, len(rows), len(rows) - 1),
    )
    return head + b"".join(bodies) + table


def _git(root: Path, *argv: str, day: int = 0) -> None:
    date = f"{EPOCH + day * 86_400} +0000"
    subprocess.run(
        ["git", *argv],
        cwd=root,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={
            **ENV,
            "PATH": os.defpath,
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
        },
    )


def _commit(root: Path, message: str, *names: str, day: int) -> None:
    _git(root, "add", "--", *names)
    _git(root, "commit", "-q", "-m", message, day=day)


def _commits(root: Path) -> None:
    """Two branches, two tags, and something in each stage."""
    origin = "https://example.org/demo.git"
    _git(root, "init", "-q", "-b", "main", "--template=")
    for key, value in (
        ("user.name", "A"),
        ("user.email", "a@example.org"),
        ("remote.origin.url", origin),
    ):
        _git(root, "config", key, value)
    _commit(root, "Begin", "README.md", ".gitignore", "Makefile", day=0)
    _commit(root, "Add the sources", "src", "run.sh", day=1)
    _commit(root, "Add the parser", "app", "tests", day=2)
    _git(root, "tag", "-a", "v1.0", "-m", "The first one", day=3)
    _git(root, "checkout", "-q", "-b", "topic")
    _commit(root, "Document it", "docs/guide.md", day=4)
    _git(root, "checkout", "-q", "main")
    (root / "README.md").write_text(FILES["README.md"] + "\nIt is small.\n")
    _commit(root, "Say more", "README.md", day=5)
    _git(root, "tag", "light")
    _write(root / "docs/guide.md", FILES["docs/guide.md"].encode())
    _write(root / "README.md", FILES["README.md"].encode())
    _git(root, "add", "-f", "--", "data/words.txt")


def _settle(root: Path) -> None:
    """Fixed times, each file a minute after the one before it."""
    paths = sorted(p for p in root.rglob("*") if ".git" not in p.parts)
    for i, path in enumerate([root, *paths]):
        when = EPOCH + i * 60
        os.utime(path, (when, when), follow_symlinks=False)
    _git(root, "status")

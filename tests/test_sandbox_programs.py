"""Real programs go on working: under the default, and under strict."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import program
from containment import folder, in_host, run_here, uids
from hosts import needs_loopback
from proc_jail import Output, Sandbox, Tree

WAYS = [
    pytest.param(None, id="default"),
    pytest.param(Sandbox().tree(Tree.PidNamespace), id="namespace"),
]

GIT = """
set -e
git init -q .
git config user.email a@example.org
git config user.name A
echo one >file && git add file && git commit -q -m first
echo two >>file && git commit -q -a -m second
git mv file moved && git commit -q -m third && git gc -q
git log --oneline | wc -l
git fsck >/dev/null; git status --short; git diff HEAD~1 --stat
"""
C = """
cat >hello.c <<'END'
#include <stdio.h>
#include <pthread.h>
static void *run(void *a) { return puts("hello") < 0 ? NULL : a; }
int main(void) { pthread_t t; pthread_create(&t, 0, run, 0);
    return pthread_join(t, 0); }
END
gcc -O2 -pipe -o hello hello.c -lpthread && ./hello
"""
PYTHON = """
import multiprocessing, socket, ssl, subprocess, sys, threading, tempfile
def square(n):
    return n * n
if __name__ == "__main__":
    threads = [threading.Thread(target=square, args=(n,)) for n in range(8)]
    [t.start() for t in threads]; [t.join() for t in threads]
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(square, range(5)) == [0, 1, 4, 9, 16]
    assert subprocess.run(["true"]).returncode == 0
    assert subprocess.check_output(["sh", "-c", "echo x"]) == b"x\\n"
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname()).close()
    print("fine")
"""
NODE = """
const { Worker } = require("worker_threads");
const { execFileSync } = require("child_process");
if (execFileSync("echo", ["x"]).toString() !== "x\\n") process.exit(1);
new Worker("require('fs').statSync('/')", { eval: true })
  .on("exit", (code) => console.log("fine", code));
"""
PERL = 'open(my $h, "-|", "echo in"); print <$h>; wait if fork'

SCRIPTS = {
    "git": (GIT, "3\n"),
    "gcc": (C, "hello\n"),
    "perl": (f"perl -e '{PERL}'", "in\n"),
    "bash": (
        "bash -c 'set -o pipefail; seq 1000 | tac | sort -n | tail -1;"
        " cat <(echo sub) <<<here; x=$(echo y | tr y z); echo $x'",
        "1000\nsub\nz\n",
    ),
    "tar": (
        "mkdir d && echo x >d/f && tar czf a.tgz d && rm -r d &&"
        " tar xzf a.tgz && cat d/f && tar tf a.tgz",
        "x\nd/\nd/f\n",
    ),
    "curl": (
        'echo body >page && curl -s "file://$PWD/page"',
        "body\n",
    ),
    "sort": (
        "seq 20000 | sort -R | sort -n --parallel=2 -S 100k | tail -1",
        "20000\n",
    ),
    "make": (
        "printf 'all: a b\\n\\t@cat a b\\n%%:\\n\\t@echo $@ >$@\\n' >Makefile;"
        " make -s -j4",
        "a\nb\n",
    ),
    "xargs": ("seq 8 | xargs -P4 -n1 echo | sort | head -1", "1\n"),
    "find": ("touch a b && find . -type f -exec basename {} + | wc -l", ""),
    "awk": ("echo 1 2 | awk '{ print $1 + $2 | \"cat\" }'", "3\n"),
    "nice": ("nice -n 5 nice", f"{min(os.nice(0) + 5, 19)}\n"),
    "ionice": ("ionice -c 3 echo ok", "ok\n"),
    "taskset": ("taskset -c 0 nproc", "1\n"),
    "prlimit": ("prlimit --nofile=50 sh -c 'ulimit -n'", "50\n"),
    "mktemp": ("cd $(mktemp -d -p .) && touch x && ls", "x\n"),
    "cp": ("touch a && cp -p a b && chmod 600 b && mv b c && ls", "a\nc\n"),
    "flock": ("flock lock echo ok", "ok\n"),
    "gzip": ("echo x | gzip | zcat", "x\n"),
    "ps": ("ps -e >/dev/null && echo ok", "ok\n"),
}


@pytest.fixture
def place(uid: int) -> Iterator[Path]:
    with folder(uid) as path:
        yield path


def sh(uid: int, place: Path, sandbox: Sandbox | None, script: str) -> Output:
    outcome = in_host(
        uid,
        lambda: run_here(
            sandbox,
            "/bin/sh",
            "-c",
            script,
            flags=["-c"],
            cwd=place,
            env={"HOME": str(place), "GIT_AUTHOR_NAME": "A"},
        ),
    )
    assert outcome.survivors == []
    return outcome.get()


@uids
@pytest.mark.parametrize("sandbox", WAYS)
@pytest.mark.parametrize("name", SCRIPTS)
def test_program(
    uid: int, place: Path, sandbox: Sandbox | None, name: str
) -> None:
    program(name)
    script, expected = SCRIPTS[name]
    output = sh(uid, place, sandbox, script)
    assert output.success, output.stderr_string()
    assert output.stdout_string().startswith(expected)


@needs_loopback
@uids
@pytest.mark.parametrize("sandbox", WAYS)
def test_python(uid: int, place: Path, sandbox: Sandbox | None) -> None:
    program("python3")
    (place / "run.py").write_text(PYTHON)
    output = sh(uid, place, sandbox, "/usr/bin/python3 run.py")
    assert output.stdout == b"fine\n", output.stderr_string()


@uids
@pytest.mark.parametrize("sandbox", WAYS)
def test_node(uid: int, place: Path, sandbox: Sandbox | None) -> None:
    program("node")
    (place / "run.js").write_text(NODE)
    output = sh(uid, place, sandbox, "node run.js")
    assert output.stdout == b"fine 0\n", output.stderr_string()


# What programs ask of files, terminals and locks where writing is limited:
# what is left, and what they only try and have a way around.
REQUESTS = {
    "cp": ("echo x >a; cp --reflink=auto a b; cat b", "x\n"),
    "lsattr": ("touch a; lsattr a >/dev/null; echo $?", ""),
    "flock": ("flock lock echo ok; flock -s lock echo ok", "ok\nok\n"),
    "sqlite3": (
        "sqlite3 db 'pragma journal_mode=wal; create table t(a);"
        " insert into t values(7); select a from t'",
        "wal\n7\n",
    ),
    "stty": ("script -qec 'stty -echo; stty size' /dev/null", "0 0\r\n"),
    "tar": ("echo x >a; tar -cf a.tar a; tar -tf a.tar", "a\n"),
}


@uids
@pytest.mark.parametrize("name", REQUESTS)
def test_requests_where_writing_is_limited(
    uid: int, place: Path, name: str
) -> None:
    program(name)
    script, expected = REQUESTS[name]
    sandbox = Sandbox().write(place, "/dev").tree(Tree.PidNamespace)
    output = sh(uid, place, sandbox, script)
    assert output.success, output.stderr_string()
    assert output.stdout_string().startswith(expected), output


# ------------------------------------------------------------------ strict

TEXT = "pear\napple\nfig\n"

STRICT = [
    ("grep", ["-n"], "app {read}/text", "2:apple\n"),
    ("grep", ["-rI"], "^fig {read}", "{read}/text:fig\n"),
    ("wc", ["-l"], "{read}/text", "3 {read}/text\n"),
    ("sort", [], "{read}/text", "apple\nfig\npear\n"),
    ("head", ["-n1"], "{read}/text", "pear\n"),
    ("tail", ["-n1"], "{read}/text", "fig\n"),
    ("cat", [], "{read}/text", TEXT),
    ("cut", ["-c1"], "{read}/text", "p\na\nf\n"),
    ("tac", [], "{read}/text", "fig\napple\npear\n"),
    ("sed", ["-n"], "2p {read}/text", "apple\n"),
    ("jq", ["-r"], ".a {read}/data.json", "1\n"),
    ("tar", ["-tf"], "{read}/a.tar", "text\n"),
    ("find", [], "{read} -name text", "{read}/text\n"),
    ("ls", [], "{read}", "a.tar\ndata.json\ntext\n"),
    ("stat", ["-c%s"], "{read}/text", "15\n"),
    ("md5sum", [], "{read}/text", "1496b4b3"),
    ("du", ["-s"], "{read}", ""),
    ("file", ["-b"], "{read}/text", "ASCII text\n"),
    ("date", ["-u"], "", ""),
    ("diff", ["-s"], "{read}/text {read}/text", "Files"),
    ("sort", ["-o"], "{write}/sorted {read}/text", ""),
    ("awk", [], "{{print($1)}} {read}/text", TEXT),
    ("perl", ["-ne"], "print {read}/text", TEXT),
    ("gzip", ["-c"], "{read}/text", ""),
]


@uids
@pytest.mark.parametrize("case", STRICT, ids=lambda case: case[0])
def test_strict(
    uid: int, place: Path, case: tuple[str, list[str], str, str]
) -> None:
    name, flags, rest, expected = case
    path = program(name)
    names = {"read": str(place / "read"), "write": str(place / "write")}
    for folder_name in names.values():
        os.mkdir(folder_name)
        os.chown(folder_name, uid, uid)
    (place / "read/text").write_text(TEXT)
    (place / "read/data.json").write_text('{"a": 1}')
    os.system(f"tar -C {place}/read -cf {place}/read/a.tar text")
    sandbox = Sandbox.strict().read(names["read"]).write(names["write"])
    output = in_host(
        uid,
        lambda: run_here(
            sandbox,
            path,
            *flags,
            *rest.format(**names).split(),
            flags=["-name", *flags],
            cwd=place,
        ),
    ).get()
    assert output.success, output.stderr_string()
    assert output.stderr == b""
    assert output.stdout.decode(errors="replace").startswith(
        expected.format(**names)
    )
    if flags == ["-o"]:
        sorted_file = place / "write/sorted"
        assert sorted_file.read_text() == "apple\nfig\npear\n"

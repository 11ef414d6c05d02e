"""What an agent that looks at a project types all day.

Command lines by program, as a shell would split them, and the small project
that they are about.  All of them only look, and print the same every time.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

from proc_jail import Output
from proc_jail._policy.paths import which

STAMP = 1577836800  # 2020-01-01, for everything whose time is printed
GIT_ENV = {
    "GIT_AUTHOR_DATE": f"{STAMP} +0000",
    "GIT_COMMITTER_DATE": f"{STAMP} +0000",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
}

FILES = {
    "README.md": "# Project\n\nA small one. TODO: write more.\n",
    "src/main.c": (
        "#include <stdio.h>\n\nint\nmain(void)\n{\n"
        '    puts("hi"); /* TODO */\n'
        "    return 0;\n}\n"
    ),
    "src/util.c": "int\nadd(int a, int b)\n{\n    return a + b;\n}\n",
    "src/util.h": "int add(int a, int b);\n",
    "src/app.py": (
        "import os\nimport sys\n\n\ndef main() -> int:\n"
        '    """Run it."""\n    print(os.sep)\n    return 0\n\n\n'
        "sys.exit(main())\n"
    ),
    "data/table.csv": "name,count\npear,3\napple,10\nfig,2\npear,1\n",
    "data/sorted.txt": "apple\nfig\npear\n",
    "data/other.txt": "fig\npear\nquince\n",
    "data/tree.json": (
        '{"name": "x", "items": [{"id": 1, "tag": "a"}, '
        '{"id": 2, "tag": "b"}], "deep": {"on": true}}\n'
    ),
    "data/numbers": "10\n9\n8\n7\n6\n5\n4\n3\n2\n1\n",
    "log/app.log": "".join(
        f"2020-01-01 00:00:{i:02d} {level} message {i}\n"
        for i, level in enumerate(["INFO", "WARN", "ERROR", "INFO"] * 10)
    ),
    "docs/guide.txt": "one two  three\n\tfour five\n" * 5,
    "-dash": "a name that looks like an option\n",
}

LINES: dict[str, list[str]] = {
    "cat": [
        "README.md", "-n src/main.c", "-A docs/guide.txt", "-s docs/guide.txt",
        "data/sorted.txt data/other.txt", "-b src/app.py", "./-dash",
        "-- -dash", "-et src/util.h", "--number src/util.c",
    ],
    "head": [
        "log/app.log", "-n 3 log/app.log", "-5 log/app.log", "-n5 log/app.log",
        "-c 20 README.md", "-n -30 log/app.log", "--lines=2 log/app.log",
        "-q -n 1 src/main.c src/util.c", "-v README.md", "-1 data/numbers",
    ],
    "tail": [
        "log/app.log", "-n 3 log/app.log", "-n +38 log/app.log",
        "-5 log/app.log", "-c 10 README.md", "--lines 2 log/app.log",
        "-qn1 src/main.c src/util.c", "-c+5 data/numbers",
    ],
    "wc": [
        "README.md", "-l log/app.log", "-w docs/guide.txt", "-lc src/main.c",
        "-l src/main.c src/util.c src/util.h", "-m README.md",
        "-L docs/guide.txt", "--lines --words docs/guide.txt",
    ],
    "grep": [
        "TODO README.md", "-n TODO src/main.c", "-rn TODO .",
        "-rl main src", "-rn --include=*.c return src", "-i todo README.md",
        "-c ERROR log/app.log", "-v INFO log/app.log", "-E 'INFO|WARN' "
        "log/app.log", "-o '[0-9]*$' log/app.log", "-A2 -B1 main src/main.c",
        "-C 1 return src/util.c", "-w a src/util.c", "-x fig data/sorted.txt",
        "-F 'a + b' src/util.c", "-m 2 INFO log/app.log", "-l TODO README.md "
        "src/main.c", "-L TODO README.md src/util.c", "-h int src/util.c "
        "src/util.h", "-H int src/util.h", "-e one -e four docs/guide.txt",
        "-q TODO README.md", "nothing README.md", "--color=never TODO "
        "README.md", "-rn --exclude-dir=log --exclude-dir=.git message .",
        "-P '\\d{2}$' log/app.log", "-s int src/util.h", "-nH --max-count=1 "
        "int src/util.c", "-3 add src/util.c", "--line-num int src/util.h",
    ],
    "sort": [
        "data/table.csv", "-n data/numbers", "-r data/sorted.txt",
        "-t, -k2,2n data/table.csv", "-u data/table.csv", "-nr data/numbers",
        "-f data/sorted.txt", "-k 2 log/app.log", "-c data/sorted.txt",
        "--key=2 --field-separator=, data/table.csv", "-V data/numbers",
        "-s -k1,1 docs/guide.txt", "-m data/sorted.txt data/other.txt",
        "-h data/numbers", "--reverse --numeric-sort data/numbers",
    ],
    "uniq": [
        "data/sorted.txt", "-c data/sorted.txt", "-d docs/guide.txt",
        "-u docs/guide.txt", "-i data/sorted.txt", "-f 1 docs/guide.txt",
        "--count data/other.txt",
    ],
    "cut": [
        "-d, -f1 data/table.csv", "-d , -f 2 data/table.csv",
        "-c1-5 log/app.log", "-f1 docs/guide.txt", "-d' ' -f3- log/app.log",
        "-b 1-3 README.md", "--delimiter=, --fields=1,2 data/table.csv",
        "-d, -f2 --complement data/table.csv", "-s -d, -f1 data/table.csv",
    ],
    "tr": [
        "a-z A-Z", "-d aeiou", "-s ' '", "'[:lower:]' '[:upper:]'",
        "-cd '[:alnum:]'", "',' '\\n'",
    ],
    "sed": [
        "-n 1,3p src/main.c", "-n '10,20p' log/app.log", "s/TODO/DONE/ "
        "README.md", "'/^$/d' src/app.py", "-n '/ERROR/p' log/app.log",
        "-E 's/[0-9]+/N/g' log/app.log", "-e 1d -e '$d' data/numbers",
        "-n '$=' log/app.log", "2q data/numbers", "'s,/,:,' src/app.py",
        "-n '5p;7p' data/numbers", "--quiet 1p README.md", "y/abc/ABC/ "
        "data/sorted.txt", "-s -n 1p src/util.c src/util.h",
        "1~2d data/numbers",
    ],
    "diff": [
        "data/sorted.txt data/other.txt", "-u data/sorted.txt data/other.txt",
        "-q data/sorted.txt data/other.txt", "-r src src",
        "-y data/sorted.txt data/other.txt", "-i src/util.c src/util.h",
        "-w docs/guide.txt "
        "docs/guide.txt", "-U1 data/sorted.txt data/other.txt", "--brief "
        "src/util.c src/util.h", "-c data/sorted.txt data/other.txt",
        "-rq data docs", "-N src docs", "--unified=2 data/sorted.txt "
        "data/other.txt", "-B docs/guide.txt README.md",
    ],
    "cmp": [
        "data/sorted.txt data/sorted.txt", "data/sorted.txt data/other.txt",
        "-s README.md src/main.c", "-l data/sorted.txt data/other.txt",
    ],
    "comm": [
        "data/sorted.txt data/other.txt", "-12 data/sorted.txt data/other.txt",
        "-3 data/sorted.txt data/other.txt", "-1 -3 data/sorted.txt "
        "data/other.txt",
    ],
    "join": [
        "data/sorted.txt data/other.txt", "-v 1 data/sorted.txt "
        "data/other.txt", "-a 2 data/sorted.txt data/other.txt",
    ],
    "paste": [
        "data/sorted.txt data/other.txt", "-d, data/sorted.txt "
        "data/other.txt", "-s data/sorted.txt", "-sd+ data/numbers",
    ],
    "nl": ["src/main.c", "-ba src/main.c", "-w3 -s: data/sorted.txt"],
    "tac": ["data/sorted.txt", "data/sorted.txt data/other.txt"],
    "fold": ["-w 10 README.md", "-s -w 20 docs/guide.txt", "--width=8 "
             "data/table.csv"],
    "od": ["-c data/sorted.txt", "-An -tx1 README.md", "-N 8 README.md",
           "-j2 -N4 -c README.md"],
    "ls": [
        "", "-1", "-a", "-A", "-l src", "-la --time-style=long-iso src", "-R "
        "src", "-d src", "-1t src", "-S src", "-lh src", "-F", "-p", "-r src",
        "src data", "-i -d .", "--group-directories-first", "-n src",
        "--sort=name src", "-X src", "-m src", "-Q src",
    ],
    "find": [
        ".", ". -name '*.c'", ". -type f", ". -type d", "src -maxdepth 1 "
        "-type f", ". -iname 'readme*'", ". -name '*.py' -o -name '*.h'",
        ". -path ./.git -prune -o -type f -print", ". -size +0c -name '*.csv'",
        ". -empty", ". -newer README.md", ". -not -name '*.c' -type f -name "
        "'*.*' -path './src/*'", "src data -type f", ". -mindepth 2 -maxdepth "
        "2 -name '*.txt'", ". -perm -400 -name '*.h'", ". -regex '.*[.]c'",
        ". -name '*.c' -print0",
        ". '(' -name '*.c' -or -name '*.h' ')' -print",
        ". -mtime +7 -name '*.md'", "src -name '*.c' -printf '%f %s\\n'",
        "-name '*.log'", ". ! -path '*/.git*' -type f", "-L src -type f",
        ". -name nothing -quit", "src -type f -ls",
    ],
    "stat": [
        "-c %s README.md", "-c '%n %s' src/main.c src/util.c", "--format=%F "
        "src", "-L -c %F data", "-c %y README.md",
        "--printf='%s\\n' README.md",
        "-c %U README.md",
    ],
    "file": ["README.md", "-b src/main.c", "--mime-type data/tree.json",
             "-i README.md", "src data README.md", "bundle.tar"],
    "du": ["-b README.md", "-sb src", "-a --apparent-size src", "-cb data",
           "--max-depth=1 --apparent-size src", "-h --apparent-size data"],
    "readlink": ["link", "-f link", "-e link", "-n link"],
    "realpath": ["README.md", "link", "--relative-to=src README.md",
                 "-s src/main.c"],
    "basename": ["src/main.c", "src/main.c .c", "-a src/main.c src/util.c",
                 "-s .c src/main.c"],
    "dirname": ["src/main.c", "src/a src/b", "README.md"],
    "md5sum": ["README.md", "README.md src/main.c", "-b README.md",
               "--tag README.md"],
    "dd": ["if=README.md bs=1 count=5 status=none", "if=data/numbers bs=2 "
           "skip=1 status=none"],
    "date": ["-d @0 -u +%Y-%m-%d", "-u -d 2020-01-01 +%s", "-u -r README.md "
             "+%F", "--utc --date=@0 -R", "-u -d '2020-01-01 + 1 day' +%F",
             "-u -d @0 -Iseconds"],
    "tar": ["tf bundle.tar", "-tf bundle.tar", "-tvf bundle.tar", "--list "
            "--file=bundle.tar", "tvf bundle.tar", "-tf bundle.tar "
            "src/main.c", "-tf bundle.tar --wildcards '*.c'"],
    "jq": [
        ". data/tree.json", "-r .name data/tree.json", "'.items[].id' "
        "data/tree.json", "-c .items data/tree.json", "'.items | length' "
        "data/tree.json", "keys data/tree.json", "-S . data/tree.json",
        "--arg t a '.items[] | select(.tag == $t)' data/tree.json", "-e "
        ".missing data/tree.json", "-n '1 + 1'", "-r '.items[] | "
        "\"\\(.id) \\(.tag)\"' data/tree.json", "--tab . data/tree.json",
        "'to_entries[] | .key' data/tree.json", "-s . data/tree.json",
        "-rc '.items[]' data/tree.json", "--indent 1 .deep data/tree.json",
    ],
    "git": [
        "status", "status -s", "status --porcelain", "status -sb", "status "
        "--short src", "log", "log --oneline", "log -n 1", "log -1 --stat",
        "log --oneline -n 5 -- src", "log -p -1", "log --format=%H", "log "
        "--pretty=format:%s", "log --graph --oneline", "log --author=n", "log "
        "--since=2019-01-01 --oneline", "log --name-only -1", "log --grep=two",
        "log HEAD~1..HEAD --oneline", "log --follow --oneline README.md",
        "log -S add --oneline", "log --reverse --oneline", "log --all "
        "--oneline", "log --no-merges --oneline", "show", "show HEAD",
        "show --stat HEAD", "show HEAD~1", "show HEAD:README.md", "show "
        "--name-only HEAD", "show -s --format=%an HEAD", "show main", "diff",
        "diff HEAD", "diff --stat", "diff --name-only", "diff HEAD~1", "diff "
        "HEAD~1 HEAD", "diff --name-status HEAD~1 HEAD", "diff HEAD -- "
        "README.md", "diff -U1", "diff --cached", "diff --word-diff", "diff "
        "--check", "blame HEAD -- README.md", "blame -L 1,2 README.md",
        "blame -s "
        "src/util.c", "blame HEAD~1 -- README.md", "grep TODO", "grep -n TODO",
        "grep -i todo -- src", "grep -l int", "grep -c int", "grep -w add "
        "HEAD", "grep -e int -- src/util.h", "ls-files", "ls-files src",
        "ls-files -s", "ls-files --others", "ls-files -m", "ls-files "
        "--others --exclude-standard", "branch", "branch -a", "branch -v",
        "branch --show-current", "branch --list", "branch --contains HEAD",
        "rev-parse HEAD", "rev-parse --abbrev-ref HEAD", "rev-parse "
        "--show-toplevel", "rev-parse --short HEAD", "rev-parse --git-dir",
        "rev-parse HEAD~1", "rev-parse --is-inside-work-tree",
    ],
}  # fmt: skip
# What reads its input instead of a file.
INPUTS = {"tr": b"some text, two words\n"}


def write_examples(root: Path) -> None:
    """The plain files that the examples of profiles name."""
    (root / "dir").mkdir()
    (root / "a.txt").write_text("bar\nfoo\nfoo o\n")
    (root / "b.txt").write_text("foo\nqux\n")
    (root / "dir" / "c.txt").write_text("c\n")
    (root / "data.csv").write_text("x,1\ny,2\n")


def make_project(root: Path) -> None:
    """The files, a link, an archive, and a repository with two commits."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (root / "link").symlink_to("src/main.c")
    with tarfile.open(root / "bundle.tar", "w") as archive:
        for name in sorted(FILES):
            archive.add(root / name, name, filter=plain)
    commit(root, "one")
    (root / "src/util.c").write_text(FILES["src/util.c"] + "/* two */\n")
    commit(root, "two")
    (root / "README.md").write_text(FILES["README.md"] + "changed\n")
    (root / "new").write_text("new\n")
    for path in [root, *root.rglob("*")]:
        if ".git" not in path.parts:
            os.utime(path, (STAMP, STAMP), follow_symlinks=False)


def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mtime = STAMP
    return info


def commit(root: Path, message: str) -> None:
    git = [which("git"), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for words in (
        ["init", "-qb", "main"],
        ["add", "."],
        ["commit", "-qm", message],
    ):
        subprocess.run([*git, *words], cwd=root, env=GIT_ENV, check=True)


def without_us(
    command: list[str], root: Path, env: dict[str, str], data: bytes | None
) -> tuple[int, bytes, bytes]:
    """What a command says when it is started by nobody in particular.

    Its input is /dev/null where `data` is None.
    """
    done = subprocess.run(
        command,
        cwd=root,
        env={**env, "GIT_CONFIG_GLOBAL": "/dev/null"},
        stdin=subprocess.DEVNULL if data is None else None,
        input=data,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def told(output: Output) -> tuple[int, bytes, bytes]:
    """The same of one of ours."""
    return output.returncode, output.stdout, output.stderr

"""More profiles: bytes, numbers, objects, archives, and the system."""

from __future__ import annotations

from proc_jail._core import Pattern
from proc_jail._profiles import USERS, Operand, Profile

FILES = (Operand("files"),)
FILE = (Operand("file", max=1),)
PROC = ("/proc", "/sys/devices/system")
BYTES = Pattern(r"[-+]?[0-9A-Fa-fx]+[A-Za-z]{0,3}", 32)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def sums(name: str) -> Profile:
    """A program that computes checksums."""
    return Profile(
        name,
        "add up checksums",
        FILES,
        match=("a.txt", "a.txt b.txt"),
        not_match=("/etc/passwd", "--bogus a.txt"),
    )


def plain(name: str, title: str, *match: str, refused: str) -> Profile:
    """A program that takes files, and options that only shape its output."""
    return Profile(
        name,
        title,
        FILES,
        match=match,
        not_match=("/etc/passwd", refused),
    )


TEXT = (
    plain("rev", "turn lines around", "a.txt", refused="--bogus"),
    plain(
        "expand",
        "turn tabs into blanks",
        "a.txt",
        "-t 4 a.txt",
        refused="--bogus",
    ),
    plain(
        "unexpand",
        "turn blanks into tabs",
        "a.txt",
        "-a a.txt",
        refused="--bogus",
    ),
    plain("fmt", "fill paragraphs", "a.txt", "-w 40 a.txt", refused="-x"),
    plain("pr", "lay out pages", "-t a.txt", "-t -2 a.txt", refused="--bogus"),
    plain("tsort", "sort topologically", "b.txt", refused="--bogus"),
    plain(
        "column",
        "lay out columns",
        "-t a.txt",
        "-t -s , data.csv",
        refused="--bogus",
    ),
    Profile(
        "numfmt",
        "convert numbers",
        (Operand("numbers", "[-+]?[0-9.]+[A-Za-z]*"),),
        match=("--to=iec", "--to=iec 4096 1048576", "--from=iec 4K"),
        not_match=("a.txt", "/etc/passwd", "--bogus"),
    ),
    Profile(
        "col",
        "filter reverse line feeds of the input",
        match=("-b", "-x"),
        not_match=("a.txt", "--bogus"),
    ),
    Profile(
        "look",
        "find lines that begin with a text",
        (Operand("text", "text", min=1, max=1), Operand("file", max=1)),
        match=("foo a.txt", "-f FOO a.txt"),
        not_match=("root /etc/passwd", "--bogus x"),
    ),
    Profile(
        "shuf",
        "shuffle lines",
        FILE,
        match=("-n 0 a.txt", "-i 1-1"),
        not_match=(
            "-o b.txt a.txt",
            "--random-source=a.txt a.txt",
            "/etc/passwd",
        ),
        deny=words("-e --echo"),
    ),
)

BINARY = (
    sums("b2sum"),
    sums("cksum"),
    sums("sum"),
    sums("sha1sum"),
    sums("sha256sum"),
    sums("sha512sum"),
    Profile(
        "base32",
        "encode bytes",
        FILE,
        match=("a.txt", "-w 0 a.txt"),
        not_match=("/etc/passwd", "a.txt b.txt"),
    ),
    Profile(
        "base64",
        "encode or decode bytes",
        FILE,
        match=("a.txt", "-w0 a.txt"),
        not_match=("/etc/passwd", "a.txt b.txt"),
    ),
    plain(
        "hexdump",
        "dump bytes",
        "-C a.txt",
        "-n 16 -s 4 a.txt",
        refused="-f b.txt a.txt",
    ),
    Profile(
        "xxd",
        "dump bytes",
        FILE,
        deny=words("-r -revert --revert"),
        match=("a.txt", "-l 8 a.txt", "-p a.txt"),
        not_match=("-r a.txt", "a.txt b.txt", "/etc/passwd"),
    ),
    plain(
        "strings",
        "print text in files",
        "a.txt",
        "-n 3 a.txt",
        refused="@a.txt",
    ),
    plain("size", "tell section sizes", "a.txt", refused="@a.txt"),
    Profile(
        "nm",
        "list symbols",
        FILES,
        match=("-C a.txt", "a.txt"),
        not_match=("--plugin=x a.txt", "/bin/ls", "@a.txt"),
    ),
    plain(
        "readelf",
        "tell about objects",
        "-h a.txt",
        "-SW a.txt",
        refused="-w a.txt",
    ),
    plain(
        "objdump",
        "tell about objects",
        "-f a.txt",
        "-h a.txt",
        refused="-S a.txt",
    ),
    Profile(
        "iconv",
        "convert text",
        FILES,
        match=("-f UTF-8 -t UTF-16LE a.txt", "-l"),
        not_match=("-f UTF-8 -t UTF-16 -o b.txt a.txt", "/etc/passwd"),
    ),
)

ARCHIVES = (
    Profile(
        "gzip",
        "list or unpack to the output",
        (Operand("files"),),
        only=words("-c --stdout -d --decompress -l --list -n -t --test -v"),
        require=("-c", "-l", "-t"),
        match=("-dc a.gz", "-l a.gz", "-t a.gz"),
        not_match=("a.txt", "-d a.gz", "-k a.txt", "-rc ."),
    ),
    Profile(
        "bzip2",
        "unpack to the output",
        (Operand("files"),),
        only=words("-c --stdout -d --decompress -t --test"),
        require=("-c", "-t"),
        match=("-dc a.bz2", "-t a.bz2"),
        not_match=("a.txt", "-d a.bz2", "-k a.txt"),
    ),
    Profile(
        "xz",
        "list or unpack to the output",
        (Operand("files"),),
        only=words("-c --stdout -d --decompress -l --list -t --test"),
        require=("-c", "-l", "-t"),
        match=("-dc a.xz", "-l a.xz"),
        not_match=("a.txt", "-d a.xz", "--files=a.txt -dc"),
    ),
    Profile(
        "unzip",
        "list archives, or test them",
        (Operand("archive", min=1, max=1), Operand("members", "text")),
        only=words("-l -v -q -t"),
        require=("-l", "-v", "-t"),
        match=("-l a.zip", "-v a.zip a.txt", "-t a.zip"),
        not_match=("a.zip", "-l a.zip -d dir", "-o a.zip", "-l /x.zip"),
    ),
    Profile(
        "zipinfo",
        "list archives",
        (Operand("archive", min=1, max=1), Operand("members", "text")),
        only=words("-1 -2 -s -m -l -h -t -z -T"),
        match=("-1 a.zip", "a.zip"),
        not_match=("a.zip -x a.txt", "/x.zip"),
    ),
)

WORDS = (
    Profile(
        "printf",
        "print its arguments by a format",
        (Operand("format and words", "text", min=1),),
        deny=words("--help --version"),
        match=("%s-%d a 1",),
        not_match=("", "--help"),
    ),
    Profile(
        "seq",
        "print numbers",
        (Operand("numbers", r"[-+]?[0-9]*[.]?[0-9]+", min=1, max=3),),
        match=("3", "1 2 9", "-s , 3", "-w 8 10"),
        not_match=("a", "1 2 3 4", "--bogus 1"),
    ),
    Profile(
        "factor",
        "print prime factors",
        (Operand("numbers", r"[0-9]+", min=0),),
        match=("12 13",),
        not_match=("a",),
    ),
    Profile(
        "pathchk",
        "tell whether names are portable",
        (Operand("names", "text", min=1),),
        match=("a/b", "-p a"),
        not_match=("--bogus a",),
    ),
)


def asks(name: str, title: str, *match: str, refused: str = "x y") -> Profile:
    """A program that reports on the system, and takes no arguments."""
    return Profile(
        name, title, (), match=match, not_match=(refused, "--bogus")
    )


SYSTEM = (
    asks("uname", "tell the system's name", "", "-a", "-sr"),
    asks("nproc", "count processors", "", "--all"),
    asks("pwd", "tell the directory", "", "-P"),
    Profile(
        "whoami",
        "tell the user",
        may_read=USERS,
        match=("",),
        not_match=("x", "--bogus"),
    ),
    asks("tty", "tell the terminal", "", "-s"),
    Profile(
        "id",
        "tell about a user",
        (Operand("user", r"[A-Za-z0-9_.-]+", max=1),),
        may_read=USERS,
        match=("", "-u", "-gn", "root"),
        not_match=("/etc", "root root", "--bogus"),
    ),
    Profile(
        "groups",
        "tell the groups of users",
        (Operand("users", r"[A-Za-z0-9_.-]+"),),
        may_read=USERS,
        match=("", "root"),
        not_match=("/etc", "--bogus"),
    ),
    Profile(
        "printenv",
        "print the environment that the policy gives",
        (Operand("names", r"[A-Za-z_][A-Za-z0-9_]*"),),
        match=("LANG", "-0 LANG"),
        not_match=("a=b", "--bogus"),
    ),
    Profile(
        "getconf",
        "tell limits of the system",
        (Operand("names", r"[A-Za-z0-9_/.-]+", min=0, max=2),),
        only=words("-a"),
        match=("PAGE_SIZE", "PATH_MAX /"),
        not_match=("-v POSIX_V7_LP64_OFF64 PATH", "a b c"),
    ),
    Profile(
        "locale",
        "tell about locales",
        (Operand("names", r"[A-Za-z0-9_-]+"),),
        match=("", "-k decimal_point"),
        not_match=("--bogus", "/etc"),
    ),
    Profile(
        "uptime",
        "tell how long the system runs",
        may_read=(*PROC, "/run/utmp", "/var/run/utmp"),
        match=("-s",),
        not_match=("x", "--bogus"),
    ),
    Profile(
        "free",
        "tell memory in use",
        may_read=PROC,
        deny=words("-s --seconds -c --count"),
        match=("-h --version",),
        not_match=("-s 1", "x"),
    ),
    Profile(
        "ps",
        "list processes, of others too",
        may_read=(*USERS, *PROC),
        only=words(
            "-e -A -f -F -l -p --pid -o aux -C --sort --no-headers --version"
        ),
        match=("-p 1 -o pid,comm", "aux --version", "-C none -o pid"),
        not_match=("x y", "-Z"),
    ),
    Profile(
        "pgrep",
        "find processes by name",
        (Operand("pattern", "text", min=1, max=1),),
        may_read=(*USERS, *PROC),
        match=("-x none", "-l none"),
        not_match=("-F a.txt", "--bogus x"),
    ),
)

MORE = (*TEXT, *BINARY, *ARCHIVES, *WORDS, *SYSTEM)

"""Programs that list and find files, and add up their checksums."""

from __future__ import annotations

from proc_jail.profiles.base import FILES, USERS, Operand, Profile, words


def sums(name: str) -> Profile:
    """A program that computes checksums."""
    return Profile(
        name,
        "add up checksums",
        FILES,
        match=("a.txt", "a.txt b.txt"),
        not_match=("/etc/passwd", "--bogus a.txt"),
    )


PROFILES = (
    Profile(
        "ls",
        "list directories",
        FILES,
        may_read=USERS,
        match=("", "-la", "-l dir", "-R .", "--sort=size -r", "-lh a.txt dir"),
        not_match=("/root", "-l /etc", "--bogus"),
    ),
    Profile(
        "stat",
        "tell about files",
        FILES,
        may_read=USERS,
        # It looks for the mount of every file.
        others={"uutils": {"may_read": (*USERS, "/proc")}},
        match=("a.txt", "-c %s a.txt", "--format=%n dir"),
        not_match=("/etc/passwd",),
    ),
    Profile(
        "file",
        "tell the types of files",
        FILES,
        deny=words("-p --preserve-date"),
        match=("a.txt", "-b a.txt", "--mime-type data.json dir"),
        not_match=(
            "-z a.txt",
            "-C -m a.txt",
            "-m a.txt b.txt",
            "-f a.txt",
            "/etc/passwd",
        ),
    ),
    Profile(
        "find",
        "find files",
        (Operand("starting points"),),
        also=words("-newer -anewer -cnewer -samefile"),
        may_read=USERS,
        match=(
            ". -name *.txt",
            ". -type f -size +0",
            "-maxdepth 2",
            ". -mtime -7 -o -name a.txt",
            "dir ( -name c.txt -or -empty ) -print0",
        ),
        not_match=(
            ". -delete",
            "-- -delete",
            ". -exec sh -c id ;",
            ". -ok id ;",
            ". -fprintf b.txt %p",
            "-files0-from a.txt",
            "/etc -name x",
        ),
    ),
    Profile(
        "du",
        "add up sizes of files",
        FILES,
        match=("-sh .", "-a dir", "--max-depth=1 .", "-b a.txt"),
        not_match=("--files0-from=a.txt", "-X a.txt .", "/etc"),
    ),
    Profile(
        "df",
        "tell free space",
        FILES,
        may_read=("/proc",),
        match=("-h .", "--output=source ."),
        not_match=("--sync .", "/etc"),
    ),
    Profile(
        "readlink",
        "tell where a link points",
        FILES,
        match=("-f a.txt", "-e dir"),
        not_match=("/proc/self/exe",),
    ),
    Profile(
        "realpath",
        "resolve paths",
        FILES,
        also=words("--relative-to --relative-base"),
        match=("a.txt", "--relative-to=. dir/c.txt"),
        not_match=("/etc/passwd",),
    ),
    Profile(
        "basename",
        "take the directory from a path",
        (Operand("names", "text", min=1),),
        match=("/srv/a.txt", "a.txt .txt", "-a a b"),
        not_match=("", "--bogus a"),
    ),
    Profile(
        "dirname",
        "leave the directory of a path",
        (Operand("names", "text", min=1),),
        match=("/srv/a.txt", "a/b c/d"),
        not_match=("",),
    ),
    Profile(
        "pathchk",
        "tell whether names are portable",
        (Operand("names", "text", min=1),),
        match=("a/b", "-p a"),
        not_match=("--bogus a",),
    ),
    Profile(
        "md5sum",
        "add up checksums",
        FILES,
        match=("a.txt", "-b a.txt b.txt", "--tag a.txt"),
        not_match=("/etc/passwd", "--bogus"),
    ),
    sums("b2sum"),
    sums("cksum"),
    sums("sum"),
    sums("sha1sum"),
    sums("sha256sum"),
    sums("sha512sum"),
)

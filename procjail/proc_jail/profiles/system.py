"""Programs that tell about the system, its users and its processes."""

from __future__ import annotations

from proc_jail.profiles.base import USERS, Operand, Profile, words

PROC = ("/proc", "/sys/devices/system")


def asks(name: str, title: str, *match: str, refused: str = "x y") -> Profile:
    """A program that reports on the system, and takes no arguments."""
    return Profile(
        name, title, (), match=match, not_match=(refused, "--bogus")
    )


PROFILES = (
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
    Profile(
        "date",
        "tell the time",
        (Operand("format", r"\+.*", max=1),),
        also=words("-r --reference"),
        match=("+%Y", "-u -d @0 +%F", "-I", "--date=2020-01-01"),
        not_match=("-s now", "--set=now", "-f a.txt", "010100002030"),
    ),
)

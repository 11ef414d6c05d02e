"""The profiles, one entry a program.

The examples are run by the tests in a small tree: a.txt, b.txt, data.csv,
data.json, dir/c.txt, archives of a.txt, and a git repository.
"""

from __future__ import annotations

from proc_jail._profile_git import GIT
from proc_jail._profile_more import MORE
from proc_jail._profiles import USERS, Operand, Profile

FILES = (Operand("files"),)
FILE = (Operand("file", max=1),)
TWO_FILES = (Operand("files", min=2, max=2),)
CERTIFICATES = (
    "/etc/ssl",
    "/etc/pki",
    "/usr/share/ca-certificates",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
    "/run/systemd/resolve",
)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TEXT_TOOLS = (
    Profile(
        "cat",
        "print files",
        FILES,
        match=("a.txt", "-n a.txt b.txt", "-", "-- a.txt"),
        not_match=("/etc/shadow", "../x", "--bogus a.txt"),
    ),
    Profile(
        "tac",
        "print files, last line first",
        FILES,
        match=("a.txt", "-s , data.csv"),
        not_match=("/etc/passwd",),
    ),
    Profile(
        "head",
        "print the first lines",
        FILES,
        match=("a.txt", "-n 2 a.txt", "-n-1 a.txt", "-5 a.txt", "-c10 a.txt"),
        not_match=("/etc/passwd", "-n two a.txt"),
    ),
    Profile(
        "tail",
        "print the last lines",
        FILES,
        match=("a.txt", "-n 2 a.txt", "-n +2 a.txt", "-5 a.txt"),
        not_match=("-f a.txt", "--follow a.txt", "--pid=1 a.txt"),
    ),
    Profile(
        "wc",
        "count lines, words and bytes",
        FILES,
        match=("-l a.txt", "a.txt b.txt", "-lw", "--lines a.txt"),
        not_match=("--files0-from=a.txt", "--files0=a.txt", "/etc/passwd"),
    ),
    Profile(
        "nl",
        "number lines",
        FILES,
        match=("a.txt", "-ba a.txt", "-w 3 a.txt"),
        not_match=("/etc/passwd", "--bogus"),
    ),
    Profile(
        "fold",
        "wrap long lines",
        FILES,
        match=("a.txt", "-w 20 a.txt", "-sw20 a.txt"),
        not_match=("/etc/passwd", "-w a.txt"),
    ),
    Profile(
        "od",
        "dump bytes",
        FILES,
        match=("-c a.txt", "-A d -t x1 a.txt", "-N 16 a.txt"),
        not_match=("/etc/passwd", "--bogus"),
    ),
    Profile(
        "cut",
        "print columns",
        FILES,
        match=(
            "-d, -f1 data.csv",
            "-c 1-3 a.txt",
            "-f 2 --delimiter=, data.csv",
        ),
        not_match=("-f1 /etc/passwd", "--bogus"),
    ),
    Profile(
        "paste",
        "join lines side by side",
        FILES,
        match=("a.txt b.txt", "-d, a.txt b.txt", "-s a.txt"),
        not_match=("a.txt /etc/passwd",),
    ),
    Profile(
        "join",
        "join lines on a common field",
        TWO_FILES,
        match=("a.txt b.txt", "-t , -1 1 -2 1 data.csv data.csv"),
        not_match=("a.txt", "a.txt /etc/passwd"),
    ),
    Profile(
        "comm",
        "compare sorted files line by line",
        TWO_FILES,
        match=("a.txt b.txt", "-12 a.txt b.txt"),
        not_match=("a.txt", "/etc/passwd a.txt"),
    ),
    Profile(
        "tr",
        "translate characters of the input",
        (Operand("sets", "text", min=1, max=2),),
        match=("a-z A-Z", "-d 0-9", "-s ' '"),
        not_match=("a b c", "--bogus a b"),
    ),
    Profile(
        "sort",
        "sort lines",
        FILES,
        deny=words("--parallel"),
        match=(
            "a.txt",
            "-rn a.txt",
            "-t, -k2,2n data.csv",
            "-u a.txt b.txt",
            "--reverse a.txt",
        ),
        not_match=(
            "--compress-program=sh a.txt",
            "--compress-prog sh a.txt",
            "-o b.txt a.txt",
            "-ob.txt a.txt",
            "-T /tmp a.txt",
            "--files0-from=a.txt",
        ),
    ),
    Profile(
        "uniq",
        "leave out repeated lines",
        FILE,
        match=("a.txt", "-c a.txt", "-di a.txt"),
        not_match=("a.txt b.txt", "/etc/passwd"),
    ),
    Profile(
        "sed",
        "print or edit lines; the script runs and writes nothing",
        (
            Operand(
                "script",
                "text",
                min=1,
                max=1,
                unless=("-e", "--expression"),
            ),
            Operand("files"),
        ),
        force=("--sandbox",),
        also=words("-e"),
        match=(
            "-n 1,2p a.txt",
            "s/a/b/ a.txt",
            "-e s/a/b/ -e 2d a.txt",
            "-En '/o+/p' a.txt",
        ),
        not_match=(
            "-i s/a/b/ a.txt",
            "-ni s/a/b/ a.txt",
            "--in-place=x s/a/b/ a.txt",
            "-f a.txt b.txt",
            "p /etc/passwd",
        ),
    ),
    Profile(
        "grep",
        "search text",
        (
            Operand(
                "pattern", "text", min=1, max=1, unless=("-e", "--regexp")
            ),
            Operand("files"),
        ),
        match=(
            "-n root a.txt",
            "-rn --include=*.txt o .",
            "-e a -e b a.txt",
            "-c -i O a.txt",
            "--max-count=2 o a.txt",
            "-A2 -B1 o a.txt",
            "o a.txt -n",
            "-- -o a.txt",
        ),
        not_match=(
            "-f a.txt b.txt",
            "-nf a.txt b.txt",
            "--file=a.txt b.txt",
            "--exclude-from=a.txt x a.txt",
            "root /etc/passwd",
            "-r root /etc",
        ),
    ),
    Profile(
        "diff",
        "compare files",
        TWO_FILES,
        match=(
            "a.txt b.txt",
            "-u a.txt b.txt",
            "-rq dir dir",
            "-U5 a.txt b.txt",
        ),
        not_match=("-l a.txt b.txt", "a.txt /etc/passwd", "a.txt"),
    ),
    Profile(
        "cmp",
        "compare bytes",
        (
            Operand("files", min=1, max=2),
            Operand("skips", "[0-9]+[A-Za-z]*", max=2),
        ),
        match=("a.txt a.txt", "-s a.txt b.txt", "-n 3 a.txt b.txt"),
        not_match=("a.txt /etc/passwd",),
    ),
    Profile(
        "jq",
        "query JSON",
        (Operand("filter", "text", min=1, max=1), Operand("files")),
        match=(
            ". data.json",
            "-r .name data.json",
            "-c --arg x 1 .items data.json",
            "-n --argjson x 1 $x",
        ),
        not_match=(
            "-f a.txt data.json",
            "--rawfile x a.txt . data.json",
            "--slurpfile x data.json . data.json",
            "-L dir . data.json",
            ". /etc/passwd",
        ),
    ),
)

FILE_TOOLS = (
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
        "md5sum",
        "add up checksums",
        FILES,
        match=("a.txt", "-b a.txt b.txt", "--tag a.txt"),
        not_match=("/etc/passwd", "--bogus"),
    ),
    Profile(
        "dd",
        "copy parts of a file to the output",
        also=words("if="),
        match=(
            "if=a.txt bs=1 count=3 status=none",
            "if=data.csv skip=1 status=none",
        ),
        not_match=(
            "if=/etc/passwd",
            "if=a.txt of=b.txt",
            "of=b.txt",
            "if=a.txt -- of=b.txt",
        ),
    ),
    Profile(
        "tar",
        "list archives",
        (Operand("members", "text"),),
        only=words(
            "-t --list -v --verbose -f --file --exclude --wildcards "
            "--numeric-owner --full-time --utc -R --block-number"
        ),
        reads=words("-f"),
        require=("-t",),
        force=("--force-local",),
        may_read=USERS,
        match=("-tf a.tar", "tf a.tar", "-tvf a.tar", "--list --file=a.tar"),
        not_match=(
            "-xf a.tar",
            "cIf sh b.tar a.txt",
            "-tf a.tar --to-command=id",
            "-tf a.tar --checkpoint=1 --checkpoint-action=exec=id",
            "-tzf a.tar",
            "-tf a.tar -I sh",
            "-tf a.tar -C /",
            "-tf a.tar --use-compress=sh",
        ),
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

NETWORK_TOOLS = (
    Profile(
        "curl",
        "fetch from hosts that the application names, by https",
        (Operand("url", "url", min=1, max=1),),
        only=words(
            "-s --silent -S --show-error -f --fail -i --include -I --head "
            "-m --max-time --connect-timeout -A --user-agent --compressed "
            "-G --get -4 --ipv4 -6 --ipv6 --retry -r --range -v --verbose"
        ),
        force=("-q", "--proto", "=https", "--globoff", "--max-redirs", "0"),
        may_read=CERTIFICATES,
        match=("-sS https://example.com/", "-fI https://example.com/x?y=1"),
        not_match=(
            "-o x https://example.com/",
            "-K a.txt https://example.com/",
            "--config a.txt https://example.com/",
            "-L https://example.com/",
            "-x http://p https://example.com/",
            "-d @a.txt https://example.com/",
            "-k https://example.com/",
            "file:///etc/passwd",
            "https://example.org/",
            "https://example.com@evil.test/",
        ),
    ),
)

PROFILES = {
    profile.name: profile
    for profile in (*TEXT_TOOLS, *FILE_TOOLS, *NETWORK_TOOLS, *MORE, GIT)
}

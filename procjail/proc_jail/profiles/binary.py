"""Programs that dump, encode and take apart bytes."""

from __future__ import annotations

from proc_jail.profiles.base import FILE, FILES, Profile, plain, words

PROFILES = (
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
        "od",
        "dump bytes",
        FILES,
        match=("-c a.txt", "-A d -t x1 a.txt", "-N 16 a.txt"),
        not_match=("/etc/passwd", "--bogus"),
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
)

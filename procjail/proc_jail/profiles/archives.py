"""Programs that list and unpack archives."""

from __future__ import annotations

from proc_jail.profiles.base import USERS, Operand, Profile, words

PROFILES = (
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
        # Its archives are never on another machine.
        others={"BusyBox": {"force": ()}},
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
        not_match=("a.txt", "-d a.bz2", "-k a.txt", "-td a.bz2"),
    ),
    Profile(
        "xz",
        "list or unpack to the output",
        (Operand("files"),),
        only=words("-c --stdout -d --decompress -l --list -t --test"),
        require=("-c", "-l", "-t"),
        match=("-dc a.xz", "-l a.xz"),
        not_match=("a.txt", "-d a.xz", "-ld a.xz", "--files=a.txt -dc"),
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

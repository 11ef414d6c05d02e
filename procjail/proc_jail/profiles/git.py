"""The profile of git: reading a repository that is not trusted.

A repository's own configuration can name programs: for the file monitor,
for hooks, filters, external and textual diffs, pagers, signatures, remote
helpers.  Each is turned off by name where git lets it be; and whatever
name was missed, the kernel refuses git to execute anything.
"""

from __future__ import annotations

from proc_jail.profiles.base import Operand, Profile

QUIET = ("--no-ext-diff", "--no-textconv")
REVISIONS = (Operand("revisions and paths", "text"),)
# Never, even below a root for writing: .git/config may be there too.
NEVER = frozenset({"--output"})


def part(
    name: str,
    title: str,
    match: str,
    not_match: str,
    *,
    force: tuple[str, ...] = (),
    operands: tuple[Operand, ...] = REVISIONS,
    only: str | None = None,
) -> Profile:
    """A subcommand; its examples are one a line."""
    return Profile(
        name,
        title,
        operands,
        only=None if only is None else frozenset(only.split()),
        deny=NEVER,
        force=force,
        match=tuple(f"{name} {line}".strip() for line in match.split("\n")),
        not_match=tuple(
            f"{name} {line}".strip() for line in not_match.split("\n")
        ),
        table="git_" + name.replace("-", "_"),
    )


PARTS = (
    part(
        "status",
        "what changed",
        "\n-s\n--short --branch\n--porcelain",
        "--bogus\n--output=x",
    ),
    part(
        "log",
        "history",
        "\n--oneline -n 5\n-5 --stat\n-p -1\n--format=%H%n%s\n-- a.txt",
        "--ext-diff\n--output=x\n--show-signature\n--textconv -p",
        force=QUIET,
    ),
    part(
        "show",
        "one commit or object",
        "\nHEAD\n--stat HEAD\nHEAD:a.txt",
        "--ext-diff HEAD\n--textconv HEAD\n--output=x HEAD",
        force=QUIET,
    ),
    part(
        "diff",
        "differences",
        "\nHEAD\n--stat HEAD\n--name-only HEAD -- a.txt\n-w",
        "--ext-diff\n--no-index /dev/null a.txt\n--output=x\n--textconv",
        force=QUIET,
    ),
    part(
        "blame",
        "who wrote which line",
        "a.txt\n-L 1,2 a.txt\n-s a.txt",
        "--contents /etc/passwd a.txt\n-S b.txt a.txt",
        force=("--no-textconv",),
    ),
    part(
        "grep",
        "search in tracked files",
        "-n o\n-e o -- a.txt\n--count o HEAD",
        "-O o\n-Osh o\n--open-files-in-pager=sh o\n--no-index o\n-f a.txt",
        force=("--no-textconv",),
    ),
    part(
        "ls-files",
        "tracked files",
        "\n-s\n--others --exclude-standard\na.txt",
        "--bogus\n-X /etc/passwd",
    ),
    part(
        "branch",
        "list branches",
        "\n-a\n-vv\n--list\n--show-current",
        "new\n-d main\n-m x\n--edit-description\n-f x",
        operands=(),
        only="-a --all -r --remotes -v --verbose -l --list --show-current "
        "--contains --no-contains --merged --no-merged --sort --format "
        "--points-at --no-color --color --column --no-column "
        "--ignore-case -i --abbrev --no-abbrev -q --quiet",
    ),
    part(
        "rev-parse",
        "resolve names",
        "HEAD\n--abbrev-ref HEAD\n--show-toplevel\n--short HEAD",
        "--bogus-option HEAD",
    ),
    part(
        "ls-tree",
        "files of a commit",
        "HEAD\n-r HEAD\n--name-only HEAD dir",
        "--bogus HEAD\n--help",
    ),
    part(
        "cat-file",
        "one object",
        "-t HEAD\n-p HEAD\n-p HEAD:a.txt",
        "--textconv HEAD:a.txt\n--filters HEAD:a.txt\n--batch",
    ),
    part(
        "rev-list",
        "commits by name",
        "HEAD\n--count HEAD\n-n 1 HEAD",
        "--output=x HEAD\n--show-signature HEAD",
    ),
    part(
        "describe",
        "the nearest tag",
        "--always\n--tags --always HEAD",
        "--broken\n--bogus",
    ),
    part(
        "merge-base",
        "where lines of work met",
        "HEAD HEAD\n--is-ancestor HEAD HEAD",
        "--bogus HEAD HEAD",
    ),
    part(
        "show-ref",
        "references",
        "\n--heads\n-s",
        "--bogus",
    ),
    part(
        "name-rev",
        "names of commits",
        "HEAD\n--name-only HEAD",
        "--stdin\n--annotate-stdin",
    ),
    part(
        "for-each-ref",
        "references, by a format",
        "\n--format=%(refname) --count=1",
        "--bogus",
    ),
    part(
        "shortlog",
        "commits by author",
        "-s -n HEAD\n-s HEAD",
        "--output=x HEAD\n--show-signature HEAD",
    ),
    part(
        "tag",
        "list tags",
        "\n-l\n--sort=refname",
        "new\n-d x\n-s x\n-v x\n-m x y\n-F a.txt x",
        operands=(),
        only="-l --list -n --sort --contains --no-contains --merged "
        "--no-merged --points-at --format --column --no-column -i "
        "--ignore-case",
    ),
    part(
        "remote",
        "list remotes",
        "\n-v",
        "add x y\nupdate\nshow origin",
        operands=(),
    ),
    part(
        "count-objects",
        "size of the repository",
        "\n-v",
        "x\n--bogus",
        operands=(),
    ),
)

GIT = Profile(
    "git",
    "look at a repository, running nothing of it",
    only_kernel_holds=True,  # filters in .git/config can have any name
    only=frozenset({"-P", "--no-pager", "--literal-pathspecs"}),
    force=(
        "--no-pager",
        *(
            word
            for setting in (
                "core.fsmonitor=false",
                "core.hooksPath=/dev/null",
                "core.attributesFile=/dev/null",
                "core.excludesFile=/dev/null",
                "diff.external=",
                "log.showSignature=false",
                "submodule.recurse=false",
                "protocol.allow=never",
                "credential.helper=",
                "gc.auto=0",
            )
            for word in ("-c", setting)
        ),
    ),
    force_env={
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    },
    inner=PARTS,
    match=tuple(line for inner in PARTS for line in inner.match),
    not_match=(
        *(line for inner in PARTS for line in inner.not_match),
        "-c core.pager=sh log",
        "--exec-path=/tmp log",
        "-C / log",
        "-C status branch",
        "--git-dir=/x log",
        "-p log",
        "push",
        "clone x",
        "config -l",
    ),
)

PROFILES = (GIT,)

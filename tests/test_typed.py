"""Typed rules: argv as the program reads it, in every spelling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tool
from proc_jail import (
    ArgConflict,
    ArgFlagAfterPositional,
    ArgFlagNotAllowed,
    ArgMissing,
    ArgRules,
    ArgSubcommandMismatch,
    ArgTooManyPositionals,
    ArgValueInvalid,
    Choice,
    GitRef,
    Int,
    NulByte,
    Text,
    Violation,
)

Tools = Callable[[str], Tool]
MANY: dict[str, int | None] = {"min": 0, "max": None}

GREP = (
    ArgRules()
    .flag("-n", "--line-number")
    .flag("-i")
    .flag("-c")
    .option("-m", "--max-count", Int(1, 1000))
    .option("-e", Text(), repeat=None)
    .option("--color", Choice("always", "never"), optional=True)
    .positional("pattern", Text(200), unless=["--regexp"])
    .positional("files", Text(), min=0, max=None)
)
TAR = (
    ArgRules()
    .flag("-t")
    .flag("-v")
    .option("-f", Text(9))
    .option("-b", Int(1, 99))
    .positional("members", Text(), min=0, max=None)
)
FIND = (
    ArgRules()
    .flag("-L")
    .flag("-print")
    .flag("!")
    .flag("(")
    .flag(")")
    .option("-name", Text(), repeat=None)
    .option("-maxdepth", Int(0, 9))
    .option("-mtime", Int(-9, 9))
    .positional("places", Text(), min=0, max=None)
)
DD = ArgRules().option("if=", Text()).option("count=", Int(1, 9))
GIT = (
    ArgRules()
    .flag("--no-pager")
    .option("-C", Text())
    .subcommand(
        "log",
        ArgRules()
        .flag("--oneline")
        .option("-n", Int(1, 99))
        .option("--decorate", Choice("short"), optional=True)
        .positional("revisions", GitRef(), min=0, max=2),
    )
    .subcommand("ls-files", ArgRules().flag("-s"))
)
JQ = (
    ArgRules()
    .flag("-r")
    .option("--arg", Text(3), repeat=2)
    .option("--indent", Int(0, 7))
    .positional("filter", Text())
    .positional("files", Text(), min=0, max=None)
)
HEAD = (
    ArgRules()
    .flag(*(f"-{digit}" for digit in range(10)))
    .flag("-q")
    .option("-n", Int())
    .positional("files", Text(), min=0, max=None)
)
SED = (
    ArgRules()
    .flag("-n")
    .option("-i", Text(9), optional=True)
    .positional("script", Text())
    .positional("files", Text(), min=0, max=None)
)
WORDS = ArgRules().positional("words", Text(), min=0, max=None)
UNKNOWN = (
    ArgRules()
    .flag("-n", "--number")
    .flag("-x")
    .flag("-word")
    .option("-o", "--out", Text())
    .option("-s", Choice("a", ""), optional=True)
    .option("mode=", Int(0, 9))
    .positional("files", Text(), min=0, max=None)
)
RULES = {
    "grep": GREP,
    "tar": TAR,
    "find": FIND,
    "dd": DD,
    "git": GIT,
    "jq": JQ,
    "head": HEAD,
    "sed": SED,
    "unknown": UNKNOWN,
    "tail": WORDS.option("-n", Text()),
    "uniq": WORDS.flag("-c"),
    "pr": WORDS.flag("-t"),
    "od": WORDS.flag("-c"),
    "join": WORDS.option("-o", Text()),
}

# Written as they stand: what is executed is the same.
ACCEPTED = {
    "grep": [
        "p",
        "p f g",
        "-n p",
        "--line-number p",
        "-m 5 p",
        "-m5 p",
        "--max-count 5 p",
        "--max-count=5 p",
        "-nm5 p",
        "-inm 5 p",
        "-nic p",
        "-n -n -n p",
        "p -m 5 f -n g",
        "-m 5 -- p f",
        "-- -n -m",
        "p -- -n --",
        "- -",
        "-e p",
        "-e p -e q f",
        "--regexp=p f",
        "-ne p",
        "-nep",
        "--color p",
        "--color=always p",
        "p --color always",
    ],
    "tar": [
        "-tf a",
        "-t -f a",
        "tf a",
        "tvf a m n",
        "ft a",
        "fbt a 9 m",
        "tf a -v m",
        "t --file=a",
        "-tvfa",
    ],
    "find": [
        "",
        ".",
        ". ..",
        "-name x",
        ". -name x -print",
        "-L . -name x",
        "-L -L .",
        ". ! -name x",
        "( -name a ) -print",
        ". -maxdepth 2",
        ". -mtime -7",
    ],
    "dd": ["", "if=a", "count=3 if=a=b", "if="],
    "git": [
        "log",
        "ls-files -s",
        "--no-pager log --oneline",
        "-C dir log -n 5 HEAD",
        "log -n5 a..b --oneline",
        "log HEAD -n 5",
        "log --decorate=short",
        "log --decorate main",
        "-C log log log",
        "log -- main",
    ],
    "jq": [
        ".",
        ". f",
        "-r --arg n v .",
        ". --arg n v f",
        "--arg n v --arg m w .",
        "--indent 2 .",
        ". -- -f",
    ],
    "head": ["-5", "-5 f", "-n 5 f", "-n5", "-n -5 f", "-q f", "-15 f"],
    "sed": ["-n p", "-i p", "-i.bak p", "-ni.bak p f", "--in-place=x p"],
    "tail": ["a", "-n +5 a", "a b", "-- +5", "a -- +5"],
    "uniq": ["a b", "-- +5", "a -- +5"],
    "pr": ["-t a", "-- +5"],
    "od": ["5", "a b", "a ./5", "-c a"],
    "join": ["a b", "-o 1.1 a b", "-o1.1 a b"],
    "unknown": [
        "",
        "a -",
        "-n -x a b",
        "--number a",
        "-o v a",
        "--out v",
        "--out=v a",
        "-word -- -n",
        "-s a",
        "-sa b",
        "mode=3 a",
        "-o mode=9 mode=3",
    ],
}


def each(cases: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, line) for name, lines in cases.items() for line in lines]


@pytest.mark.parametrize(("name", "line"), each(ACCEPTED))
def test_accepted(tool: Tools, name: str, line: str) -> None:
    assert tool(name).apply(RULES[name], line.split()) == line.split()


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("--max=5 p", "--max-count=5 p"),
        ("--max-c 5 p", "--max-count 5 p"),
        ("--line-n p", "--line-number p"),
        ("p --line-b", "p --line-buffered"),
        ("--max=5 --colou=never p", "--max-count=5 --colour=never p"),
        ("--max= p", None),
    ],
)
def test_names_cut_short_are_written_in_full(
    tool: Tools, line: str, out: str | None
) -> None:
    """Another version of the program may have more options."""
    rules = GREP.option("--colour", Choice("never"), optional=True)
    rules = rules.flag("--line-buffered")
    if out is None:
        found = tool("grep").refuse(rules, line.split())
        assert (found.option, found.value) == ("--max-count", None)
    else:
        assert tool("grep").apply(rules, line.split()) == out.split()


# The line, the class, and what it tells: index, option, words of `expected`.
Denial = tuple[str, type[Violation], int | None, str | None, str]
FLAG, VALUE, LATE = ArgFlagNotAllowed, ArgValueInvalid, ArgFlagAfterPositional
FLAGS = "-n -i -c -m -e --color"
NUMBER = "a decimal number from 1 up to 1000"
REFUSED: dict[str, list[Denial]] = {
    "grep": [
        ("-x p", FLAG, 0, "--line-regexp", FLAGS),
        ("-nx p", FLAG, 0, "--line-regexp", FLAGS),
        ("p -fx", FLAG, 1, "--file", FLAGS),
        ("-f", FLAG, 0, "--file", FLAGS),
        ("-f -n", FLAG, 0, "--file", FLAGS),
        ("--file=x p", FLAG, 0, "--file", FLAGS),
        ("--fil x p", FLAG, 0, "--fil", FLAGS),
        ("--recurs p", FLAG, 0, "--recursive", FLAGS),
        ("--none p", FLAG, 0, "--none", FLAGS),
        ("--c p", FLAG, 0, "--c", FLAGS),
        ("-n% p", FLAG, 0, "-%", FLAGS),
        ("-5 p", FLAG, 0, "-5", FLAGS),
        # Two names of one thing, and yet two options to the table.
        ("p --colo", FLAG, 1, "--colo", FLAGS),
        ("-m p f", VALUE, 1, "--max-count", NUMBER),
        ("-m0 p", VALUE, 0, "--max-count", NUMBER),
        ("p --max=1001", VALUE, 1, "--max-count", NUMBER),
        ("--max-count= p", VALUE, 0, "--max-count", NUMBER),
        ("p -m", VALUE, 1, "--max-count", NUMBER),
        ("-m -n p", VALUE, 1, "--max-count", NUMBER),
        ("-m -- p", VALUE, 1, "--max-count", NUMBER),
        ("-nm -5 p", VALUE, 1, "--max-count", NUMBER),
        ("--count=5 p", VALUE, 0, "--count", "left out"),
        ("--color=red p", VALUE, 0, "--color", "one of always never"),
        ("p -m 5 -m 6", ArgConflict, 3, "--max-count", ""),
        ("-n", ArgMissing, None, "pattern", "text of at most 200 bytes"),
        ("", ArgMissing, None, "pattern", "text of at most 200 bytes"),
    ],
    "tar": [
        ("xf a", FLAG, 0, "--extract", "-t -v -f -b"),
        ("tIf ./p a", FLAG, 0, "--use-compress-program", ""),
        ("t%", FLAG, 0, "-%", ""),
        ("t --to-c=id", FLAG, 1, "--to-command", ""),
        ("tf", VALUE, 0, "--file", "text of at most 9 bytes"),
        ("tf -v", VALUE, 1, "--file", "text of at most 9 bytes"),
        ("fb a x", VALUE, 2, "--blocking-factor", "a decimal number"),
        ("tf 0123456789", VALUE, 1, "--file", "text of at most 9 bytes"),
    ],
    "find": [
        (". -delete", FLAG, 1, "-delete", "-L -print ! ( ) -name"),
        (". -exec id ;", FLAG, 1, "-exec", ""),
        (". -print -fprintf f x", FLAG, 2, "-fprintf", ""),
        ("-- . -delete", FLAG, 0, "--", ""),
        (". -- -delete", FLAG, 1, "--", ""),
        (". -nam x", FLAG, 1, "-nam", ""),
        (". -name=x", FLAG, 1, "-name=x", ""),
        (". -L", FLAG, 1, "-L", ""),
        (". -print ..", FLAG, 2, "..", ""),
        (". -name", VALUE, 1, "-name", "text"),
        (". -name -delete", VALUE, 2, "-name", "text"),
        (". -maxdepth 10", VALUE, 2, "-maxdepth", "from 0 up to 9"),
        (". -maxdepth -1", VALUE, 2, "-maxdepth", "from 0 up to 9"),
        (". -print=x", FLAG, 1, "-print=x", ""),
    ],
    "dd": [
        ("of=x", FLAG, 0, "of=", "if= count="),
        ("if=a count=10", VALUE, 1, "count=", "from 1 up to 9"),
        ("if=a if=b", ArgConflict, 1, "if=", ""),
        ("x", ArgTooManyPositionals, 0, None, ""),
        ("If=x", ArgTooManyPositionals, 0, None, ""),
        ("--help", FLAG, 0, "--help", ""),
        ("-- if=a", FLAG, 0, "--", ""),
    ],
    "git": [
        ("", ArgSubcommandMismatch, None, None, "log ls-files"),
        ("push", ArgSubcommandMismatch, 0, None, "log ls-files"),
        ("-C dir push", ArgSubcommandMismatch, 2, None, "log ls-files"),
        ("-C log", ArgSubcommandMismatch, None, None, "log ls-files"),
        ("LOG", ArgSubcommandMismatch, 0, None, "log ls-files"),
        ("-c a=b log", FLAG, 0, "-c", "--no-pager -C"),
        ("--no-pag log", FLAG, 0, "--no-pag", ""),
        ("-- log", FLAG, 0, "--", ""),
        ("log --output=x", FLAG, 1, "--output", "--oneline -n --decorate"),
        ("log HEAD -p", FLAG, 2, "--patch", "--oneline -n --decorate"),
        ("log --no-pager", FLAG, 1, "--no-pager", "--oneline"),
        ("log -n 0", VALUE, 2, "-n", "from 1 up to 99"),
        ("log HEAD:file", VALUE, 1, "revisions", "a branch"),
        ("log a b c", ArgTooManyPositionals, 3, None, ""),
        ("ls-files a", ArgTooManyPositionals, 1, None, ""),
        ("ls-files --oneline", FLAG, 1, "--oneline", "-s"),
    ],
    "jq": [
        ("--arg n", VALUE, 1, "--arg", "text of at most 3 bytes"),
        ("--arg n 1234 .", VALUE, 2, "--arg", "text of at most 3 bytes"),
        ("--arg -n v .", VALUE, 1, "--arg", "text of at most 3 bytes"),
        ("--arg=n v .", VALUE, 0, "--arg", "text of at most 3 bytes"),
        ("--indent=2 .", VALUE, 0, "--indent", "from 0 up to 7"),
        ("--ind 2 .", FLAG, 0, "--ind", "-r --arg --indent"),
        ("-- .", FLAG, 0, "--", ""),
        ("-rf x .", FLAG, 0, "--from-file", "-r --arg --indent"),
        ("--arg a b " * 3 + ".", ArgConflict, 6, "--arg", ""),
    ],
    "head": [
        ("f -5", FLAG, 1, "-5", ""),
        ("-q -5", FLAG, 1, "-5", ""),
        ("-5q", FLAG, 0, "-5q", ""),
        ("-q5", FLAG, 0, "-q5", ""),
        ("-c 5", FLAG, 0, "--bytes", ""),
    ],
    "sed": [
        # What follows -i is its value, and no other letter.
        ("-in", ArgMissing, None, "script", "text of at most 4096 bytes"),
        ("-i0123456789 p", VALUE, 0, "--in-place", "at most 9 bytes"),
        ("-n -e p", FLAG, 1, "--expression", "-n -i"),
    ],
    # Operands that the program takes, or may take, for something else.
    "tail": [("+5 a", FLAG, 0, "+5", "-n"), ("+", FLAG, 0, "+", "-n")],
    "uniq": [("+5 a b", FLAG, 0, "+5", "-c"), ("a +5", FLAG, 1, "+5", "-c")],
    "pr": [("-t +5:6 a", FLAG, 1, "+5:6", "-t")],
    "od": [
        ("+5", FLAG, 0, "+5", "-c"),
        ("a +0x1", FLAG, 1, "+0x1", "-c"),
        ("a 10", FLAG, 1, "10", "-c"),
        ("-- a 10", FLAG, 2, "10", "-c"),
    ],
    "join": [
        ("-o 1.1 2.2 a b", FLAG, 4, "b", "-o"),
        ("a b c", FLAG, 2, "c", "-o"),
    ],
    "unknown": [
        ("a -n", LATE, 1, "-n", ""),
        ("a --number", LATE, 1, "--number", ""),
        ("a -- b", LATE, 1, "--", ""),
        ("mode=3 -n", LATE, 1, "-n", ""),
        ("-nx", FLAG, 0, "-nx", "-n -x -word -o -s mode="),
        ("-ov", VALUE, 0, "-o", "text of at most 4096 bytes"),
        ("-xo v", FLAG, 0, "-xo", ""),
        ("-wor", FLAG, 0, "-w", ""),
        ("-words", FLAG, 0, "-w", ""),
        ("--ou=v", FLAG, 0, "--ou=v", ""),
        ("--number=1", VALUE, 0, "--number", "left out"),
        ("-sb", VALUE, 0, "-s", "one of a"),
        ("mode=10", VALUE, 0, "mode=", "from 0 up to 9"),
        ("-o", VALUE, 0, "-o", "text"),
        ("-y", FLAG, 0, "-y", "-n -x -word"),
    ],
}


@pytest.mark.parametrize(
    ("name", "line", "kind", "index", "option", "expected"),
    [(name, *case) for name, cases in REFUSED.items() for case in cases],
)
def test_refused(
    tool: Tools,
    name: str,
    line: str,
    kind: type[Violation],
    index: int | None,
    option: str | None,
    expected: str,
) -> None:
    found = tool(name).refuse(RULES[name], line.split())
    assert type(found) is kind, found
    assert found.index == index
    if option is not None:
        assert found.option == option
        assert option in str(found)
    assert expected in (found.expected or "")
    assert expected in str(found)
    if index is not None:
        assert f"argv[{index}]" in str(found)


def test_what_comes_first_is_told(tool: Tools) -> None:
    found = tool("unknown").refuse(UNKNOWN, ["a", "-n"])
    assert "put options first" in str(found)
    found = tool("grep").refuse(GREP, ["p", "-m5", "--max-count=6"])
    assert (found.max, found.got) == (1, 2)
    assert "at most 1 times" in str(found)


# ------------------------------------------------------- hostile tokens


@pytest.mark.parametrize("name", RULES)
def test_nul_bytes(tool: Tools, name: str) -> None:
    for argv in (["\0"], ["-\0"], ["a", "-n\0"], ["log", "--x=\0"]):
        found = tool(name).refuse(RULES[name], argv)
        assert isinstance(found, NulByte)
        assert found.index == len(argv) - 1


def test_bytes_that_are_no_text(tool: Tools) -> None:
    argv = ["-n", "-e\udcff", "\udcfe\udc80", "\x1b[31m"]
    assert tool("grep").apply(GREP, argv) == argv
    for token in ("-\udcff", "--\udcff", "-n\u202e", "--line\n"):
        found = tool("grep").refuse(GREP, [token, "p"])
        assert isinstance(found, ArgFlagNotAllowed)
        assert found.index == 0
        assert str(found).isprintable()


def test_long_tokens(tool: Tools) -> None:
    grep, long = tool("grep"), "x" * 1_000_000
    for token in (long, "--" + long, "-" + long, "-n" + long):
        found = grep.refuse(GREP, [token, "p"])
        assert found.index == 0
        assert len(str(found)) < 768
    argv = ["-n" + "i" * 100_000, "p"]
    assert grep.apply(GREP, argv) == argv


def test_many_tokens(tool: Tools) -> None:
    rules = ArgRules().flag("-n").option("-e", Text(), repeat=None)
    rules = rules.option("--color", Choice("never"), repeat=None)
    rules = rules.positional("files", Text(), max=None)
    argv = ["-n", "--color=never", "-ep"] * 30_000 + ["f"] * 30_000
    assert tool("grep").apply(rules, argv) == argv
    found = tool("grep").refuse(rules, [*argv, "-x"])
    assert found.index == len(argv)


def test_an_option_is_counted_beyond_16_bits(tool: Tools) -> None:
    rules = ArgRules().option("-e", Text(), repeat=70_000)
    argv = ["-ep"] * 70_000
    assert tool("grep").apply(rules, argv) == argv
    found = tool("grep").refuse(rules, [*argv, "-ep"])
    assert isinstance(found, ArgConflict)
    assert (found.index, found.got) == (70_000, 70_001)

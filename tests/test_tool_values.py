"""The JSON Schema of each type of value, and text that is fit to be shown."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest

from conftest import Tool, program
from proc_jail import (
    ArgRules,
    Choice,
    GitRef,
    HostName,
    Int,
    Pattern,
    ReadPath,
    Text,
    Url,
    WritePath,
)
from proc_jail._escape import clip, encodable, one_line, plain
from proc_jail.tools.values import schema_of

TRUE = program("true")
SUBJECTS = [
    "",
    "a",
    "b",
    "ab",
    "abab",
    "a.b",
    "a-b",
    "a+b",
    "12",
    "1.5k",
    "x]y",
    "{2}",
    "a\\b",
    "a\nb",
    "A_1",
    "^$",
    "aaa",
]


@pytest.mark.parametrize(
    "expression",
    [
        "a",
        "a|b",
        "(ab)+",
        "(ab){2}",
        "a{1,3}",
        "a{2,}",
        "[a-z]*",
        "[^a]",
        "[A-Za-z0-9_]+",
        r"a\.b",
        r"\^\$",
        r"[-+]?[0-9]*\.?[0-9]+[A-Za-z%]{0,3}",
        "a.b",
        # These are not ECMAScript's, or mean something else there.
        "[[:alpha:]]+",
        r"[\\]",
        "[]x]+y",
        r"a\<",
        "^a$",
    ],
)
def test_a_pattern_means_the_same_in_the_schema(expression: str) -> None:
    rules = ArgRules().positional("x", Pattern(expression))
    schema = schema_of(Pattern(expression))
    if "pattern" not in schema:
        assert expression in schema["description"]
        return
    tool = Tool(TRUE)
    for subject in SUBJECTS:
        try:
            tool.prepare(rules, ["--", subject])
            accepted = True
        except ValueError:
            accepted = False
        matches = re.search(schema["pattern"], subject) is not None
        # The dot of ECMAScript does not match a newline.
        assert matches is accepted or (accepted and "\n" in subject)


def test_patterns_that_are_not_shared_are_described() -> None:
    for expression in ("[[:alpha:]]+", r"[\\]", "[]x]+y", "^a$", r"\w"):
        assert "pattern" not in schema_of(Pattern(expression))
    for expression in ("a+", "[0-9]{1,3}", r"(a|b)\.c"):
        assert (
            schema_of(Pattern(expression))["pattern"] == f"^(?:{expression})$"
        )


def test_schemas() -> None:
    assert schema_of(Int()) == {"type": "integer"}
    assert schema_of(Int(1)) == {"type": "integer", "minimum": 1}
    assert schema_of(Choice("a", "b"))["enum"] == ["a", "b"]
    assert schema_of(Text(9)) == {"type": "string", "maxLength": 9}
    for value, words in (
        (ReadPath("/a", "/b"), ["existing", "/a, /b"]),
        (ReadPath(), ["none is allowed"]),
        (WritePath("/a"), ["write", "/a"]),
        (HostName(), ["host"]),
        (Url(["https"], ["x.org"]), ["https", "x.org"]),
        (Url(["https"]), ["any host"]),
        (GitRef(), ["branch"]),
    ):
        schema = schema_of(value)
        assert schema["type"] == "string"
        for word in words:
            assert word in schema["description"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x07x", "x"),
        ("\x9b31mred", "red"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("a\x1b[", "a"),
        ("a\x1b", "a"),
        ("\x1b(B\x1b7x", "x"),
        ("a\rb\r\nc", "a\\x0db\nc"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("\u2067a\u2068b\u2069", "\\u2067a\\u2068b\\u2069"),
        ("\udcff", "\\udcff"),
        ("ä€😀\u200f", "ä€😀\\u200f"),
        ("a\u200b\u2060\ufeff", "a\\u200b\\u2060\\ufeff"),
        ("a\u2067\u2069", "a\\u2067\\u2069"),
        ("a\U000e0041", "a\\U000e0041"),
        ("\u3164\xad\u2028", "\\u3164\\xad\\u2028"),
        # A variant of a character is seen; what is hidden behind it is not.
        ("✔\ufe0f a\ufe0f\ufe01", "✔\ufe0f a\ufe0f\\ufe01"),
        ("\ufe01 \ufe01", "\\ufe01 \\ufe01"),
        ("a\xa0\u3000b", "a\xa0\u3000b"),
    ],
)
def test_plain_text(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert encodable(plain(text)) == shown


def test_plain_text_takes_linear_time() -> None:
    for unit in ("\x1b", "\x1b[", "\x1b]x", "\x1bP\x1b", "\x1b[0", "\x9d"):
        assert len(plain(unit * 200_000)) <= 4 * len(unit) * 200_000


def test_one_line() -> None:
    assert one_line("a\nb\tc\x1b[1m") == r"a\x0ab\x09c\x1b[1m"
    assert one_line("a b\xa0c\u200bd") == r"a b\xa0c\u200bd"


# Signs that count as formats, and are seen before or around digits.
SEEN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f")
SEEN |= set("\u0890\u0891\u08e2\U000110bd\U000110cd")


def test_controls_and_formats_are_escaped() -> None:
    for char in set(map(chr, range(sys.maxunicode + 1))) - SEEN:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            assert one_line(char).isascii(), hex(ord(char))
            assert plain(f"a{char}").isascii(), hex(ord(char))


@pytest.mark.parametrize("limit", range(1, 40))
def test_clipping_cuts_no_character(limit: int) -> None:
    data = "aä€😀bä€😀cä€😀".encode()
    text, left = clip(data, limit)
    assert "\ufffd" not in text
    head, mark, tail = text.partition(f"\n[{left} bytes left out]\n")
    kept = len((head + tail).encode())
    assert kept + left == len(data)
    assert (left > 0) == bool(mark) == (limit < len(data))
    assert kept <= limit


def test_clipping_what_is_no_text() -> None:
    data = bytes(range(128, 192)) * 10
    text, left = clip(data, 100)
    assert left > 0
    assert "bytes left out" in text
    assert clip(b"", 1) == ("", 0)

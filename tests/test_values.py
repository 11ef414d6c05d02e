"""The types of values: which texts they take, and what they are made of."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import policy_for, program
from proc_jail import (
    ArgRules,
    ArgValueInvalid,
    Choice,
    GitRef,
    HostName,
    Int,
    NulByte,
    Pattern,
    ProcRequest,
    ReadPath,
    Text,
    Url,
    ValueTypeInvalid,
    Violation,
    WritePath,
)

ECHO = program("echo")
LEAST, MOST = -(2**63), 2**63 - 1


def check(value: Any, text: str | bytes) -> Violation | None:
    policy = policy_for(ECHO, ArgRules().positional("it", value))
    return policy.check(ProcRequest(ECHO, ["--", text]))


def accepts(value: Any, text: str | bytes) -> bool:
    found = check(value, text)
    assert found is None or isinstance(found, ArgValueInvalid), found
    return found is None


# -------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "good", "bad"),
    [
        (Int(), ["0", "7", "-7", str(LEAST), str(MOST)], []),
        (Int(1, 1000), ["1", "999", "1000"], ["0", "1001", "-1"]),
        (Int(min=0), ["0", str(MOST)], ["-1"]),
        (Int(max=0), ["0", str(LEAST)], ["1"]),
        (Int(5, 5), ["5"], ["4", "6"]),
        (Int(-3, -1), ["-3", "-1"], ["-4", "0"]),
        (Int(MOST, MOST), [str(MOST)], [str(MOST - 1)]),
        # Beyond 64 bits there is no number to compare.
        (Int(-(2**80), 2**80), [str(LEAST), str(MOST)], [str(2**63)]),
    ],
    ids=repr,
)
def test_int_bounds(value: Int, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not accepts(value, text)] == []
    assert [text for text in bad if accepts(value, text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+1",
        "--1",
        "1-",
        "01",
        "00",
        "-0",
        "-01",
        "0x10",
        "1e3",
        "1.0",
        "1_000",
        "1,000",
        " 1",
        "1 ",
        "1\n",
        "\t1",
        "1k",
        "\u0661",
        "\uff11",
        "\u00b2",
        str(2**63),
        str(-(2**63) - 1),
        str(2**64),
        str(2**64 + 1),
        "9" * 23,
        "9" * 24,
        "1" * 4096,
        "inf",
        "nan",
        "\udcff",
    ],
)
def test_what_is_no_int(text: str) -> None:
    assert not accepts(Int(), text)


# ---------------------------------------------------------------- words


def test_choice() -> None:
    value = Choice("always", "never", "", b"\xff")
    for text in ("always", "never", "", "\udcff"):
        assert accepts(value, text)
    for text in ("Always", "alway", "always ", "always\n", "auto", "\xff"):
        assert not accepts(value, text)


def test_text_is_counted_in_bytes() -> None:
    assert accepts(Text(), "x" * 4096)
    assert not accepts(Text(), "x" * 4097)
    assert accepts(Text(0), "")
    assert not accepts(Text(0), "x")
    assert accepts(Text(4), "\u00e4\u00e4")
    assert not accepts(Text(3), "\u00e4\u00e4")
    assert accepts(Text(131072), b"\xff" * 131072)
    assert accepts(Text(9), "-x;\n$(id)")


@pytest.mark.parametrize(
    "value", [Text(), Pattern(".*"), Choice("a"), Int(), Url(), GitRef()]
)
def test_no_type_takes_a_nul_byte(value: Any) -> None:
    assert isinstance(check(value, "a\0b"), NulByte)


# -------------------------------------------------------------- patterns


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("a|ab", ["a", "ab"], ["b", "aba", "", "aab"]),
        ("ab|a", ["a", "ab"], ["b", "aba", ""]),
        ("(a|ab)(c|bcd)", ["ac", "abc", "abcd", "abbcd"], ["abcdd", "a"]),
        ("a|", ["a", ""], ["b"]),
        ("x*", ["", "x", "xxx"], ["xy", "yx"]),
        ("^ab$", ["ab"], ["xab", "abx"]),
        ("a^b|cd", ["cd"], ["a^b", "ab"]),
        (".", ["x", "\n"], ["", "xx"]),
        (".*", ["", "a\nb"], []),
        ("[^/]+", ["a b", "a\nb"], ["a/b", ""]),
        ("[]a]+", ["]a", "]"], ["[", "b"]),
        ("[[:digit:]]{2,3}", ["12", "123"], ["1", "1234"]),
        ("[[.-.]a]", ["-", "a"], ["."]),
        ("a{2}", ["aa"], ["a", "aaa"]),
        ("a{2,}", ["aa", "aaaaa"], ["a"]),
        ("(ab){0}c", ["c"], ["abc"]),
        (r"\(\)", ["()"], [""]),
        (r"[\1]", ["\\", "1"], ["\\1"]),
        (r"[(]", ["("], ["[(]"]),
        ("[0-9]+,[0-9]+p", ["1,20p"], ["1,20p\n", "1,20p;", "1,20pw"]),
        ("\u00e4", ["\u00e4"], ["a"]),
    ],
)
def test_a_pattern_matches_the_whole(
    pattern: str, good: list[str], bad: list[str]
) -> None:
    value = Pattern(pattern)
    assert [text for text in good if not accepts(value, text)] == []
    assert [text for text in bad if accepts(value, text)] == []


def test_the_subject_of_a_pattern_is_capped() -> None:
    assert accepts(Pattern("x*"), "x" * 4096)
    assert not accepts(Pattern("x*"), "x" * 4097)
    assert accepts(Pattern("x*", 3), "xxx")
    assert not accepts(Pattern("x*", 3), "xxxx")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "(",
        ")",
        "a)",
        "a)|(b",
        "(a))",
        "(a))(b",
        "[a",
        "[[:none:]]",
        "*a",
        "a\\",
        "a{2",
        "a{3,2}",
        r"(a)\1",
        r"(a)\\\1",
        r"\9",
        "x" * 1025,
        "a{1001}",
        "a{40000}",
        "(a{1,255}){1,255}",
        "((a?){99}){99}",
        "(((a+)+)+)+" * 40,
        "a**",
        "a+?",
        "a{2}{3}",
        "(((((a*)*)*)*)*)*",
        "a{99999999999999999999}",
        # Digits, a line feed and a d to one C library or another.
        r"\d+",
        r"a\n",
        r"(\D)",
    ],
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueTypeInvalid, match="value type invalid"):
        Pattern(pattern)


def test_patterns_up_to_their_bounds() -> None:
    assert accepts(Pattern("a{1000}"), "a" * 1000)
    assert accepts(Pattern("a" * 1000), "a" * 1000)
    assert accepts(Pattern("(a{9}){9}"), "a" * 81)
    assert accepts(Pattern(r"(a)\\1"), "a\\1")


# ------------------------------------------------------- hosts and URLs

HOSTS = [
    "localhost",
    "example.com",
    "EXAMPLE.com",
    "a-b.c-d.e",
    "1.2.3.4",
    "xn--bcher-kva.example",
    "a" * 63 + ".example",
    ".".join(["a" * 49] * 5),
]
NO_HOSTS = [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "-a",
    "a-",
    "a.-b",
    "a_b",
    "a b",
    "a:1",
    "a/b",
    "a@b",
    "[::1]",
    "::1",
    "a%41",
    "b\u00fccher.example",
    "a\n",
    "a" * 64,
    ".".join(["a" * 50] * 5),
    "*.a",
]


def test_host_names() -> None:
    assert [text for text in HOSTS if not accepts(HostName(), text)] == []
    assert [text for text in NO_HOSTS if accepts(HostName(), text)] == []


def test_urls_take_the_same_hosts() -> None:
    for host in HOSTS:
        assert accepts(Url(), f"https://{host}/x")
    for host in set(NO_HOSTS) - {"a:1", "a/b"}:  # a port, a path
        assert not accepts(Url(), f"https://{host}")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "https://example.com/",
        "https://example.com:443/a/b?c=d&e=f#g",
        "https://example.com:1",
        "https://example.com:65535",
        "https://example.com?q",
        "https://example.com#f",
        "https://example.com/a@b:c",
        "https://example.com/%2e%2e/!$&'()*+,;=~_",
        "https://example.com//x",
    ],
)
def test_plain_urls(text: str) -> None:
    assert accepts(Url(), text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com",
        "https:example.com",
        "https:/example.com",
        "https://",
        "https:///etc/passwd",
        "HTTPS://example.com",
        "Https://example.com",
        "http://example.com",
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        " https://example.com",
        "https://example.com ",
        "https://example.com\n",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://example.com@evil.example/",
        "https://example.com:443@evil.example/",
        "https://evil.example\\@example.com/",
        "https://example.com\\.evil.example/",
        "https://example.com;@evil.example/",
        "https://[::1]/",
        "https://{a,b}.example.com/",
        "https://example.com/[1-9]",
        "https://example.com/{a,b}",
        "https://ex%61mple.com/",
        "https://example.com:",
        "https://example.com:/x",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:080",
        "https://example.com:+80",
        "https://example.com:-1",
        "https://example.com:80:90",
        "https://example.com:80x",
        "https://example.com/\u00e4",
        "https://example.com/<>",
        'https://example.com/"',
        "https://example.com/`id`",
        "https://example.com/a|b",
        "https://example.com/" + "x" * 8192,
    ],
)
def test_no_plain_urls(text: str) -> None:
    assert not accepts(Url(), text)


def test_url_schemes_and_hosts() -> None:
    value = Url(["http", "git+ssh"], ["example.com", "*.Example.org"])
    for text in (
        "http://example.com/",
        "git+ssh://EXAMPLE.COM",
        "http://a.example.org",
        "http://a.b.EXAMPLE.ORG:8080/x",
    ):
        assert accepts(value, text)
    for text in (
        "https://example.com/",
        "http://a.example.com/",
        "http://example.com.evil.example/",
        "http://example.org/",
        "http://.example.org/",
        "http://aexample.org/",
        "http://evil.example?.example.org",
        "http://evil.example#.example.org",
        "http://example.com:80@evil.example",
    ):
        assert not accepts(value, text)


# ------------------------------------------------------------------- git


@pytest.mark.parametrize(
    "text",
    [
        "main",
        "HEAD",
        "HEAD~3",
        "HEAD^2",
        "v1.2.3",
        "origin/feature_x",
        "main..topic",
        "main...topic",
        "^main",
        "HEAD@{1}",
        "@{upstream}",
        "v1^{commit}",
        "v1^{}",
        "0123abcdef",
        "a" * 1024,
    ],
)
def test_git_refs(text: str) -> None:
    assert accepts(GitRef(), text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-n",
        "--output=x",
        "HEAD:file",
        ":/text",
        ":0:file",
        "HEAD^{/text}",
        "HEAD @{1}",
        "a b",
        "a\n",
        "a*",
        "a?",
        "a[b]",
        "a\\b",
        "$(id)",
        "a;b",
        "\u00e4",
        "a" * 1025,
    ],
)
def test_no_git_refs(text: str) -> None:
    assert not accepts(GitRef(), text)


# --------------------------------------------------------------- denials


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (Int(), "x", "a decimal number"),
        (Int(1), "x", "a decimal number from 1"),
        (Int(max=9), "x", "a decimal number up to 9"),
        (Int(-1, 9), "x", "a decimal number from -1 up to 9"),
        (Choice("a", "b"), "x", "one of a b"),
        (Choice("\x1b[1m"), "x", r"one of \x1b[1m"),
        (Text(3), "xxxx", "text of at most 3 bytes"),
        (
            Pattern("[0-9]", 8),
            "x",
            "text of at most 8 bytes that matches [0-9]",
        ),
        (HostName(), "-", "a host name"),
        (
            Url(["http", "https"]),
            "x",
            "a plain URL (scheme://host[:port][/path]): http https",
        ),
        (
            Url(hosts=["a.example", "*.b"]),
            "x",
            "a plain URL (scheme://host[:port][/path]): https, of a.example "
            "*.b",
        ),
        (GitRef(), ":", "a branch, tag, commit or range of them"),
        (ReadPath("/srv", "/tmp"), "", "a path below /srv /tmp"),
        (WritePath("/srv"), "", "a path below /srv"),
    ],
)
def test_a_denial_tells_what_is_wanted(
    value: Any, text: str, expected: str
) -> None:
    rules = ArgRules().positional("it", value)
    if isinstance(value, ReadPath | WritePath):
        rules = ArgRules().positional("it", type(value)("/"))
        expected = "a path below /"
    found = policy_for(ECHO, rules).check(ProcRequest(ECHO, ["--", text]))
    assert isinstance(found, ArgValueInvalid)
    assert (found.value or "") == text
    assert (found.index, found.option) == (1, "it")
    assert found.expected == expected
    assert f"it must be {expected}" in str(found)


def test_what_is_wanted_is_cut() -> None:
    found = check(Choice(*(f"word-\u00e4-{i}" for i in range(99))), "x")
    assert found is not None
    assert found.expected is not None
    assert len(found.expected) <= 131
    assert found.expected.endswith("...")
    assert str(found).isprintable()

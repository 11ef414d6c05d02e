"""Output of programs, made fit to be shown: plain, decoded, and bounded."""

from __future__ import annotations

import re

# Characters of a value that a message shows.
SHOWN = 128

# Control sequences (CSI), strings (OSC, DCS, SOS, PM, APC) up to their end,
# and the short escapes. Unfinished ones go to the end of the text.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)"
    r"|(?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*"
    r"(?:\x1b\\|\x07|\x9c|$)?"
    r"|\x1b[ -/]*(?:[0-~]|$)",
)
# What moves a cursor, turns text around, or cannot be seen: controls except
# tab and newline, what Unicode calls default ignorable (including the tags,
# in which a text can hide), and halves of surrogate pairs, which no encoder
# takes.  A variation selector is part of what it follows; a second one, or
# one that follows nothing, is not.
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U00013430-\U0001343f\U000e0000-\U000e0fff"
    "\ud800-\udfff"
    "]"
    r"|(?<![^\s\ufe00-\ufe0f])[\ufe00-\ufe0f]"
)
# White space that is not a single blank, or not recognised as one.
_BLANKS = re.compile(r"[^\S ]")


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def plain(text: str) -> str:
    r"""Return text without terminal sequences; escape what cannot be seen.

    >>> plain("\x1b[31mred\x1b[0m\r\n")
    'red\n'
    """
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    return _UNSEEN.sub(_escape, text)


def one_line(text: object) -> str:
    r"""Return text on one line; escape what cannot be seen or told apart.

    >>> print(one_line("a\nb"))
    a\x0ab
    """
    return _BLANKS.sub(_escape, _UNSEEN.sub(_escape, str(text)))


def shown(value: object) -> str:
    """A value as messages show it: on one line, and shortened."""
    text = str(value)
    if len(text) > SHOWN:
        text = text[:SHOWN] + "..."
    return one_line(text)


def encodable(text: str) -> str:
    """Return text that every encoding of Unicode can represent.

    >>> encodable("name")
    'name'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _is_tail(byte: int) -> bool:
    """Whether it continues a character of UTF-8."""
    return byte & 0xC0 == 0x80


def clip(data: bytes, limit: int) -> tuple[str, int]:
    r"""Return at most `limit` bytes as text, and how many were left out.

    The beginning and the end are kept, and no character is cut in two.

    >>> clip(b"abcdef", 4)
    ('ab\n[2 bytes left out]\nef', 2)
    """
    if len(data) <= limit:
        return data.decode("utf-8", "replace"), 0
    head, tail = limit - limit // 2, len(data) - limit // 2
    for _ in range(3):
        head -= head > 0 and _is_tail(data[head])
        tail += tail < len(data) and _is_tail(data[tail])
    shown = [data[:head], data[tail:]]
    text = [part.decode("utf-8", "replace") for part in shown]
    return f"\n[{tail - head} bytes left out]\n".join(text), tail - head

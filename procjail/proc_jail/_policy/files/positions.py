"""Where the entries of a policy file are, for error messages.

The parsers of TOML and JSON give values without places. This reads the same
text once more for the places, and before that, to limit nesting: the parsers
recurse, and take time quadratic in the length of a dotted key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAX_DEPTH = 32

Key = tuple[str | int, ...]

# Strings are read whole, so that nothing in them is taken for structure.
# A token is within one line, except for strings of three quotes.
_TOKEN = re.compile(
    r"""
    (?P<space>   [ \t\r]+ | \#[^\n]* )
  | (?P<line>    \n )
  | (?P<string>  \"\"\" (?: [^\\] | \\. )*? \"{3,5}
               | ''' .*? '{3,5}
               | \" (?: [^"\\\n] | \\. )* \"
               | ' [^'\n]* ' )
  | (?P<sign>    [][{}=,.:] )
  | (?P<bare>    [^][{}=,.:\s\#"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    at: int


class TooDeep(Exception):
    """Nested deeper than any policy is."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Lost(Exception):
    """The text is not read here the way its parser reads it."""

    def __init__(self) -> None:
        super().__init__("its structure is not understood")


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, up to where it stops making sense."""
    at = 0
    while (match := _TOKEN.match(text, at)) is not None:
        kind = match.lastgroup or ""
        if kind != "space":
            yield Token(kind, match.group(), at)
        at = match.end()


def check_depth(text: str) -> None:
    """Raise TooDeep for brackets or dotted keys that nest too deeply.

    A text that stops making sense is left to its parser, which stops there
    as well.
    """
    depth = dots = 0
    for token in tokens(text):
        if token.kind == "sign" and token.text in "[{":
            depth += 1
        elif token.kind == "sign" and token.text in "]}":
            depth = max(0, depth - 1)
        if token.text == ".":
            dots += 1
        elif token.kind in ("sign", "line"):
            dots = 0
        if depth > MAX_DEPTH or dots > MAX_DEPTH:
            raise TooDeep(token.at)


class Places:
    """Offsets of keys and values by their place in the document."""

    def __init__(self) -> None:
        self.keys: dict[Key, int] = {}
        self.values: dict[Key, int] = {}
        self.twice: Key | None = None

    def add(self, key: Key, key_at: int, value_at: int) -> None:
        if key in self.keys and self.twice is None:
            self.twice = key
        self.keys[key] = key_at
        self.values[key] = value_at

    def note(self, key: Key, at: int) -> None:
        """Add a table that may be mentioned more than once."""
        self.keys.setdefault(key, at)
        self.values.setdefault(key, at)


class _Reader:
    """Reads values, which TOML and JSON write alike except for the sign."""

    def __init__(self, text: str, sign: str, read_key: Callable[[str], str]):
        self.places = Places()
        self._tokens = tokens(text)
        self._sign = sign
        self._read_key = read_key
        self._end = len(text)
        self.now: Token = Token("end", "", 0)
        self.step()

    def step(self) -> Token:
        """Go on; return the token that was left."""
        left = self.now
        self.now = next(self._tokens, Token("end", "", self._end))
        return left

    def expect(self, text: str) -> Token:
        if self.now.text != text:
            raise Lost
        return self.step()

    def skip_lines(self) -> None:
        while self.now.kind == "line":
            self.step()

    def parts(self) -> list[tuple[str, int]]:
        """A key, dotted or not, with the place of each part."""
        found = []
        while True:
            if self.now.kind not in ("bare", "string"):
                raise Lost
            token = self.step()
            quoted = token.kind == "string"
            name = self._read_key(token.text) if quoted else token.text
            found.append((name, token.at))
            if self.now.text != ".":
                return found
            self.step()

    def pair(self, base: Key) -> None:
        """key = value, below `base`."""
        parts = self.parts()
        self.expect(self._sign)
        self.skip_lines()
        for name, at in parts[:-1]:
            base = (*base, name)
            self.places.note(base, at)
        name, at = parts[-1]
        self.value((*base, name), at)

    def value(self, key: Key, key_at: int | None = None) -> None:
        start = self.now
        at = start.at if key_at is None else key_at
        self.places.add(key, at, start.at)
        if start.kind == "string":
            self.step()
        elif start.text == "[":
            self._items(key)
        elif start.text == "{":
            self._pairs(key)
        else:
            self._bare()

    def _items(self, key: Key) -> None:
        self.step()
        self.skip_lines()
        count = 0
        while self.now.text != "]":
            self.value((*key, count))
            count += 1
            self._next_one("]")
        self.step()

    def _pairs(self, key: Key) -> None:
        self.step()
        self.skip_lines()
        while self.now.text != "}":
            self.pair(key)
            self._next_one("}")
        self.step()

    def _next_one(self, end: str) -> None:
        self.skip_lines()
        if self.now.text != end:
            self.expect(",")
            self.skip_lines()

    def _bare(self) -> None:
        """A number, a date or a word: up to what ends it."""
        if self.now.kind != "bare":
            raise Lost
        while self.now.kind == "bare" or self.now.text in (".", ":"):
            self.step()


class _Toml(_Reader):
    """Reads the lines of a TOML document."""

    def __init__(self, text: str, read_key: Callable[[str], str]):
        super().__init__(text, "=", read_key)
        self._counts: dict[Key, int] = {}

    def document(self) -> Places:
        base: Key = ()
        while self.now.kind != "end":
            if self.now.kind == "line":
                self.step()
            elif self.now.text == "[":
                base = self._header()
            else:
                self.pair(base)
        return self.places

    def _header(self) -> Key:
        self.step()
        array = self.now.text == "["
        if array:
            self.step()
        parts = self.parts()
        self.expect("]")
        if array:
            self.expect("]")
        key: Key = ()
        for name, at in parts[:-1]:
            key = self._inside((*key, name), at)
        name, at = parts[-1]
        key = (*key, name)
        if array:
            self._counts[key] = self._counts.get(key, -1) + 1
        return self._inside(key, at)

    def _inside(self, key: Key, at: int) -> Key:
        """Note a table; of an array of tables, the last one too."""
        self.places.note(key, at)
        if key in self._counts:
            key = (*key, self._counts[key])
            self.places.note(key, at)
        return key


def toml_places(text: str, read_key: Callable[[str], str]) -> Places:
    """The places of a TOML text that its parser accepts."""
    return _Toml(text, read_key).document()


def json_places(text: str, read_key: Callable[[str], str]) -> Places:
    """The places of a JSON text that its parser accepts."""
    reader = _Reader(text, ":", read_key)
    reader.skip_lines()
    reader.value(())
    return reader.places


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """An offset as people count, both from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)

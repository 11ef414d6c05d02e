"""From the text of a policy file to plain values and their places."""

from __future__ import annotations

import importlib
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from proc_jail._core import ProcJailError
from proc_jail._errors import PolicyFileError
from proc_jail._policy.files.open import read_policy
from proc_jail._policy.files.positions import (
    MAX_DEPTH,
    Key,
    Lost,
    Places,
    TooDeep,
    check_depth,
    json_places,
    line_and_column,
    toml_places,
)

if TYPE_CHECKING:
    # Imported by name; tools that bundle applications find it here.
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: F401


class Source:
    """The values of a policy, and where they came from."""

    def __init__(
        self,
        data: object,
        path: str | None = None,
        text: str = "",
        places: Places | None = None,
    ) -> None:
        self.data = data
        self.path = path
        self._text = text
        self._places = places

    def error(
        self, key: Key, reason: str, *, at_key: bool = False
    ) -> PolicyFileError:
        """The error of an entry: at its key, or at its value."""
        place = None
        if self._places is not None:
            found = self._places.keys if at_key else self._places.values
            while key not in found and key:
                key, found = key[:-1], self._places.values
            place = line_and_column(self._text, found.get(key, 0))
        return PolicyFileError.make(
            reason, path=self.path, place=place, key=key_text(key)
        )


class At:
    """One entry of a policy; `at / "key"` is an entry of that entry."""

    def __init__(self, source: Source, key: Key = ()) -> None:
        self.source = source
        self.key = key
        # A dict that does not come from a file may even contain itself.
        if len(key) > MAX_DEPTH:
            raise self.error("is nested too deeply")

    def __truediv__(self, part: str | int) -> At:
        return At(self.source, (*self.key, part))

    def error(self, reason: str, *, at_key: bool = False) -> PolicyFileError:
        return self.source.error(self.key, reason, at_key=at_key)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn what the core refuses into an error of this entry."""
        try:
            yield
        except PolicyFileError:
            raise
        except (ProcJailError, LookupError) as error:
            # str() of a KeyError is not its message.
            raise self.error(str(error.args[0])) from error


def key_text(key: Key) -> str:
    """A key as people write it: program[0].flags[1]."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def read_source(path: str | bytes | os.PathLike[str]) -> Source:
    """Open, check and parse a policy file; the suffix says the language."""
    name = os.fsdecode(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix == ".toml":
        return _parse(name, _toml_parser(name), toml_places)
    if suffix == ".json":
        return _parse(name, _parse_json, json_places)
    reason = "is named neither .toml nor .json"
    raise PolicyFileError.make(reason, path=name)


def _parse(
    path: str,
    parse: Callable[[str], Any],
    find_places: Callable[[str, Callable[[str], str]], Places],
) -> Source:
    text = _decode(path, read_policy(path))

    def read_key(raw: str) -> str:
        return str(next(iter(parse(_ONE_KEY[find_places] % raw))))

    try:
        check_depth(text)
        data = parse(text)
        places = find_places(text, read_key)
    except TooDeep as error:
        place = line_and_column(text, error.at)
        raise PolicyFileError.make(
            "is nested too deeply", path=path, place=place
        ) from None
    except (ValueError, RecursionError, Lost) as error:
        raise _syntax_error(path, error) from error
    source = Source(data, path, text, places)
    if places.twice is not None:
        raise source.error(places.twice, "is given twice", at_key=True)
    return source


# A document with only the key, to read its escapes.
_ONE_KEY: dict[object, str] = {toml_places: "%s = 0", json_places: "{%s: 0}"}


def _decode(path: str, data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise PolicyFileError.make(
            f"is not UTF-8: byte {data[error.start]:#04x}",
            path=path,
            place=line_and_column(before, len(before)),
        ) from error
    if text.startswith("\ufeff"):
        reason = "begins with a byte order mark; save it without one"
        raise PolicyFileError.make(reason, path=path, place=(1, 1))
    return text


def _syntax_error(path: str, error: Exception) -> PolicyFileError:
    """The parser's message without the place in it."""
    text = str(error)
    place = None
    if isinstance(error, json.JSONDecodeError):
        text, place = error.msg, (error.lineno, error.colno)
    elif found := re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", text):
        text, place = found[1], (int(found[2]), int(found[3]))
    return PolicyFileError.make(
        f"cannot be read: {text or type(error).__name__}",
        path=path,
        place=place,
    )


def _toml_parser(path: str) -> Callable[[str], Any]:
    name = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise PolicyFileError.make(
            "TOML needs Python 3.11, or: pip install 'proc_jail[files]'; "
            "a .json file needs neither",
            path=path,
        ) from error
    parse: Callable[[str], Any] = module.loads
    return parse


def _parse_json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number, parse_float=_float)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _float(word: str) -> float:
    number = float(word)
    return number if math.isfinite(number) else _no_number(word)

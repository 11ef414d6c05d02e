"""Places are read as the parsers read values: compared on random documents."""

from __future__ import annotations

import importlib
import json
import random
import sys
from typing import Any

import pytest

from proc_jail._policy.files.positions import (
    Key,
    TooDeep,
    check_depth,
    json_places,
    line_and_column,
    toml_places,
)

tomllib = importlib.import_module(
    "tomllib" if sys.version_info >= (3, 11) else "tomli"
)

KEYS = ["a", "b", "c", "a-b", "1", '"q r"', "'[x]'", '"\\u0041=#"', "''"]
SCALARS = [
    "1",
    "0x1f",
    "1_000.5e-3",
    "inf",
    "true",
    "1979-05-27T07:32:00.5Z",
    "1979-05-27 07:32:00",
    "07:32:00",
    '"a # [b] = {c} \\" \\\\"',
    "'a # \" ]'",
    '"""one\n# [two] = "" \\\n  x"""',
    "'''one\n] '' \"'''",
    '""""quoted""""',
    '"""a\\"""b"""',
    "''''a'''''",
    '""',
    "''",
]


class Writer:
    """Writes random TOML, valid or nearly so."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, items: list[str]) -> str:
        return self.random.choice(items)

    def key(self) -> str:
        parts = [self.pick(KEYS) for _ in range(self.random.choice([1, 1, 2]))]
        return self.pick([".", " . ", ".\t"]).join(parts)

    def value(self, depth: int = 0, *, inline: bool = False) -> str:
        kind = self.random.random()
        if depth > 3 or kind < 0.6:
            return self.pick(SCALARS)
        gap = " " if inline else self.pick([" ", "\n", "# ]\n", "\r\n\t", ""])
        count = self.random.randrange(4)
        if kind < 0.8:
            items = [
                self.value(depth + 1, inline=inline) for _ in range(count)
            ]
            comma = "," if items and self.random.random() < 0.3 else ""
            return f"[{gap}{f' ,{gap}'.join(items)}{comma}{gap}]"
        pairs = [
            f"{self.key()} = {self.value(depth + 1, inline=inline)}"
            for _ in range(count)
        ]
        return "{ " + ", ".join(pairs) + " }"

    def line(self) -> str:
        kind = self.random.random()
        if kind < 0.1:
            return self.pick(["", "# [no] = 1", "  \t"])
        if kind < 0.25:
            return f"[ {self.key()} ] # x"
        if kind < 0.35:
            return f"[[{self.key()}]]"
        return f"{self.key()} = {self.value()}"

    def document(self) -> str:
        return "\n".join(self.line() for _ in range(self.random.randrange(9)))


def keys_in(value: Any, base: Key = ()) -> set[Key]:
    """Every key that leads to something."""
    found: set[Key] = set()
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, inner in pairs:
        found |= {(*base, key)} | keys_in(inner, (*base, key))
    return found


def read_key(raw: str) -> str:
    return str(next(iter(tomllib.loads(f"{raw} = 0"))))


def follow(value: Any, key: Key) -> Any:
    for part in key:
        value = value[part]
    return value


def parsed(scalar: str) -> Any:
    return tomllib.loads(f"x = {scalar}")["x"]


def test_places_of_toml() -> None:
    read = 0
    for seed in range(3000):
        text = Writer(seed).document()
        try:
            data = tomllib.loads(text)
        except ValueError:
            continue
        read += 1
        check_depth(text)
        places = toml_places(text, read_key)
        assert set(places.values) == keys_in(data), text
        for key, at in places.keys.items():
            if isinstance(key[-1], str):
                names = [k for k in KEYS if text.startswith(k, at)]
                assert read_key(max(names, key=len)) == key[-1], text
        for key, at in places.values.items():
            value = follow(data, key)
            if not isinstance(value, (dict, list)):
                there = [s for s in SCALARS if text.startswith(s, at)]
                assert value in map(parsed, there), text
    assert read > 800


def test_places_in_arrays_of_tables() -> None:
    text = "[[a]]\nb = 1\n[[a.c]]\n[[a.c]]\nd = 2\n[[a]]\n[a.e]\nf = 3\n"
    places = toml_places(text, read_key)
    found = {k: line_and_column(text, at) for k, at in places.keys.items()}
    assert found == {
        ("a",): (1, 3),
        ("a", 0): (1, 3),
        ("a", 0, "b"): (2, 1),
        ("a", 0, "c"): (3, 5),
        ("a", 0, "c", 0): (3, 5),
        ("a", 0, "c", 1): (4, 5),
        ("a", 0, "c", 1, "d"): (5, 1),
        ("a", 1): (6, 3),
        ("a", 1, "e"): (7, 4),
        ("a", 1, "e", "f"): (8, 1),
    }


def random_json(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.random()
    if depth > 4 or kind < 0.4:
        return chance.choice([1, -1.5e9, True, None, "", 'a"]}\\', "\u20ac,:"])
    if kind < 0.7:
        return [
            random_json(chance, depth + 1) for _ in range(chance.randrange(4))
        ]
    keys = ["a", "", '"', "x:y", "\n", "\u20ac"]
    return {
        chance.choice(keys): random_json(chance, depth + 1)
        for _ in range(chance.randrange(4))
    }


@pytest.mark.parametrize("indent", [None, 0, 3])
def test_places_of_json(indent: int | None) -> None:
    for seed in range(500):
        data = random_json(random.Random(seed))
        text = json.dumps(data, indent=indent, ensure_ascii=bool(seed % 2))
        places = json_places(text, lambda raw: str(json.loads(raw)))
        assert places.twice is None
        assert set(places.values) == keys_in(data) | {()}
        decoder = json.JSONDecoder()
        for key, at in places.values.items():
            assert decoder.raw_decode(text, at)[0] == follow(data, key)
        for key, at in places.keys.items():
            if key and isinstance(key[-1], str):
                assert decoder.raw_decode(text, at)[0] == key[-1]


def test_what_is_given_twice() -> None:
    text = '{"a": {"b": 1, "c": 2, "b": 3}, "a": 4}'
    places = json_places(text, lambda raw: str(json.loads(raw)))
    assert places.twice == ("a", "b")
    assert places.keys[("a", "b")] == text.index('"b": 3')


def test_depth_is_not_counted_in_strings_and_comments() -> None:
    deep = "[" * 99
    for text in (
        f"a = '{deep}'",
        f'a = "\\"{deep}"',
        f"a = '''{deep}\n{deep}'''",
        f'a = """{deep}\\"""{deep}"""',
        f"# {deep}",
        f"a = 1 # {deep}",
        "\n".join(["a = [1.5]"] * 99),
        "a = [" + "1.5, " * 99 + "]",
    ):
        check_depth(text)
    for text in (f"a = {deep}", f"a = '' {deep}", f"# x\n{deep}"):
        with pytest.raises(TooDeep):
            check_depth(text)

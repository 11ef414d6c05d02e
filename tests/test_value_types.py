"""The types of values as objects: what makes one, and what it is then."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import proc_jail
from proc_jail import (
    Choice,
    GitRef,
    HostName,
    Int,
    NulByte,
    Pattern,
    ReadPath,
    Text,
    Url,
    ValueTypeInvalid,
    WritePath,
)

MOST = 2**63 - 1

# ----------------------------------------------------------- constructors


@pytest.mark.parametrize(
    "make",
    [
        lambda: Int(2, 1),
        lambda: Int(2**63),
        lambda: Int(max=-(2**63) - 1),
        lambda: Int(2**80, 2**90),
        Choice,
        lambda: Text(-1),
        lambda: Text(131073),
        lambda: Text(2**80),
        lambda: Pattern("a", -1),
        lambda: Pattern("a", 4097),
        lambda: ReadPath("relative"),
        lambda: ReadPath(""),
        lambda: ReadPath("/a", "."),
        lambda: WritePath("~/x"),
        lambda: Url([]),
        lambda: Url([""]),
        lambda: Url(["HTTP"]),
        lambda: Url(["https://"]),
        lambda: Url(["1a"]),
        lambda: Url(["a b"]),
        lambda: Url(hosts=[]),
        lambda: Url(hosts=[""]),
        lambda: Url(hosts=["*"]),
        lambda: Url(hosts=["*."]),
        lambda: Url(hosts=["*.*.a"]),
        lambda: Url(hosts=["https://a"]),
        lambda: Url(hosts=["a:80"]),
        lambda: Url(hosts=["a/"]),
    ],
)
def test_types_that_cannot_be_meant(make: Callable[[], object]) -> None:
    with pytest.raises(ValueTypeInvalid) as caught:
        make()
    assert isinstance(caught.value, ValueError)
    assert caught.value.code == "ValueTypeInvalid"
    assert "value type invalid" in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Choice("a", "b\0c"),
        lambda: Pattern("a\0"),
        lambda: ReadPath("/a\0"),
        lambda: WritePath("/\0"),
        lambda: Url(["http\0"]),
        lambda: Url(hosts=["a\0"]),
    ],
)
def test_nul_bytes(make: Callable[[], object]) -> None:
    with pytest.raises(NulByte):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Int("1"),  # type: ignore[arg-type]
        lambda: Int(1.0),  # type: ignore[arg-type]
        lambda: Int(True),
        lambda: Int(1, 2, 3),  # type: ignore[call-arg]
        lambda: Int(least=1),  # type: ignore[call-arg]
        lambda: Choice(1),  # type: ignore[arg-type]
        lambda: Choice(None),  # type: ignore[arg-type]
        lambda: Choice(["a"]),  # type: ignore[arg-type]
        lambda: Choice(values="a"),  # type: ignore[call-arg]
        lambda: Text("9"),  # type: ignore[arg-type]
        lambda: Text(1.5),  # type: ignore[arg-type]
        lambda: Text(True),
        Pattern,
        lambda: Pattern(1),  # type: ignore[arg-type]
        lambda: ReadPath(3),  # type: ignore[arg-type]
        lambda: WritePath(None),  # type: ignore[arg-type]
        lambda: HostName("a"),  # type: ignore[call-arg]
        lambda: GitRef(1),  # type: ignore[call-arg]
        lambda: Url("https"),
        lambda: Url(hosts="example.com"),
        lambda: Url([1]),  # type: ignore[list-item]
    ],
)
def test_wrong_kinds_of_arguments(make: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        make()


# --------------------------------------------------------------- objects

EVERY = [
    Int(),
    Int(1),
    Int(None, 1),
    Int(1, 2),
    Int(max=MOST - 1),
    Choice("a"),
    Choice("a", "b"),
    Choice("b", "a"),
    Choice(b"\xff", "'", '"', "\\", "\n"),
    Text(),
    Text(0),
    Pattern("a"),
    Pattern("a", 9),
    Pattern(r"[']\\\"x"),
    ReadPath(),
    ReadPath("/a"),
    ReadPath("/a", b"/\xff"),
    WritePath(),
    WritePath("/a"),
    HostName(),
    Url(),
    Url(["http", "ftp"]),
    Url(hosts=["a"]),
    Url(["http"], ["*.a", "b"]),
    GitRef(),
]


def again(value: Any) -> list[Any]:
    protocols = range(2, pickle.HIGHEST_PROTOCOL + 1)
    made = [pickle.loads(pickle.dumps(value, p)) for p in protocols]
    made += [copy.copy(value), copy.deepcopy(value)]
    return [*made, eval(repr(value), vars(proc_jail).copy())]


@pytest.mark.parametrize("value", EVERY, ids=repr)
def test_a_type_can_be_made_again(value: Any) -> None:
    for other in again(value):
        assert type(other) is type(value)
        assert other == value
        assert hash(other) == hash(value)
        assert repr(other) == repr(value)


def test_types_differ() -> None:
    assert len(set(EVERY)) == len(EVERY)
    for i, one in enumerate(EVERY):
        for k, other in enumerate(EVERY):
            assert (one == other) == (i == k)
            assert (one != other) == (i != k)
    assert Int() != "Int(None, None)"
    with pytest.raises(TypeError):
        Int() < Int()  # type: ignore[operator]  # noqa: B015


def test_attributes() -> None:
    assert (Int().min, Int().max) == (None, None)
    assert (Int(-1, 2).min, Int(-1, 2).max) == (-1, 2)
    assert Choice("a", b"\xff").values == ("a", "\udcff")
    assert (Text().max_length, Text(3).max_length) == (4096, 3)
    assert Pattern("a+").pattern == "a+"
    assert (Pattern("a").max_length, Pattern("a", 3).max_length) == (4096, 3)
    assert ReadPath("/a", "/b").roots == ("/a", "/b")
    assert WritePath().roots == ()
    assert Url().schemes == ("https",)
    assert Url().hosts is None
    assert Url(iter(["http"]), iter(["a"])).schemes == ("http",)
    assert Url(hosts=["*.a"]).hosts == ("*.a",)


@pytest.mark.parametrize("value", EVERY, ids=repr)
def test_types_do_not_change(value: Any) -> None:
    for name in ("min", "values", "max_length", "roots", "hosts", "other"):
        with pytest.raises(AttributeError):
            setattr(value, name, 1)
        with pytest.raises(AttributeError):
            delattr(value, name)
    with pytest.raises(TypeError):
        type(value).min = 1
    with pytest.raises(TypeError):
        type("Sub", (type(value),), {})


def test_the_base_makes_nothing() -> None:
    base = type(Int()).__mro__[1]
    with pytest.raises(TypeError):
        base()

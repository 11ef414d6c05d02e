"""That the spy tells how a program reads, and lets it do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import LINUX
from spied import Item, Reading, Spied, binary, build

pytestmark = pytest.mark.skipif(not LINUX, reason="LD_PRELOAD is of Linux")


@pytest.fixture(scope="module")
def spy() -> Path:
    return build()


def letter(letter: str, value: str | None = None) -> Item:
    return str(ord(letter)), value


def operand(text: str) -> Item:
    return None, text


@pytest.mark.parametrize(
    ("argv", "items"),
    [
        ([], []),
        (["-n5", "a"], [letter("n", "5"), operand("a")]),
        (["a", "-n", "5"], [letter("n", "5"), operand("a")]),
        (["--lines=5"], [letter("n", "5")]),
        (["--li", "5"], [letter("n", "5")]),
        (["--lines="], [letter("n", "")]),
        (["-qv", "--", "-c"], [letter("q"), letter("v"), operand("-c")]),
        (["-qn", "-v"], [letter("q"), letter("n", "-v")]),
        (["-", "", "a\nb"], [operand("-"), operand(""), operand("a\nb")]),
        (["\udcff"], [operand("\udcff")]),
    ],
)
def test_a_list_is_read(argv: list[str], items: list[Item], spy: Path) -> None:
    (reading,) = Spied(spy, binary("head")).read([argv])
    assert reading == Reading(items)


@pytest.mark.parametrize(
    "argv", [["-n"], ["--lines"], ["-W"], ["--nope"], ["--quiet=1"], ["--ver"]]
)
def test_what_the_parser_refuses(argv: list[str], spy: Path) -> None:
    assert Spied(spy, binary("head")).read([argv]) == [None]


def test_many_lists_are_read_apart(spy: Path) -> None:
    lists = [[f"-n{number}", "x" * number] for number in range(300)]
    lists[7] = ["--nope"]
    expected = [
        Reading([letter("n", str(number)), operand("x" * number)])
        for number in range(300)
    ]
    found = Spied(spy, binary("head")).read(lists)
    assert found[7] is None
    assert [*found[:7], *found[8:]] == [*expected[:7], *expected[8:]]


def test_posixly_correct(spy: Path) -> None:
    argv = ["a", "-c", "1"]
    (free,) = Spied(spy, binary("head")).read([argv])
    (strict,) = Spied(spy, binary("head")).read([argv], posix=True)
    assert free == Reading([letter("c", "1"), operand("a")])
    assert strict == Reading([operand("a"), operand("-c"), operand("1")])


def test_one_that_is_handed_operands_may_stop(spy: Path) -> None:
    """sort does, join does not."""
    for name, stops in (("sort", True), ("join", False)):
        (real,) = Spied(spy, binary(name)).read([["a", "-i"]], posix=True)
        last = operand("-i") if stops else letter("i")
        assert real == Reading([operand("a"), last], handed=["a"])


def test_what_a_program_takes_before_its_parser(spy: Path) -> None:
    (real,) = Spied(spy, binary("head")).read([["-5c", "-q", "x"]])
    assert real == Reading([letter("q"), operand("x")], early=["-5c"])


def test_the_letters_of_tar_without_a_dash(spy: Path) -> None:
    program = Spied(spy, binary("tar"))
    old, new, wrong = program.read(
        [["cfC", "a", "b", "x"], ["-c", "-fa", "-Cb", "x"], ["cf"]]
    )
    assert old is not None
    assert old == new
    assert wrong is None
    assert [value for _, value in old.items] == [None, "a", "b", "x"]
    ids = program.table().options
    assert [option for option, _ in old.items[:3]] == [
        ids[name][1] for name in ("--create", "--file", "--directory")
    ]


def test_options_with_one_key_are_kept_apart(spy: Path) -> None:
    """-V of tar is a label; --version, of argp, has the key 'V' too."""
    options = Spied(spy, binary("tar")).table().options
    assert options["-V"] == options["--label"]
    assert options["--version"] != options["-V"]


def test_an_option_may_be_called_by_a_question_mark(spy: Path) -> None:
    """As the answer that getopt has for an error."""
    program = Spied(spy, binary("hostname"))
    assert program.read([["-?", "-f"], ["-!"], ["--fqdn", "-f?", "a"]]) == [
        Reading([letter("?"), letter("f")]),
        None,
        Reading([letter("f"), letter("f"), letter("?"), operand("a")]),
    ]


def test_nothing_has_an_effect(spy: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("kept")
    made = tmp_path / "made"
    for name, argv in [
        ("sort", ["-o", str(made), str(kept)]),
        ("sort", ["-o", str(kept), "/dev/null"]),
        ("sed", ["-i", "-e", "s/kept//", str(kept)]),
        ("tee", [str(made)]),
        ("truncate", ["-s0", str(kept)]),
        ("tar", ["cf", str(made), "--remove-files", str(kept)]),
        ("mktemp", ["-p", str(tmp_path)]),
    ]:
        assert None not in Spied(spy, binary(name)).read([argv])
    assert list(tmp_path.iterdir()) == [kept]
    assert kept.read_text() == "kept"


def test_a_program_that_goes_on_without_its_parser(spy: Path) -> None:
    """printf asks getopt about a single word only; it is not run on."""
    with pytest.raises(AssertionError, match="asks no parser"):
        Spied(spy, binary("printf")).read([["%s", "x"]])


def test_the_table_of_a_program(spy: Path) -> None:
    table = Spied(spy, binary("uniq")).table()
    assert table.order == "-"
    assert table.options["-f"] == table.options["--skip-fields"] == (1, "102")
    assert table.options["--group"][0] == 2
    assert table.options["-c"][0] == 0
    assert "--nope" not in table.options

"""The argv grammar against a model of it, written a second time."""

from __future__ import annotations

import random

import pytest

from conftest import program
from proc_jail import (
    ArgRules,
    ProcPolicyBuilder,
    ProcRequest,
    Violation,
)

WORDS = ["a", "b", "log", "", "-", "--", "-n", "-i", "-x", "--long", "--a=b"]
FLAGS = ["-n", "-i", "--long", "--a=b"]
# What takes a value where the program is grep.
GREP_WORDS = ["a", "5", "", "-", "--", "-n", "-m", "-nm", "-m5", "-mn", "-e"]
GREP_VALUES = {"-m", "-nm", "-e"}


class Rules:
    """Rules as plain data, and as ArgRules."""

    def __init__(self, dice: random.Random, flags: list[str]) -> None:
        self.flags = dice.sample(flags, dice.randrange(len(flags) + 1))
        self.max_flags = dice.randrange(4)
        self.max_positionals = dice.randrange(4)
        self.inject = dice.random() < 0.5
        self.subcommand = "log" if dice.random() < 0.3 else None

    def made(self) -> ArgRules:
        made = ArgRules().allowed_flags(self.flags).max_flags(self.max_flags)
        made = made.max_positionals(self.max_positionals)
        if self.inject:
            made = made.inject_double_dash()
        return made.subcommand(self.subcommand) if self.subcommand else made


Token = tuple[str, str]


def classify(argv: list[str], valued: set[str]) -> list[Token] | str:
    """Every token with its kind, or the code of the error."""
    kinds: list[Token] = []
    waiting = ended = False
    for token in argv:
        is_flag = token.startswith("-") and token != "-"
        if waiting:
            if is_flag:
                return "ArgValueInvalid"
            kinds.append(("value", token))
            waiting = False
        elif ended:
            kinds.append(("positional", token))
        elif token == "--":
            kinds.append(("dashes", token))
            ended = True
        elif is_flag:
            kinds.append(("flag", token))
            waiting = token in valued
        else:
            kinds.append(("positional", token))
    return "ArgValueInvalid" if waiting else kinds


def refusal(rules: Rules, kinds: list[Token]) -> str | None:
    """The code of the first check that fails, in their order."""
    only = [kind for kind, _ in kinds]
    flags = [token for kind, token in kinds if kind == "flag"]
    words = [token for kind, token in kinds if kind == "positional"]
    pinned = rules.subcommand is not None
    late = "dashes" in only[: only.index("positional")] if words else True
    checks = {
        "ArgTooManyFlags": len(flags) > rules.max_flags,
        "ArgFlagNotAllowed": not set(flags) <= set(rules.flags),
        "ArgSubcommandMismatch": pinned
        and (late or words[0] != rules.subcommand),
        "ArgTooManyPositionals": len(words) - pinned > rules.max_positionals,
    }
    return next((code for code, failed in checks.items() if failed), None)


def model(rules: Rules, argv: list[str], valued: set[str]) -> list[str] | str:
    """The argv that comes out, or the code of the error."""
    kinds = classify(argv, valued)
    if isinstance(kinds, str):
        return kinds
    code = refusal(rules, kinds)
    only = [kind for kind, _ in kinds]
    places = [i for i, kind in enumerate(only) if kind == "positional"]
    if rules.subcommand is not None:
        del places[:1]
    if code is not None or "dashes" in only or not (rules.inject and places):
        return code or argv
    if "flag" in only[places[0] :]:
        return "ArgFlagAfterPositional"
    return [*argv[: places[0]], "--", *argv[places[0] :]]


@pytest.mark.parametrize("block", range(8))
@pytest.mark.parametrize(
    ("tool", "words", "flags", "valued"),
    [
        ("echo", WORDS, FLAGS, set()),
        ("grep", [*GREP_WORDS, "log"], ["-n", "-m", "-nm", "-e"], GREP_VALUES),
    ],
    ids=["unknown", "grep"],
)
def test_the_model_agrees(
    tool: str, words: list[str], flags: list[str], valued: set[str], block: int
) -> None:
    path = program(tool)
    builder = ProcPolicyBuilder().allow_bin(path)
    seen = set()
    for seed in range(block * 25, block * 25 + 25):
        dice = random.Random(seed)
        rules = Rules(dice, flags)
        policy = builder.arg_rules(path, rules.made()).build()
        for _ in range(40):
            argv = dice.choices(words, k=dice.randrange(7))
            expected = model(rules, list(argv), valued)
            got: list[str] | str
            try:
                got = policy.prepare(ProcRequest(path, argv)).argv
            except Violation as error:
                got = str(error.code)
            assert got == expected, (seed, rules.__dict__, argv)
            seen.add(got if isinstance(got, str) else "accepted")
    assert len(seen) > 4, "the dice should reach most of the grammar"

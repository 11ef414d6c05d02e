"""Policy files, each with the builder that it stands for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from conftest import program
from hosts import PORTABLE
from policies import ECHO, GREP, one, top
from proc_jail import (
    ArgRules,
    Choice,
    InjectDoubleDash,
    Int,
    Overflow,
    ProcPolicy,
    ProcPolicyBuilder,
    RiskyBinPolicy,
    Text,
)


def described(policy: ProcPolicy) -> Any:
    """The method calls that make it."""
    return policy.__reduce__()[1]


def builder() -> ProcPolicyBuilder:
    return ProcPolicyBuilder()


def grep(rules: ArgRules) -> ProcPolicyBuilder:
    return builder().allow_bin(GREP).arg_rules(GREP, rules)


SAME: list[tuple[str, ProcPolicyBuilder]] = [
    (top(""), builder()),
    (top("risky = 'deny'"), builder()),
    (
        top("risky = 'warn'"),
        builder().risky_bin_policy(RiskyBinPolicy.AllowWithWarning),
    ),
    (top("risky = 'allow'"), builder().allow_risky_binaries()),
    (top("timeout = 2.5"), builder().timeout(2.5)),
    (top("timeout = '250ms'"), builder().timeout(0.25)),
    (top("timeout = '2 m'"), builder().timeout(timedelta(minutes=2))),
    (top("timeout = '1h'"), builder().timeout(3600)),
    (
        top("timeout = 9\nstop_grace = '2s'"),
        builder().timeout(9).stop_grace(2),
    ),
    (top("stop_grace = 0"), builder()),
    (top("max_stdout = 0"), builder().max_stdout(0)),
    (top("max_stdout = '3KiB'"), builder().max_stdout(3072)),
    (top("max_stderr = '3 kB'"), builder().max_stderr(3000)),
    (top("max_stdin = '1GiB'"), builder().max_stdin(2**30)),
    (top("on_overflow = 'stop'"), builder()),
    (
        top("on_overflow = 'keep_head'"),
        builder().on_overflow(Overflow.KeepHead),
    ),
    (
        top("on_overflow = 'keep_head_tail'"),
        builder().on_overflow(Overflow.KeepHeadTail),
    ),
    (top("cwd = '/etc'"), builder().cwd("/etc")),
    (top("[cwd]\njail = '/etc'"), builder().cwd_jailed("/etc")),
    (
        top("[cwd]\njail = '/'\ndefault = '/etc'"),
        builder().cwd_jailed("/", "/etc"),
    ),
    (
        top("[cwd]\nallow = ['/', '/etc']"),
        builder().cwd_allowlist(["/", "/etc"]),
    ),
    (
        top("cwd = {allow = [], default = '/etc'}"),
        builder().cwd_allowlist([], "/etc"),
    ),
    (top("[env]"), builder()),
    (top("env.locale = false"), builder()),
    (top("env.locale = true"), builder().env_locale_only()),
    (
        top("env.fixed = {A = 'b', C = ''}"),
        builder().env_fixed({"A": "b", "C": ""}),
    ),
    (top("env.allow = ['A', 'B']"), builder().env_allowlist(["A", "B"])),
    (one(""), grep(ArgRules())),
    (one("subcommand = 'log'"), grep(ArgRules().subcommand("log"))),
    (
        one("flags = ['-n']"),
        grep(ArgRules().allowed_flags(["-n"]).max_flags(1)),
    ),
    (
        one("flags = ['-n']\nmax_flags = 0"),
        grep(ArgRules().allowed_flags(["-n"])),
    ),
    (
        one("flags = ['-n']\nmax_flags = 5\nmax_positionals = 7"),
        grep(ArgRules().allowed_flags(["-n"]).max_flags(5).max_positionals(7)),
    ),
    (
        one("double_dash = true"),
        grep(ArgRules().inject_double_dash(InjectDoubleDash.AfterFlags)),
    ),
    (one("double_dash = false"), grep(ArgRules())),
    (
        one("flag = ['-n', ['-i', '--ignore-case']]"),
        grep(ArgRules().flag("-n").flag("-i", "--ignore-case")),
    ),
    (
        one("flag = ['-n', '-c']\nrequire = [['-n', '-c']]"),
        grep(ArgRules().flag("-n").flag("-c").require("-n", "-c")),
    ),
    (
        one("flag = ['-n', '-c']\nexclusive = [['-n', '-c']]"),
        grep(ArgRules().flag("-n").flag("-c").exclusive("-n", "-c")),
    ),
    (
        one("force = ['--no-messages', '-n']"),
        grep(ArgRules().force("--no-messages", "-n")),
    ),
    (one("force_env = {A = 'b'}"), grep(ArgRules().force_env({"A": "b"}))),
    (one("run_nothing = true"), grep(ArgRules().run_nothing())),
    (one("run_nothing = false"), grep(ArgRules())),
    (
        one("may_read = ['/etc', '/usr']\nmay_write = ['/tmp']"),
        grep(ArgRules().may_read("/etc", "/usr").may_write("/tmp")),
    ),
    (
        one("option = [{names = '-m', value = 'int'}]"),
        grep(ArgRules().option("-m", Int())),
    ),
    (
        one(
            "[[program.option]]\nnames = ['-m', '--max-count']\n"
            "value = {type = 'int', min = -1, max = 9}\n"
            "optional = false\nrepeat = 3"
        ),
        grep(ArgRules().option("-m", "--max-count", Int(-1, 9), repeat=3)),
    ),
    (
        one(
            "[[program.option]]\nnames = '--color'\nvalue = {type = 'choice',"
            " values = ['a', 'b']}\noptional = true\nrepeat = 'unlimited'"
        ),
        grep(
            ArgRules().option(
                "--color", Choice("a", "b"), optional=True, repeat=None
            )
        ),
    ),
    (
        one("positional = [{name = 'x', value = 'text'}]"),
        grep(ArgRules().positional("x", Text())),
    ),
    (
        one("positional = [{name = 'x', value = 'text', min = 2}]"),
        grep(ArgRules().positional("x", Text(), min=2, max=2)),
    ),
    (
        one(
            "[[program.positional]]\nname = 'x'\nvalue = 'text'\nmin = 0\n"
            "max = 'unlimited'\nunless = ['-e']\n"
            "[[program.option]]\nnames = '-e'\nvalue = 'text'\n"
        ),
        grep(
            ArgRules()
            .option("-e", Text())
            .positional("x", Text(), min=0, max=None, unless=["-e"])
        ),
    ),
    (
        one(
            "[[program.subcommand]]\nword = ['a', 'b']\nflag = ['-x']\n"
            "[[program.subcommand.subcommand]]\nword = 'c'\n"
        ).replace(GREP, ECHO),
        builder()
        .allow_bin(ECHO)
        .arg_rules(
            ECHO,
            ArgRules()
            .subcommand("a", ArgRules().flag("-x").subcommand("c", ArgRules()))
            .subcommand(
                "b", ArgRules().flag("-x").subcommand("c", ArgRules())
            ),
        ),
    ),
    (
        top("[[program]]\nprofile = 'grep'\nread = ['/etc']"),
        builder().profile("grep", read=["/etc"]),
    ),
    (
        top(
            "[[program]]\nprofile = 'sort'\nread = ['/etc']\n"
            f"write = ['/tmp']\npath = '{program('sort')}'"
        ),
        builder().profile("sort", read=["/etc"], write=["/tmp"]),
    ),
]

# Other systems cannot hold a program to itself, as profiles want it.
if PORTABLE:
    SAME = [
        (text, same)
        for text, same in SAME
        if "run_nothing = true" not in text and "profile" not in text
    ]

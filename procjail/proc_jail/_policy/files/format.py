"""The format of policy files, version 1: every table and every entry.

Everything else follows from it: the loader, `to_dict`, the JSON Schema, and
the test that docs/policy-files.md explains every entry.
"""

from __future__ import annotations

from proc_jail._core import (
    Network,
    Overflow,
    RiskyBinPolicy,
    Tree,
)
from proc_jail._policy.files.containers import (
    Apart,
    Either,
    Field,
    How,
    Later,
    List,
    Map,
    NeedsOne,
    Table,
    Tagged,
)
from proc_jail._policy.files.scalars import (
    MAX_INT,
    PATH,
    WORD,
    Bool,
    Choice,
    Mode,
    Seconds,
    Size,
    Text,
    Whole,
)

VERSION = 1
TEXT = Text()
PATHS = List(PATH)
WORDS = List(WORD)
NO_LIMIT = Choice({"unlimited": None})

# ------------------------------------------------------ types of values


def _value(name: str, doc: str, **fields: Field) -> Table:
    kind = Field(Choice({name: name}), "the type", required=True)
    return Table(name, doc, {"type": kind, **fields})


_ROOTS = Field(PATHS, "absolute directories or files", required=True)
_LENGTH = Field(Whole(1, 131072), "the most bytes")

INT = _value(
    "int",
    "a decimal number",
    min=Field(Whole(-MAX_INT - 1), "the least"),
    max=Field(Whole(-MAX_INT - 1), "the most"),
)
CHOICE = _value(
    "choice",
    "one of some words",
    values=Field(List(TEXT, 1), "the words", required=True),
)
TEXT_VALUE = _value("text", "any text", max_length=_LENGTH)
PATTERN = _value(
    "pattern",
    "text that an expression matches from end to end",
    pattern=Field(TEXT, "a POSIX extended expression", required=True),
    max_length=_LENGTH,
)
READ_PATH = _value(
    "read_path", "an existing file below one of the roots", roots=_ROOTS
)
WRITE_PATH = _value(
    "write_path", "a file, there or not, below one of the roots", roots=_ROOTS
)
HOST_NAME = _value("host_name", "a host name or an IPv4 address")
URL = _value(
    "url",
    "an address",
    schemes=Field(List(WORD, 1), "schemes, https unless given"),
    hosts=Field(List(WORD, 1), "hosts, or *.domain; without it any host"),
)
GIT_REF = _value("git_ref", "a branch, a tag, a commit, or a range of them")

VALUES = {
    table.name: table
    for table in (
        INT,
        CHOICE,
        TEXT_VALUE,
        PATTERN,
        READ_PATH,
        WRITE_PATH,
        HOST_NAME,
        URL,
        GIT_REF,
    )
}
# Those without required entries may be named by a string.
BARE = {
    name: {"type": name}
    for name, table in VALUES.items()
    if not any(f.required for k, f in table.fields.items() if k != "type")
}
VALUE = Either(Choice(BARE), Tagged(*VALUES.values()))
_VALUE = Field(VALUE, "the type of the value", required=True)

# ------------------------------------------------------------ arguments

NAMES = Either(WORD, List(WORD, 1))
_NAMES = Field(NAMES, "all names of the option", required=True)

OPTION = Table(
    "option",
    "an option with a value",
    {
        "names": _NAMES,
        "value": _VALUE,
        "optional": Field(Bool(), "whether the value may be left out"),
        "repeat": Field(
            Either(Whole(1), NO_LIMIT), "how often it may be given; 1"
        ),
    },
)
POSITIONAL = Table(
    "positional",
    "one or some positionals, in the order of these tables",
    {
        "name": Field(WORD, "what messages call it", required=True),
        "value": _VALUE,
        "min": Field(Whole(), "how many at least; 1"),
        "max": Field(Either(Whole(1), NO_LIMIT), "how many at most; 1"),
        "unless": Field(WORDS, "options with which there is none"),
    },
)

PLAIN = {
    "flags": Field(WORDS, "flags allowed as they are", "allowed_flags"),
    "max_flags": Field(
        Whole(), "how many at most; as many as are listed", "max_flags"
    ),
    "max_positionals": Field(
        Whole(), "how many positionals at most; 0", "max_positionals"
    ),
}
TYPED = {
    "flag": Field(
        List(NAMES), "options without a value, by name", "flag", How.EACH
    ),
    "option": Field(List(OPTION), "options with a value"),
    "positional": Field(List(POSITIONAL), "positionals"),
    "require": Field(
        List(List(WORD, 1)),
        "of each of these lists one option at least",
        "require",
        How.EACH,
    ),
    "exclusive": Field(
        List(List(WORD, 1)),
        "of each of these lists one option at most",
        "exclusive",
        How.EACH,
    ),
    "force": Field(
        List(TEXT), "options that are always added", "force", How.SPREAD
    ),
    "may_read": Field(
        PATHS, "what the program reads by itself", "may_read", How.SPREAD
    ),
    "may_write": Field(
        PATHS, "what the program writes by itself", "may_write", How.SPREAD
    ),
}
COMMON = {
    "run_nothing": Field(
        Bool(),
        "whether the kernel lets it run no other program",
        "run_nothing",
        How.SWITCH,
    ),
    "double_dash": Field(
        Bool(),
        "whether -- is put before the first positional",
        "inject_double_dash",
        How.SWITCH,
    ),
}


def _subcommand() -> Table:
    return SUBCOMMAND


_INNER = List(Later("a table", _subcommand))
_PLAIN_OR_TYPED = Apart(tuple(PLAIN), tuple(TYPED))

SUBCOMMAND: Table = Table(
    "subcommand",
    "the arguments after a word, by type",
    {
        "word": Field(NAMES, "the word, or some", required=True),
        **TYPED,
        **COMMON,
        "subcommand": Field(_INNER, "subcommands of it"),
    },
)

# ------------------------------------------------------------- programs

_ENV = Field(Map(), "environment of the request")
_CWD = Field(TEXT, "directory of the request")
_ARGV = Field(List(TEXT), "the arguments", required=True)

EXAMPLE = Table(
    "example",
    "a request that must pass",
    {"argv": _ARGV, "cwd": _CWD, "env": _ENV},
)
COUNTEREXAMPLE = Table(
    "counterexample",
    "a request that must be refused",
    {
        "argv": _ARGV,
        "cwd": _CWD,
        "env": _ENV,
        "code": Field(WORD, "the code; else any that begins with Arg"),
    },
)
RULES = {
    "subcommand": Field(
        Either(WORD, _INNER),
        "the word that must come first; or, by type, subcommands",
    ),
    **PLAIN,
    **TYPED,
    "force_env": Field(Map(), "environment that it always gets", "force_env"),
    **COMMON,
}
PROGRAM = Table(
    "program",
    "a program that may run, and its arguments",
    {
        "path": Field(
            Either(PATH, List(PATH, 1)),
            "where it is; with a profile, if not where it usually is",
        ),
        "profile": Field(WORD, "the ready rules of this program"),
        "read": Field(PATHS, "what the profile may read"),
        "write": Field(PATHS, "what the profile may write"),
        "hosts": Field(WORDS, "hosts that the profile may reach"),
        **RULES,
        "match": Field(
            List(Either(List(TEXT), EXAMPLE)), "requests that must pass"
        ),
        "not_match": Field(
            List(Either(List(TEXT), COUNTEREXAMPLE)),
            "requests that must be refused",
        ),
    },
    NeedsOne("path", "profile"),
    NeedsOne("profile", given="read"),
    NeedsOne("profile", given="write"),
    NeedsOne("profile", given="hosts"),
    Apart(("profile",), tuple(RULES), why=", which brings its own rules"),
    _PLAIN_OR_TYPED,
)

# ----------------------------------------------------------- the policy

ENV = Table(
    "env",
    "the environment; empty unless given",
    {
        "locale": Field(
            Bool(),
            "nothing but LANG and LC_ALL, C.UTF-8",
            "env_locale_only",
            How.SWITCH,
        ),
        "fixed": Field(Map(), "exactly this", "env_fixed"),
        "allow": Field(WORDS, "names a request may set", "env_allowlist"),
    },
    Apart(("locale",), ("fixed",), ("allow",)),
)
CWD = Table(
    "cwd",
    "directories that a request may ask for",
    {
        "jail": Field(PATH, "this one, and all below it"),
        "allow": Field(PATHS, "these"),
        "default": Field(PATH, "for a request that asks for none"),
    },
    Apart(("jail",), ("allow",)),
    NeedsOne("jail", "allow"),
)
USER = Table(
    "user",
    "the ids that commands run as",
    {
        "uid": Field(Whole(0, 2**32 - 2), "user id", required=True),
        "gid": Field(Whole(0, 2**32 - 2), "group id", required=True),
    },
)
PRESETS = {"default": "", "strict": "strict", "compat": "compat"}
SANDBOX = Table(
    "sandbox",
    "what the kernel enforces on commands",
    {
        "preset": Field(Choice(PRESETS), "where to start from; default"),
        "network": Field(
            Choice({"inherit": Network.Inherit, "deny": Network.Deny}),
            "whether there is a network",
            "network",
        ),
        "tree": Field(
            Choice({"group": Tree.Group, "pid_namespace": Tree.PidNamespace}),
            "what holds the process tree together",
            "tree",
        ),
        "read": Field(PATHS, "all that can be read", "read", How.SPREAD),
        "write": Field(PATHS, "all that can be written", "write", How.SPREAD),
        "execute": Field(
            PATHS, "all that can be executed", "execute", How.SPREAD
        ),
        "max_memory": Field(Size(), "memory", "max_memory"),
        "max_data": Field(Size(), "data of each process", "max_data"),
        "max_processes": Field(Whole(1), "processes", "max_processes"),
        "max_file_size": Field(Size(), "each file", "max_file_size"),
        "max_open_files": Field(Whole(3), "descriptors", "max_open_files"),
        "max_cpu_seconds": Field(
            Whole(1), "processor time", "max_cpu_seconds"
        ),
        "umask": Field(Mode(), "the umask", "umask"),
        "user": Field(USER, "other ids to run as"),
        "allow": Field(
            WORDS,
            "what is refused unless it is allowed by name",
            "allow",
            How.SPREAD,
        ),
        "best_effort": Field(
            WORDS,
            "controls that the system may lack",
            "best_effort",
            How.SPREAD,
        ),
    },
)
POLICY = Table(
    "policy",
    "a policy of proc_jail",
    {
        "version": Field(
            Whole(VERSION, VERSION), "of the format: 1", required=True
        ),
        "risky": Field(
            Choice(
                {
                    "deny": RiskyBinPolicy.DenyByDefault,
                    "warn": RiskyBinPolicy.AllowWithWarning,
                    "allow": RiskyBinPolicy.Disabled,
                }
            ),
            "shells, interpreters and their like; deny",
            "risky_bin_policy",
        ),
        "timeout": Field(Seconds(), "the deadline; 30 seconds", "timeout"),
        "stop_grace": Field(
            Seconds(zero=True), "SIGTERM this long before it; 0", "stop_grace"
        ),
        "max_stdout": Field(Size(), "of output; 10MiB", "max_stdout"),
        "max_stderr": Field(Size(), "of errors; 1MiB", "max_stderr"),
        "max_stdin": Field(Size(), "of standard input; 0", "max_stdin"),
        "on_overflow": Field(
            Choice(
                {
                    "stop": Overflow.Stop,
                    "keep_head": Overflow.KeepHead,
                    "keep_head_tail": Overflow.KeepHeadTail,
                }
            ),
            "what happens to output beyond that; stop",
            "on_overflow",
        ),
        "cwd": Field(Either(PATH, CWD), "the working directory; /tmp, or ..."),
        "env": Field(ENV, "the environment"),
        "sandbox": Field(SANDBOX, "the sandbox"),
        "program": Field(List(PROGRAM), "the programs that may run"),
    },
)
TABLES = [
    POLICY,
    ENV,
    CWD,
    SANDBOX,
    USER,
    PROGRAM,
    SUBCOMMAND,
    OPTION,
    POSITIONAL,
    *VALUES.values(),
    EXAMPLE,
    COUNTEREXAMPLE,
]

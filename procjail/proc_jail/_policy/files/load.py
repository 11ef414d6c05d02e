"""From the tables of a policy file to a policy, and its examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from proc_jail import _core
from proc_jail._core import (
    ArgRules,
    ProcJailError,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Sandbox,
    SandboxUnavailable,
    Violation,
)
from proc_jail._escape import shown
from proc_jail._policy.files.containers import Field, How
from proc_jail._policy.files.format import (
    BARE,
    COMMON,
    ENV,
    PLAIN,
    POLICY,
    RULES,
    SANDBOX,
    TYPED,
)
from proc_jail._policy.files.source import At, Source
from proc_jail._policy.paths import which

Values = Mapping[str, Any]
Made = TypeVar("Made")

# The constructors of value types; the entries that they take by position,
# and whether those are one list.
VALUE_TYPES: dict[str, tuple[str, str, bool]] = {
    "int": ("Int", "", False),
    "choice": ("Choice", "values", True),
    "text": ("Text", "", False),
    "pattern": ("Pattern", "pattern", False),
    "read_path": ("ReadPath", "roots", True),
    "write_path": ("WritePath", "roots", True),
    "host_name": ("HostName", "", False),
    "url": ("Url", "", False),
    "git_ref": ("GitRef", "", False),
}


def load(source: Source, *, checks_only: bool = False) -> ProcPolicy:
    """The policy of a file or of a dict, once its examples are checked."""
    at = At(source)
    table = POLICY.read(source.data, at)
    builder = make_builder(table, at)
    if checks_only:
        builder = builder.checks_only()
    policy = build(builder, table, at)
    check_examples(policy, table, at)
    return policy


def call(
    made: Made, fields: Mapping[str, Field], table: Values, at: At
) -> Made:
    """Apply every entry that stands for a method."""
    for key, field in fields.items():
        if field.call and key in table:
            made = _call_one(made, field, table[key], at / key)
    return made


def _call_one(made: Made, field: Field, value: Any, at: At) -> Made:
    calls: list[tuple[Any, ...]] = [(value,)]
    if field.how is How.SPREAD:
        calls = [tuple(value)]
    elif field.how is How.SWITCH:
        calls = [()] if value else []
    elif field.how is How.EACH:
        calls = [names_of(item) for item in value]
    for args in calls:
        with at.blamed():
            made = getattr(made, field.call)(*args)
    return made


def names_of(names: str | list[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


# ------------------------------------------------------------ arguments


def make_value(table: Values | str, at: At) -> Any:
    """The type of a value, such as Int(1, 10)."""
    table = BARE[table] if isinstance(table, str) else table
    name, by_position, is_list = VALUE_TYPES[table["type"]]
    args: tuple[Any, ...] = ()
    if by_position:
        given = table[by_position]
        args = tuple(given) if is_list else (given,)
    named = {k: v for k, v in table.items() if k not in ("type", by_position)}
    with at.blamed():
        return getattr(_core, name)(*args, **named)


def make_rules(table: Values, at: At) -> ArgRules:
    """The rules of one program, or of one subcommand."""
    rules = ArgRules()
    for i, option in enumerate(table.get("option", ())):
        rules = _add_option(rules, option, at / "option" / i)
    for i, positional in enumerate(table.get("positional", ())):
        rules = _add_positional(rules, positional, at / "positional" / i)
    rules = call(rules, TYPED | PLAIN, table, at)
    if "flags" in table and "max_flags" not in table:
        rules = rules.max_flags(len(table["flags"]))
    rules = _add_subcommands(rules, table, at)
    rules = call(rules, {"force_env": RULES["force_env"]}, table, at)
    return call(rules, COMMON, table, at)


def _add_option(rules: ArgRules, table: Values, at: At) -> ArgRules:
    value = make_value(table["value"], at / "value")
    with at.blamed():
        return rules.option(
            *names_of(table["names"]),
            value,
            optional=table.get("optional", False),
            repeat=table.get("repeat", 1),
        )


def _add_positional(rules: ArgRules, table: Values, at: At) -> ArgRules:
    value = make_value(table["value"], at / "value")
    # If only `min` is given, the default `max` of 1 must not be below it.
    with at.blamed():
        return rules.positional(
            table["name"],
            value,
            min=table.get("min", 1),
            max=table.get("max", max(1, table.get("min", 1))),
            unless=table.get("unless", ()),
        )


def _add_subcommands(rules: ArgRules, table: Values, at: At) -> ArgRules:
    given = table.get("subcommand", ())
    at = at / "subcommand"
    if isinstance(given, str):
        with at.blamed():
            return rules.subcommand(given)
    for i, inner in enumerate(given):
        made = make_rules(inner, at / i)
        for word in names_of(inner["word"]):
            with (at / i).blamed():
                rules = rules.subcommand(word, made)
    return rules


# ----------------------------------------------------------- the policy


def add_program(
    builder: ProcPolicyBuilder, table: Values, at: At
) -> ProcPolicyBuilder:
    if "profile" in table:
        return _add_profile(builder, table, at)
    paths = names_of(table["path"])
    for path in paths:
        with (at / "path").blamed():
            builder = builder.allow_bin(path)
    with at.blamed():
        return builder.arg_rules(paths[0], make_rules(table, at))


def _add_profile(
    builder: ProcPolicyBuilder, table: Values, at: At
) -> ProcPolicyBuilder:
    paths = names_of(table.get("path", []))
    if len(paths) > 1:
        raise (at / "path").error("a profile has one path")
    with (at / "profile").blamed():
        return builder.profile(
            table["profile"],
            read=table.get("read", ()),
            write=table.get("write", ()),
            path=paths[0] if paths else None,
            hosts=table.get("hosts", ()),
        )


def make_sandbox(table: Values, at: At) -> Sandbox:
    preset = table.get("preset")
    sandbox: Sandbox = getattr(Sandbox, preset)() if preset else Sandbox()
    if "user" in table:
        with (at / "user").blamed():
            sandbox = sandbox.user(**table["user"])
    return call(sandbox, SANDBOX.fields, table, at)


def _add_cwd(
    builder: ProcPolicyBuilder, cwd: str | Values, at: At
) -> ProcPolicyBuilder:
    with at.blamed():
        if isinstance(cwd, str):
            return builder.cwd(cwd)
        if "jail" in cwd:
            return builder.cwd_jailed(cwd["jail"], cwd.get("default"))
        return builder.cwd_allowlist(cwd["allow"], cwd.get("default"))


def make_builder(table: Values, at: At) -> ProcPolicyBuilder:
    """Make the builder that the tables of a policy describe."""
    builder = ProcPolicyBuilder()
    for i, program in enumerate(table.get("program", ())):
        builder = add_program(builder, program, at / "program" / i)
    builder = call(builder, POLICY.fields, table, at)
    builder = call(builder, ENV.fields, table.get("env", {}), at / "env")
    if "cwd" in table:
        builder = _add_cwd(builder, table["cwd"], at / "cwd")
    if "sandbox" in table:
        at = at / "sandbox"
        sandbox = make_sandbox(table["sandbox"], at)
        with at.blamed():
            builder = builder.sandbox(sandbox)
    return builder


def build(builder: ProcPolicyBuilder, table: Values, at: At) -> ProcPolicy:
    """Call build(), and name the entry that it fails for.

    A control that the system lacks is not a fault of the file: that error
    keeps its class, and says what to write in the file.
    """
    try:
        return builder.build()
    except SandboxUnavailable as error:
        raise _unavailable(error, table, at) from error
    except ProcJailError as error:
        raise _culprit(error, table, at).error(str(error)) from error


def _unavailable(
    error: SandboxUnavailable, table: Values, at: At
) -> SandboxUnavailable:
    """The same error in the words of a policy file, as one whole entry."""
    path = at.source.path
    text, accept, call = str(error).rpartition(" with .")
    given = table.get("sandbox", {}).get("best_effort", ())
    names = [f'"{name}"' for name in given]
    names += re.findall(r'"\w+"', call)
    preset = 'preset = "compat", ' if "compat" in call else ""
    if accept:
        text += f" with [sandbox] {preset}best_effort = [{', '.join(names)}]"
    else:
        text = str(error)
    told = SandboxUnavailable(
        text if path is None else f"{shown(path)}: {text}"
    )
    vars(told).update(vars(error))
    told.path = path
    return told


def _culprit(error: ProcJailError, table: Values, at: At) -> At:
    """The entry of the program that cannot be built alone, or another one."""
    if error.code == "SandboxInvalid":
        return at / "sandbox" if "sandbox" in table else at
    if error.code == "LimitInvalid":
        return at / "stop_grace"
    for i, program in enumerate(table.get("program", ())):
        alone = add_program(ProcPolicyBuilder(), program, at)
        try:
            alone.checks_only().build()
        except ProcJailError as other:
            if other.code == error.code:
                found = at / "program" / i
                of_path = (
                    str(error.code).startswith("Bin") and "path" in program
                )
                return found / "path" if of_path else found
    return at / "program" if "program" in table else at


def check_examples(policy: ProcPolicy, table: Values, at: At) -> None:
    """Raise PolicyFileError for an example that does not come out as stated.

    They are checked like requests, on this machine: paths are followed from
    the directory that the request or the policy names.
    """
    for i, program in enumerate(table.get("program", ())):
        here = at / "program" / i
        path = _path_of(program)
        for n, example in enumerate(program.get("match", ())):
            _must_pass(policy, path, _entries(example), here / "match" / n)
        for n, example in enumerate(program.get("not_match", ())):
            where = here / "not_match" / n
            _must_be_refused(policy, path, _entries(example), where)


def _path_of(program: Values) -> str:
    if "path" in program:
        return names_of(program["path"])[0]
    return which(program["profile"])


def _entries(example: Values | list[str]) -> Values:
    return {"argv": example} if isinstance(example, list) else example


def _check(
    policy: ProcPolicy, path: str, example: Values, at: At
) -> Violation | None:
    with at.blamed():
        request = ProcRequest(
            path, example["argv"], example.get("env"), example.get("cwd")
        )
        return policy.check(request)


def _told(example: Values) -> str:
    return shown(" ".join(example["argv"]) or "no arguments")


def _must_pass(policy: ProcPolicy, path: str, example: Values, at: At) -> None:
    refused = _check(policy, path, example, at)
    if refused is not None:
        raise at.error(
            f"this example has to pass, and is refused: {_told(example)}: "
            f"{refused.code}: {refused}"
        ) from refused


def _must_be_refused(
    policy: ProcPolicy, path: str, example: Values, at: At
) -> None:
    """Require a denial by the arguments, unless the example names a code.

    A request that is refused for its directory would prove nothing.
    """
    refused = _check(policy, path, example, at)
    if refused is None:
        raise at.error(
            f"this example has to be refused, and passes: {_told(example)}"
        )
    code, wanted = str(refused.code), example.get("code")
    if code == wanted or (wanted is None and code.startswith("Arg")):
        return
    whose = f"with {wanted}" if wanted else "for its arguments"
    raise at.error(
        f"this example has to be refused {whose}, and is refused with "
        f"{code}: {refused}"
    ) from refused

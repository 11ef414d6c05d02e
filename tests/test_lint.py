"""The linter: every kind of finding, and policies that have none."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Tool, policy_for, program
from hosts import PORTABLE, on_linux
from proc_jail import (
    ArgRules,
    Finding,
    Int,
    Network,
    ProcPolicy,
    ProcPolicyBuilder,
    ReadPath,
    RiskyBinPolicy,
    Sandbox,
    Text,
    WritePath,
    _core,
    lint,
)
from proc_jail._lint.options import EFFECTS, name_of, rows_of
from proc_jail._policy.paths import which
from proc_jail.profiles import PROFILES

ROOT = Path(__file__).parent.parent
Tools = Callable[[str], Tool]


def allow(path: str, rules: ArgRules, **settings: Any) -> ProcPolicy:
    """A policy in a directory that nobody else may write to."""
    builder = ProcPolicyBuilder().allow_bin(path).arg_rules(path, rules)
    for name, value in {"cwd": "/", **settings}.items():
        builder = getattr(builder, name)(value)
    return builder.build()


def codes(policy: ProcPolicy) -> list[str]:
    return [finding.code for finding in lint(policy)]


def only(policy: ProcPolicy, code: str) -> Finding:
    """The one finding of a code."""
    found = [finding for finding in lint(policy) if finding.code == code]
    assert len(found) == 1, found
    return found[0]


def plain(*flags: str) -> ArgRules:
    return ArgRules().allowed_flags(flags).max_flags(9)


# --------------------------------------------------------------- options

OPTIONS = [
    ("sort", "--compress-program", "OptionExecutes", "execute"),
    ("sort", "--compress-prog", "OptionExecutes", "execute"),
    ("sort", "--compress-program=/bin/sh", "OptionExecutes", "execute"),
    ("sort", "-o", "OptionWrites", "write"),
    ("sort", "-ofile", "OptionWrites", "write"),
    ("sort", "-rno", "OptionWrites", "write"),
    ("sort", "--files0-from", "OptionReads", "read"),
    ("find", "-exec", "OptionExecutes", "execute"),
    ("find", "-delete", "OptionWrites", "write"),
    ("find", "-fprint", "OptionWrites", "write"),
    ("tar", "-I", "OptionExecutes", "execute"),
    ("tar", "--to-command=x", "OptionExecutes", "execute"),
    ("curl", "-K", "OptionConfigures", "config"),
    ("curl", "-x", "OptionConnects", "network"),
    ("git", "-c", "OptionConfigures", "config"),
    ("grep", "-f", "OptionReads", "read"),
    ("wc", "--files0", "OptionReads", "read"),
]


@pytest.mark.parametrize(("name", "flag", "code", "capability"), OPTIONS)
def test_plain_flags(
    name: str, flag: str, code: str, capability: str, tool: Tools
) -> None:
    path = tool(name).path
    found = only(allow(path, plain(flag)), code)
    assert found.capability == capability
    assert found.program == path
    assert found.severity == ("warning" if capability == "read" else "error")
    assert found.source.startswith(f"csrc/programs/{name}.def: -")
    assert found.remedy
    is_full = found.source.endswith(f": {flag}")
    assert is_full != (f"allowed as {flag}" in found.message)


@pytest.mark.parametrize("name", _core._program_names())
def test_every_option_that_can_do_something(name: str, tool: Tools) -> None:
    """Typed or plain, under every name it has."""
    table = _core._program(name)
    assert table is not None
    rows = [r for r in table["options"] if r["effect"] != "none"]
    if name.startswith("git_"):  # a subcommand: behind its word
        path = tool(name.partition("_")[0]).path
        word = name.partition("_")[2].replace("_", "-")
    else:
        path, word = tool(name).path, ""
    for row in rows:
        if row["form"] == "operand":
            continue
        rules = plain(name_of(row)) if name_of(row)[0] == "-" else None
        if rules is None:
            continue
        rules = rules.subcommand(word) if word else rules
        found = [f for f in lint(allow(path, rules)) if f.capability]
        effect = EFFECTS[row["effect"]]
        assert (effect.code, effect.capability) in {
            (f.code, f.capability) for f in found
        }, row


def test_harmless_flags_have_no_finding(tool: Tools) -> None:
    rules = plain("-n", "-i", "--line-number", "-nri")
    assert lint(allow(tool("grep").path, rules)) == []


def test_an_ambiguous_flag_may_be_any_of_them(tool: Tools) -> None:
    found = lint(allow(tool("sort").path, plain("--c")))
    assert [f.code for f in found] == ["OptionExecutes"]


def test_flags_of_a_pinned_subcommand(tool: Tools) -> None:
    rules = plain("--output", "-p").subcommand("log")
    found = lint(allow(tool("git").path, rules))
    sources = {f.source for f in found if f.capability}
    assert "csrc/programs/git_log.def: --output" in sources
    assert "csrc/programs/git.def: --paginate" in sources


def test_typed_options(tool: Tools) -> None:
    rules = ArgRules().option("-o", Text()).option("-k", Text())
    found = only(allow(tool("sort").path, rules), "OptionWrites")
    assert found.severity == "error"
    rules = ArgRules().option("--compress-program", Text())
    found = only(allow(tool("sort").path, rules), "OptionExecutes")
    assert found.severity == "error"
    rules = ArgRules().flag("--ext-diff")
    outer = ArgRules().subcommand("log", rules)
    found = only(allow(tool("git").path, outer), "OptionExecutes")
    assert found.source == "csrc/programs/git_log.def: --ext-diff"


@on_linux
def test_what_the_kernel_holds_is_a_note(tool: Tools, tmp_path: Path) -> None:
    sort = tool("sort").path
    root = os.fspath(tmp_path)
    held: list[tuple[str, ArgRules, dict[str, Any]]] = [
        ("OptionWrites", ArgRules().option("-o", WritePath(root)), {}),
        ("OptionReads", ArgRules().option("--files0-from", ReadPath()), {}),
        ("OptionWrites", ArgRules().option("-o", Text()).may_read(root), {}),
        (
            "OptionWrites",
            plain("-o"),
            {"sandbox": Sandbox().write(root)},
        ),
        ("OptionWrites", plain("-o"), {"sandbox": Sandbox.strict()}),
        (
            "OptionReads",
            plain("--files0-from"),
            {"sandbox": Sandbox().read(root, "/usr")},
        ),
        (
            "OptionExecutes",
            ArgRules().option("--compress-program", Text()).run_nothing(),
            {},
        ),
        (
            "OptionExecutes",
            plain("--compress-program"),
            {"sandbox": Sandbox.strict()},
        ),
        (
            "OptionExecutes",
            plain("--compress-program"),
            {"sandbox": Sandbox().execute(root)},
        ),
    ]
    for code, rules, settings in held:
        found = only(allow(sort, rules, **settings), code)
        assert found.severity == "note"
        assert "what the kernel allows" in found.message
    sandbox = Sandbox().network(Network.Deny)
    policy = allow(tool("curl").path, plain("-x"), sandbox=sandbox)
    assert only(policy, "OptionConnects").severity == "note"


@on_linux
def test_compat_holds_no_files(tool: Tools, tmp_path: Path) -> None:
    rules = ArgRules().option("-o", Text()).may_read(tmp_path)
    policy = allow(tool("sort").path, rules, sandbox=Sandbox.compat())
    assert only(policy, "OptionWrites").severity == "error"


def test_a_path_type_without_the_kernel_is_a_warning(
    tool: Tools, tmp_path: Path
) -> None:
    """It is checked before the start; nothing holds it afterwards."""
    rules = ArgRules().option("-o", WritePath(tmp_path))
    policy = allow(tool("sort").path, rules, sandbox=Sandbox.compat())
    found = only(policy, "OptionWrites")
    assert found.severity == "warning"
    assert "which the kernel does not hold it to" in found.message


@pytest.mark.skipif(not PORTABLE, reason="Linux holds files")
def test_a_system_that_holds_no_files() -> None:
    rules = ArgRules().option("-o", "--output", Text(100))
    rules = rules.positional("files", ReadPath("/etc"), min=0, max=3)
    found = only(allow(program("sort"), rules), "OptionWrites")
    assert found.severity == "error"
    assert "kernel" not in found.message


@on_linux
def test_an_interpreter_whose_own_files_are_out_of_reach(
    tmp_path: Path,
) -> None:
    python = os.path.realpath(sys.executable)
    risky = {"risky_bin_policy": RiskyBinPolicy.AllowWithWarning}
    rules = ArgRules().flag("-q").positional("file", ReadPath(tmp_path))
    found = only(allow(python, rules, **risky), "ModulesUnreadable")
    assert found.severity == "warning"
    assert "may_read" in found.remedy
    assert os.fspath(tmp_path) in found.message
    done = rules.may_read(sys.base_prefix)
    for unlimited in (
        allow(python, done, **risky),
        allow(python, ArgRules(), **risky),
        allow(python, rules, sandbox=Sandbox.compat(), **risky),
        allow(program("cat"), ArgRules().positional("f", ReadPath("/"))),
    ):
        assert "ModulesUnreadable" not in codes(unlimited)


def test_operands_that_are_options(tool: Tools) -> None:
    found = lint(allow(tool("dd").path, ArgRules().max_positionals(3)))
    told = {f.source.partition(": ")[2]: f.code for f in found}
    assert told["of="] == "OptionWrites"
    assert told["if="] == "OptionReads"
    assert lint(allow(tool("dd").path, ArgRules())) == []
    rules = ArgRules().option("bs=", Int())
    assert lint(allow(tool("dd").path, rules)) == []


def test_tar_reads_options_without_a_dash(tool: Tools) -> None:
    tar = tool("tar").path
    rules = plain("-t").max_positionals(2)
    assert "OptionsWithoutDash" in codes(allow(tar, rules))
    assert "OptionsWithoutDash" not in codes(
        allow(tar, rules.inject_double_dash())
    )
    assert "OptionsWithoutDash" not in codes(allow(tar, plain("-t")))


def test_a_script_is_an_operand_that_runs_programs(tool: Tools) -> None:
    sed = tool("sed").path
    rules = plain("-n").max_positionals(2)
    for one in (rules, rules.inject_double_dash()):
        found = only(allow(sed, one), "OperandExecutes")
        assert found.severity == "error"
    assert "OperandExecutes" not in codes(allow(sed, plain("-n")))
    typed = ArgRules().positional("script", Text()).force("--sandbox")
    assert "OperandExecutes" not in codes(allow(sed, typed))


def test_what_never_ends_and_what_reads_its_input(tool: Tools) -> None:
    endless = only(allow(tool("tail").path, plain("-f")), "OptionEndless")
    assert endless.severity == "note"
    rules = plain("--stdin").subcommand("log")
    read = only(allow(tool("git").path, rules), "OptionReadsInput")
    assert read.severity == "warning"


def test_what_is_not_known(tool: Tools) -> None:
    path = tool("nothing-known").path
    assert only(allow(path, plain("-x")), "ProgramUnknown").severity == "note"
    assert lint(allow(path, ArgRules().max_positionals(3))) == []
    found = only(allow(tool("grep").path, plain("--bogus")), "OptionUnknown")
    assert found.severity == "note"
    assert "--bogus" in found.message


def test_rows_of_a_token() -> None:
    table = _core._program("sort")
    assert table is not None

    def read(token: str) -> list[str]:
        return [name_of(row) for row in rows_of(table, token)]

    assert read("-nro") == ["--numeric-sort", "--reverse", "--output"]
    assert read("-k1n") == ["--key"]
    assert read("-n?o") == ["--numeric-sort"]
    assert read("--output=x") == ["--output"]
    assert read("--outp") == ["--output"]
    assert read("--re") == ["--reverse"]
    assert read("o") == read("--bogus") == []


# -------------------------------------------------------------- programs


def test_risky_programs() -> None:
    shell = program("sh")
    found = lint(allow(shell, ArgRules()))
    assert [(f.code, f.severity) for f in found] == [
        ("RiskyDenied", "warning")
    ]
    policy = allow(
        shell, ArgRules(), risky_bin_policy=RiskyBinPolicy.AllowWithWarning
    )
    found = lint(policy)
    assert [(f.code, f.severity) for f in found] == [("RiskyProgram", "error")]
    assert found[0].capability == "execute"
    assert "Shell" in found[0].message
    policy = allow(shell, ArgRules(), risky_bin_policy=RiskyBinPolicy.Disabled)
    assert codes(policy) == ["RiskyProgram", "RiskyAllowed"]


def test_an_interpreter_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "harmless"
    path.symlink_to(os.path.realpath(program("perl")))
    policy = allow(
        str(path), ArgRules(), risky_bin_policy=RiskyBinPolicy.Disabled
    )
    assert "Interpreter" in only(policy, "RiskyProgram").message


def test_a_script_is_what_was_allowed(tmp_path: Path) -> None:
    path = tmp_path / "run-it"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    assert lint(allow(str(path), ArgRules())) == []


def test_a_program_that_is_gone(tool: Tools, tmp_path: Path) -> None:
    path = tmp_path / "tool"
    shutil.copy(program("true"), path)
    policy = allow(str(path), ArgRules())
    path.unlink()
    found = only(policy, "ProgramUnusable")
    assert found.source == "BinNotFound"


@pytest.mark.parametrize("mode", [0o757, 0o777])
def test_a_program_that_everybody_may_write_to(
    mode: int, tmp_path: Path
) -> None:
    path = tmp_path / "tool"
    shutil.copy(program("true"), path)
    path.chmod(mode)
    found = only(allow(str(path), ArgRules()), "WritableProgram")
    assert (found.severity, found.capability) == ("error", "execute")
    assert found.remedy == f"chmod o-w {path}"


def test_a_folder_above_that_everybody_may_write_to(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    (folder / "down").mkdir(parents=True)
    path = folder / "down" / "tool"
    shutil.copy(program("true"), path)
    link = tmp_path / "link"
    link.symlink_to(path)
    for name in (path, link):
        folder.chmod(0o777)
        found = only(allow(str(name), ArgRules()), "WritableProgram")
        assert found.remedy == f"chmod o-w {folder}"
        folder.chmod(0o1777)
        assert "WritableProgram" not in codes(allow(str(name), ArgRules()))


# ------------------------------------------------------------ the policy


@pytest.fixture
def common(tmp_path: Path) -> str:
    """A directory that everybody may write to."""
    folder = tmp_path / "common"
    folder.mkdir()
    folder.chmod(0o777)
    return os.fspath(folder)


def test_roots_that_everybody_may_write_to(common: str) -> None:
    grep = program("grep")
    policies = {
        "cwd": allow(grep, ArgRules(), cwd=common),
        "may_read": allow(grep, ArgRules().may_read(common)),
        "may_write": allow(grep, ArgRules().may_write(common)),
        "option -f": allow(grep, ArgRules().option("-f", ReadPath(common))),
        "positional x": allow(
            grep, ArgRules().positional("x", WritePath(common))
        ),
    }
    for source, policy in policies.items():
        found = only(policy, "WritableRoot")
        assert (found.source, found.severity) == (source, "warning")
        assert common in found.message
    os.chmod(common, 0o1777)
    for policy in policies.values():
        assert only(policy, "WritableRoot").severity == "note"
    os.chmod(common, 0o755)
    for policy in policies.values():
        assert "WritableRoot" not in codes(policy)


@on_linux
def test_roots_of_the_sandbox(common: str) -> None:
    for name in ("read", "write", "execute"):
        sandbox = getattr(Sandbox(), name)(common)
        policy = ProcPolicyBuilder().cwd("/").sandbox(sandbox).build()
        found = only(policy, "WritableRoot")
        assert (found.source, found.capability) == (f"sandbox {name}", name)


def test_directories_that_may_be_asked_for(common: str) -> None:
    for builder in (
        ProcPolicyBuilder().cwd_jailed(common),
        ProcPolicyBuilder().cwd_jailed("/", common),
        ProcPolicyBuilder().cwd_allowlist(["/", common]),
        ProcPolicyBuilder().cwd_allowlist([], common),
    ):
        assert only(builder.build(), "WritableRoot").source == "cwd"


def test_the_default_directory_is_noted() -> None:
    found = lint(ProcPolicyBuilder().build())
    assert [(f.code, f.severity) for f in found] == [("WritableRoot", "note")]


def test_double_dash(tool: Tools) -> None:
    missing = "DoubleDashMissing"
    rules = plain("-n").max_positionals(1)
    grep, find, git = (tool(name).path for name in ("grep", "find", "git"))
    assert only(allow(grep, rules), missing).severity == "warning"
    assert missing not in codes(allow(grep, rules.inject_double_dash()))
    assert missing not in codes(allow(grep, plain("-n")))
    assert missing not in codes(allow(find, rules))
    assert missing not in codes(allow(git, rules))
    assert missing in codes(allow(git, rules.subcommand("log")))
    typed = ArgRules().positional("x", Text())
    assert missing not in codes(allow(grep, typed))


def test_timeouts_over_an_hour() -> None:
    builder = ProcPolicyBuilder().cwd("/")
    assert codes(builder.timeout(3600).build()) == []
    found = only(builder.timeout(3601).build(), "LongTimeout")
    assert found.severity == "warning"
    assert "3601" in found.message


def test_compat() -> None:
    policy = ProcPolicyBuilder().cwd("/").sandbox(Sandbox.compat()).build()
    assert codes(policy) == ["SandboxCompat"]


# ------------------------------------------------------------- the whole


@on_linux
@pytest.mark.parametrize("name", sorted(PROFILES))
def test_profiles_have_no_error(name: str) -> None:
    if not os.path.exists(which(name)):
        pytest.skip(f"{name} is not installed")
    hosts = ["example.org"] if name == "curl" else []
    policy = (
        ProcPolicyBuilder()
        .profile(name, read=["/usr"], write=["/usr/share"], hosts=hosts)
        .cwd("/")
        .build()
    )
    assert [f for f in lint(policy) if f.severity != "note"] == []


def test_the_worst_comes_first() -> None:
    policy = ProcPolicy.from_dict(
        {
            "version": 1,
            "timeout": "2h",
            "risky": "allow",
            "program": [
                {"path": program("grep"), "flags": ["--bogus"]},
                {"path": program("sh")},
            ],
        }
    )
    order = [finding.severity for finding in lint(policy)]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert set(order) == {"error", "warning", "note"}


def test_nothing_is_told_twice(tool: Tools) -> None:
    found = lint(allow(tool("sort").path, plain("-o", "-o", "-no")))
    assert len(found) == len(set(found))


def test_findings_are_values() -> None:
    found = lint(policy_for(program("sh")))
    assert pickle.loads(pickle.dumps(found)) == found
    assert all(isinstance(finding, Finding) for finding in found)
    assert all(
        finding.source and finding.remedy and finding.message
        for finding in found
    )


def test_every_code_is_documented_and_tested() -> None:
    source = "".join(
        (ROOT / f"procjail/proc_jail/_lint/{name}").read_text()
        for name in ("policy.py", "options.py")
    )
    found = set(re.findall(r'^ +"([A-Z]\w+)",$', source, re.M))
    assert len(found) > 15
    told = (ROOT / "docs/cli.md").read_text()
    here = Path(__file__).read_text()
    for code in found:
        assert f"| `{code}` |" in told, code
        assert f'"{code}"' in here, code
    assert found == set(re.findall(r"^\| `([A-Z]\w+)` \| \w", told, re.M))


def test_it_is_about_policies() -> None:
    assert Finding.__module__ == "proc_jail"
    with pytest.raises(TypeError, match="not a ProcPolicy: str"):
        lint("policy.toml")  # type: ignore[arg-type]

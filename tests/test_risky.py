"""Programs whose purpose is to run other code, however they are named."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import pytest

from conftest import descriptors, policy_for, program
from hosts import needs_proc
from proc_jail import (
    BinNotFound,
    BinRiskyDenied,
    LimitInvalid,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    RiskCategory,
    RiskyBinaryWarning,
    RiskyBinPolicy,
    risk_of,
)


def words(text: str) -> list[str]:
    return text.split()


Risk = RiskCategory

# What the published 0.3.0 denies, by category.
PUBLISHED = {
    Risk.Shell: "ash bash busybox csh dash fish ksh sh tcsh zsh",
    Risk.Interpreter: "awk bun deno gawk lua luajit mawk nawk node nodejs "
    "perl php python python2 python3 ruby tclsh wish",
    Risk.Spawner: "env ionice ltrace nice nohup parallel strace time "
    "timeout watch xargs",
    Risk.Privilege: "doas pkexec runuser su sudo",
}
# Also denied there, where the category is a matter of opinion.
PUBLISHED_ANY = "chroot exec gksudo kdesudo"

ONE_OF_EACH = {
    Risk.Shell: "bash",
    Risk.Interpreter: "python3",
    Risk.Spawner: "xargs",
    Risk.Privilege: "sudo",
    Risk.Loader: "ld.so",
    Risk.Editor: "vim",
    Risk.Debugger: "gdb",
    Risk.Compiler: "gcc",
    Risk.Container: "docker",
    Risk.Remote: "ssh",
    Risk.Package: "apt",
}

VARIANTS = {
    "python3.11": Risk.Interpreter,
    "python3.13t": Risk.Interpreter,
    "python3.12-dbg": Risk.Interpreter,
    "python2.7": Risk.Interpreter,
    "perl5.36.0": Risk.Interpreter,
    "lua5.4": Risk.Interpreter,
    "ruby3.1": Risk.Interpreter,
    "php8.2": Risk.Interpreter,
    "tclsh8.6": Risk.Interpreter,
    "node-20": Risk.Interpreter,
    "PYTHON3": Risk.Interpreter,
    "python.exe": Risk.Interpreter,
    "bash-5.2": Risk.Shell,
    "ksh93": Risk.Shell,
    "busybox-1.36.1": Risk.Shell,
    "Bash": Risk.Shell,
    "sh.exe": Risk.Shell,
    "gcc-12": Risk.Compiler,
    "clang-15": Risk.Compiler,
    "g++-12": Risk.Compiler,
    "x86_64-linux-gnu-gcc-12": Risk.Compiler,
    "x86_64-linux-gnu-gcc": Risk.Compiler,
    "aarch64-linux-gnu-gcc-13": Risk.Compiler,
    "arm-none-eabi-gcc": Risk.Compiler,
    "x86_64-linux-gnu-python3.11": Risk.Interpreter,
    "ld-linux-x86-64.so.2": Risk.Loader,
    "ld-musl-x86_64.so.1": Risk.Loader,
    "vim.basic": Risk.Editor,
    "vim.tiny": Risk.Editor,
    "nc.openbsd": Risk.Remote,
    "qemu-x86_64": Risk.Loader,
    "qemu-system-x86_64": Risk.Container,
}

EVERYDAY = words(
    "basename cat cmp comm cp curl cut date dd df diff dirname du echo "
    "expand false file find fold git grep head hostname id jq join ln ls "
    "md5sum mkdir mv nl od paste printf pwd readlink realpath rg rm rmdir "
    "sed seq sha256sum sleep sort split stat tac tail tar tee test touch tr "
    "tree true uname uniq wc who gzip unzip zip xz base64 fd convert identify "
    "ffprobe exiftool pdftotext strings shuf cal bc-report pythonic bashful "
    "gccgo-docs envoy sudoku nicely lsof ps free uptime"
)


def named(folder: Path, name: str) -> Path:
    """A program with a name and nothing behind it."""
    path = folder / name
    path.write_bytes(b"\x7fELF not really\n")
    path.chmod(0o755)
    return path


def copied(folder: Path, name: str, tool: str) -> Path:
    path = folder / name
    shutil.copyfile(program(tool), path)
    path.chmod(0o755)
    return path


def denies(path: Path) -> RiskCategory:
    policy = policy_for(str(path))
    with pytest.raises(BinRiskyDenied, match="risky") as caught:
        policy.prepare(ProcRequest(str(path), []))
    assert caught.value.path == str(path.resolve())
    assert caught.value.category is not None
    assert caught.value.category.name.lower() in str(caught.value)
    return caught.value.category


# ------------------------------------------------------------ the names


def test_every_category_has_an_example() -> None:
    assert set(ONE_OF_EACH) == set(RiskCategory)


@pytest.mark.parametrize("risk", ONE_OF_EACH)
def test_every_category_has_a_name(tmp_path: Path, risk: Risk) -> None:
    path = named(tmp_path, ONE_OF_EACH[risk])
    assert risk_of(path) is risk
    assert denies(path) is risk


@pytest.mark.parametrize(
    ("name", "risk"),
    [(name, risk) for risk in PUBLISHED for name in PUBLISHED[risk].split()],
)
def test_what_the_published_version_denies(
    tmp_path: Path, name: str, risk: Risk
) -> None:
    assert denies(named(tmp_path, name)) is risk


@pytest.mark.parametrize("name", PUBLISHED_ANY.split())
def test_what_it_denies_under_another_heading(
    tmp_path: Path, name: str
) -> None:
    denies(named(tmp_path, name))


@pytest.mark.parametrize(("name", "risk"), VARIANTS.items())
def test_versions_and_triplets(tmp_path: Path, name: str, risk: Risk) -> None:
    assert risk_of(named(tmp_path, name)) is risk


@pytest.mark.parametrize("name", EVERYDAY)
def test_everyday_tools_are_not_risky(tmp_path: Path, name: str) -> None:
    path = named(tmp_path, name)
    assert risk_of(path) is None
    assert policy_for(str(path)).check(ProcRequest(str(path), [])) is None


def test_installed_everyday_tools_are_not_risky() -> None:
    """As they are: their links, hard links and sizes too."""
    found = {}
    for name in EVERYDAY:
        path = shutil.which(name, path="/usr/bin:/bin")
        if path is not None:
            found[path] = risk_of(path)
    assert found
    assert {p: r for p, r in found.items() if r is not None} == {}


# -------------------------------------------------------- other disguises


def test_the_canonical_name_counts(tmp_path: Path) -> None:
    link = tmp_path / "harmless"
    link.symlink_to(named(tmp_path, "bash"))
    assert risk_of(link) is Risk.Shell
    assert denies(link) is Risk.Shell


@pytest.mark.parametrize(
    ("tool", "risk"),
    [
        ("sh", Risk.Shell),
        ("bash", Risk.Shell),
        ("perl", Risk.Interpreter),
        ("mawk", Risk.Interpreter),
    ],
)
def test_a_copy_is_what_it_is_a_copy_of(
    tmp_path: Path, tool: str, risk: Risk
) -> None:
    assert denies(copied(tmp_path, "harmless", tool)) is risk


@pytest.mark.parametrize("name", ["xz", "kmod", "coreutils"])
def test_a_copy_under_the_name_of_a_multi_call_file(
    tmp_path: Path, name: str
) -> None:
    """Such names are judged by what is asked for, and by the content too."""
    assert denies(copied(tmp_path, name, "sh")) is Risk.Shell


def test_a_hard_link_is_what_it_links_to(tmp_path: Path) -> None:
    """Of one that others rarely run: a link changes the file's ctime."""
    path = tmp_path / "harmless"
    try:
        os.link(os.path.realpath(program("perl")), path)
    except OSError:
        pytest.skip("the program is on another file system")
    assert risk_of(path) is Risk.Interpreter
    assert denies(path) is Risk.Interpreter


def test_one_byte_more_is_another_file(tmp_path: Path) -> None:
    """A limit of what can be recognised, written down."""
    path = copied(tmp_path, "harmless", "sh")
    with path.open("ab") as file:
        file.write(b"\n")
    assert risk_of(path) is None


def test_a_file_that_cannot_be_read_is_not_a_shell(tmp_path: Path) -> None:
    path = named(tmp_path, "harmless")
    path.chmod(0o111)
    assert risk_of(path) is None


# -------------------------------------------------------------- scripts


@pytest.mark.parametrize(
    ("first", "risk"),
    [
        ("#!/bin/sh", Risk.Shell),
        ("#!/bin/bash -e", Risk.Shell),
        ("#! /bin/sh", Risk.Shell),
        ("#!\t/bin/sh\r", Risk.Shell),
        ("#!/usr/bin/python3 -u", Risk.Interpreter),
        ("#!/usr/bin/perl5.36.0", Risk.Interpreter),
        ("#!/usr/bin/env python3", Risk.Spawner),
        ("#!/usr/bin/cat", None),
        ("#!", None),
        ("# !/bin/sh", None),
        ("", None),
    ],
)
def test_a_script_is_its_interpreter(
    tmp_path: Path, first: str, risk: Risk | None
) -> None:
    path = tmp_path / "tool"
    path.write_text(f"{first}\ntrue\n")
    path.chmod(0o755)
    assert risk_of(path) is risk


def test_a_script_that_is_allowed_itself_runs(tmp_path: Path) -> None:
    """What it does is written in it: the request cannot choose."""
    path = tmp_path / "tool"
    path.write_text("#!/bin/sh\necho done\n")
    path.chmod(0o755)
    assert policy_for(str(path)).run(path).stdout == b"done\n"


def test_a_script_with_a_risky_name_is_risky(tmp_path: Path) -> None:
    path = tmp_path / "python3"
    path.write_text("#!/bin/cat\n")
    path.chmod(0o755)
    assert denies(path) is Risk.Interpreter


def test_an_applet_is_told_by_its_name(tmp_path: Path) -> None:
    """risk_of says what a policy would say of the same path."""
    link = tmp_path / "ls"
    link.symlink_to(program("busybox"))
    policy = policy_for(str(link))
    assert policy.check(ProcRequest(str(link), [])) is None
    assert risk_of(link) is None


def test_risk_of_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BinNotFound):
        risk_of(tmp_path / "none")


# ----------------------------------------------------------- the policies


def with_risk(policy: RiskyBinPolicy | None) -> ProcPolicy:
    if policy is None:
        return policy_for("/bin/sh")
    return policy_for("/bin/sh", None, lambda b: b.risky_bin_policy(policy))


@pytest.mark.parametrize("policy", [None, RiskyBinPolicy.DenyByDefault])
def test_denied_by_default(policy: RiskyBinPolicy | None) -> None:
    request = ProcRequest("/bin/sh", [])
    with pytest.raises(BinRiskyDenied, match="shell"):
        with_risk(policy).prepare(request)
    violation = with_risk(policy).check(request)
    assert isinstance(violation, BinRiskyDenied)
    assert violation.category is Risk.Shell


def test_building_is_no_running() -> None:
    """As published: the denial comes with the request."""
    assert with_risk(None)


def test_allow_with_warning_warns() -> None:
    policy = with_risk(RiskyBinPolicy.AllowWithWarning)
    with pytest.warns(RiskyBinaryWarning, match=r"\(shell\)") as caught:
        command = policy.prepare(ProcRequest("/bin/sh", []))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert command.spawn_sync().success
    with pytest.warns(RiskyBinaryWarning):
        assert policy.run("/bin/sh").success


def test_check_does_not_warn() -> None:
    policy = with_risk(RiskyBinPolicy.AllowWithWarning)
    assert policy.check(ProcRequest("/bin/sh", [])) is None


@needs_proc
def test_a_warning_that_is_an_error_leaves_nothing() -> None:
    policy = with_risk(RiskyBinPolicy.AllowWithWarning)
    before = descriptors()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RiskyBinaryWarning):
            policy.prepare(ProcRequest("/bin/sh", []))
        with pytest.raises(RiskyBinaryWarning):
            policy.run("/bin/sh", [])
    assert descriptors() == before


def test_no_warning_for_what_is_not_risky() -> None:
    policy = policy_for(
        program("echo"),
        None,
        lambda b: b.risky_bin_policy(RiskyBinPolicy.AllowWithWarning),
    )
    assert policy.prepare(ProcRequest(program("echo"), []))


def test_disabled_says_nothing() -> None:
    policy = with_risk(RiskyBinPolicy.Disabled)
    assert policy.run("/bin/sh").success


def test_allow_risky_binaries_is_disabled() -> None:
    builder = ProcPolicyBuilder()
    one = builder.allow_risky_binaries()
    other = builder.risky_bin_policy(RiskyBinPolicy.Disabled)
    assert repr(one) == repr(other)


def test_the_last_policy_counts() -> None:
    builder = ProcPolicyBuilder().allow_risky_binaries()
    builder = builder.risky_bin_policy(RiskyBinPolicy.DenyByDefault)
    assert repr(builder) == repr(ProcPolicyBuilder())


@pytest.mark.parametrize(
    "number", [-1, 3, 2**31, 2**32, 2**32 + 2, -(2**32) + 2, 2**63, 2**70]
)
def test_an_unknown_policy_is_refused(number: int) -> None:
    """Those that a C int would cut to a known one, too."""
    with pytest.raises(LimitInvalid):
        ProcPolicyBuilder().risky_bin_policy(number)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["Disabled", 2.0, None, True])
def test_a_policy_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        ProcPolicyBuilder().risky_bin_policy(value)  # type: ignore[arg-type]

"""Programs of the same name by several makers: GNU, BusyBox, uutils, BSD."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import LINUX, made, marks_of, policy_for, program
from everyday import told, without_us, write_examples
from hosts import PORTABLE, on_linux
from proc_jail import (
    ArgRules,
    ArgRulesInvalid,
    BinNotAllowed,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Sandbox,
    SandboxUnavailable,
    Text,
    _core,
)
from proc_jail._policy.model import names_of
from proc_jail.profiles import PROFILES
from proc_jail.profiles.base import tables_of

# Where Debian's rust-coreutils, rust-findutils and rust-sed have programs.
UUTILS = [f"/usr/lib/cargo/bin/{n}" for n in ("coreutils", "findutils", "sed")]
OTHERS = ["BSD", "toybox", None]


def applet(folder: Path, name: str) -> str:
    """A link by which BusyBox is a program, or skip."""
    link = folder / name
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(program("busybox"))
    return str(link)


def rust(name: str) -> str:
    """A program of uutils, or skip."""
    for folder in UUTILS:
        if os.path.exists(f"{folder}/{name}"):
            return f"{folder}/{name}"
    pytest.skip(f"{name} of uutils is not installed")


def table_at(path: str | Path) -> str | None:
    """The table that a policy has for the program at a path."""
    (allowed,) = policy_for(str(path)).programs()
    assert _core._program_at(str(path))[0] == allowed.table
    return allowed.table


# ---- whose program a file is ----


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_what_is_installed_has_its_table(name: str) -> None:
    if not LINUX:
        pytest.skip("elsewhere programs are of other makers")
    assert table_at(program(name)) in _core._program_tables(name)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("grep", "busybox_grep"),
        ("egrep", "busybox_grep"),
        ("sha1sum", "busybox_md5sum"),
        ("unxz", "busybox_xz"),
        ("ls", "busybox_ls"),
        ("diff", None),
        ("b2sum", None),
    ],
)
def test_an_applet_has_a_table_of_its_own(
    name: str, table: str | None, tmp_path: Path
) -> None:
    assert table_at(applet(tmp_path, name)) == table
    # A copy, or a hard link, has the name itself.
    (tmp_path / "copy").mkdir()
    shutil.copy(program("busybox"), tmp_path / "copy" / name)
    assert table_at(tmp_path / "copy" / name) == table


def test_programs_of_uutils() -> None:
    assert table_at(rust("ls")) == "uutils_ls"
    assert table_at(rust("base64")) == "uutils_base32"
    assert table_at(rust("hostid")) == "uutils_whoami"


@pytest.mark.parametrize("maker", OTHERS)
@pytest.mark.parametrize("name", ["grep", "ls", "xz", "hexdump", "nm"])
def test_another_maker_has_no_table(
    name: str, maker: str | None, tmp_path: Path
) -> None:
    assert table_at(made(tmp_path / name, maker)) is None


def test_scripts_are_what_they_are(tmp_path: Path) -> None:
    """Those of GNU run its grep; any other may run whatever it likes."""
    script = tmp_path / "egrep"
    script.write_text('#!/bin/sh\nexec grep -E "$@"\n')
    script.chmod(0o755)
    assert table_at(script) == "grep"
    script.write_text('#!/bin/sh\nexec /opt/bin/grep -E "$@"\n')
    assert table_at(script) is None


def test_a_program_of_one_maker_needs_no_mark(tmp_path: Path) -> None:
    assert table_at(made(tmp_path / "jq", None)) == "jq"


def test_a_name_that_leads_to_another(tmp_path: Path) -> None:
    """As alternatives do: w is w.procps."""
    for maker, table in (("GNU", "grep"), ("BSD", None), (None, None)):
        folder = tmp_path / str(maker)
        made(folder / "ggrep", maker)
        (folder / "grep").symlink_to("ggrep")
        assert table_at(folder / "grep") == table


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    place = made(tmp_path / "grep", "GNU")
    place.chmod(0o111)
    readable = os.access(place, os.R_OK)  # by root it always is
    assert table_at(place) == ("grep" if readable else None)


def test_a_renamed_busybox_is_many_programs(tmp_path: Path) -> None:
    """One allowed name of it is not another, whatever its file is called."""
    shutil.copy(program("busybox"), tmp_path / "grep")
    (tmp_path / "echo").symlink_to("grep")
    (tmp_path / "rm").symlink_to("grep")
    policy = policy_for(str(tmp_path / "echo"))
    assert policy.run(tmp_path / "echo", ["x"]).stdout == b"x\n"
    for name in ("grep", "rm"):
        refused = policy.check(ProcRequest(tmp_path / name, ["x"]))
        assert isinstance(refused, BinNotAllowed)


# ---- what it means for rules and profiles ----


@pytest.mark.parametrize("maker", OTHERS)
def test_a_table_is_not_read_for_another_maker(
    maker: str | None, tmp_path: Path
) -> None:
    """There -n may take a value, and -nr be a word of its own."""
    path = str(made(tmp_path / "grep", maker))
    rules = (
        ArgRules()
        .flag("-n")
        .flag("-r")
        .option("-m", Text(10))
        .positional("words", Text(100), max=None)
    )
    policy = policy_for(path, rules)
    gnu = policy_for(str(made(tmp_path / "gnu" / "grep", "GNU")), rules)
    for argv in (
        ["-nr", "x"],
        ["-m5", "x"],
        ["x", "-n"],
        ["--line-number", "x"],
    ):
        assert policy.check(ProcRequest(path, argv)) is not None, argv
        gnu.prepare(ProcRequest(tmp_path / "gnu" / "grep", argv))
    policy.prepare(ProcRequest(path, ["-n", "-m", "5", "x"]))
    # A name that GNU has, and that nobody knows here.
    with pytest.raises(ArgRulesInvalid, match="matches no option"):
        policy_for(
            str(tmp_path / "gnu" / "grep"), ArgRules().flag("--nothing")
        )
    policy_for(path, ArgRules().flag("--nothing"))
    # Plain rules compare words, with or without a table.
    plain = ArgRules().allowed_flags(["-n"]).max_flags(1).max_positionals(1)
    policy_for(path, plain).prepare(ProcRequest(path, ["-n", "x"]))


@pytest.mark.parametrize("maker", OTHERS)
@pytest.mark.parametrize("name", ["grep", "sed", "tar", "sha1sum", "ps"])
def test_a_profile_on_another_maker_is_refused(
    name: str, maker: str | None, tmp_path: Path
) -> None:
    place = made(tmp_path / name, maker)
    makers = [found["maker"] for found in tables_of(PROFILES[name])]
    is_of = "has no mark of them" if maker is None else f"is of {maker}"
    with pytest.raises(ArgRulesInvalid) as caught:
        ProcPolicyBuilder().profile(name, read=["/srv"], path=place)
    assert str(caught.value) == (
        f"argument rules invalid: the profile {name} is for the {name} of "
        f"{' or '.join(makers)}, and {place} {is_of}; write rules for it, "
        "as for a program without a profile"
    )


def test_a_profile_depends_on_what_it_forces(tmp_path: Path) -> None:
    profile = PROFILES["sed"]
    box = _core._program("busybox_sed")
    assert box is not None
    with pytest.raises(ArgRulesInvalid, match="depends on --sandbox, which"):
        type(profile)("sed", "edit", force=("--sandbox",)).by(box)
    with pytest.raises(ArgRulesInvalid, match="depends on -q"):
        type(profile)("sed", "edit", require=("-q",)).by(box)


# ---- the profiles, with the programs of others ----


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the examples name."""
    root = tmp_path_factory.mktemp("tree").resolve()
    write_examples(root)
    for words in (["tar", "cf", "a.tar", "a.txt"], ["xz", "-k", "a.txt"]):
        subprocess.run([program(words[0]), *words[1:]], cwd=root, check=True)
    (root / "a.txt.xz").rename(root / "a.xz")
    return root


def others() -> list[tuple[str, str]]:
    return [
        (found["maker"], name)
        for name, profile in PROFILES.items()
        for found in tables_of(profile)[1:]
    ]


def place_of(maker: str, name: str, folder: Path) -> str:
    return applet(folder, name) if maker == "BusyBox" else rust(name)


def policy_of(maker: str, name: str, tree: Path, folder: Path) -> ProcPolicy:
    place = place_of(maker, name, folder)
    if _core._program_at(place)[0] is None:
        pytest.skip(f"{name} of this {maker} has none")
    builder = ProcPolicyBuilder().profile(name, read=[tree], path=place)
    return builder.cwd(tree).build()


@pytest.mark.parametrize(("maker", "name"), others())
def test_examples_of_a_profile(
    maker: str, name: str, tree: Path, tmp_path: Path
) -> None:
    """What passes runs as without us; what is refused for GNU is here too."""
    if PORTABLE and (maker, name) == ("BusyBox", "sed"):
        with pytest.raises(SandboxUnavailable):
            policy_of(maker, name, tree, tmp_path)
        return
    policy = policy_of(maker, name, tree, tmp_path)
    place = place_of(maker, name, tmp_path)
    passed = 0
    for line in PROFILES[name].match:
        argv = shlex.split(line)
        if policy.check(ProcRequest(place, argv)) is None:
            ours = told(policy.run(place, argv))
            assert ours == without_us([place, *argv], tree, {}, None), line
            passed += 1
    assert passed > 0
    for line in PROFILES[name].not_match:
        refused = policy.check(ProcRequest(place, shlex.split(line)))
        assert refused is not None, line
        assert (refused.code or "").startswith("Arg"), line


@on_linux
@pytest.mark.parametrize("script", ["w {out}", "s/foo/x/w {out}", "r {in}"])
def test_a_script_of_busybox_is_held_by_the_kernel(
    script: str, tree: Path, tmp_path: Path
) -> None:
    """Its sed has no --sandbox; the attack succeeds without the rules."""
    sed = applet(tmp_path, "sed")
    out, secret = tmp_path / "out", tmp_path / "secret"
    secret.write_text("secret\n")
    line = script.replace("{out}", str(out)).replace("{in}", str(secret))
    plain = ArgRules().max_positionals(2)
    free = policy_for(sed, plain, lambda b: b.cwd(tree).sandbox(Sandbox()))
    output = free.run(sed, [line, "a.txt"])
    assert out.exists() or b"secret" in output.stdout
    out.unlink(missing_ok=True)
    policy = policy_of("BusyBox", "sed", tree, tmp_path)
    output = policy.run(sed, [line, "a.txt"])
    assert not out.exists()
    assert b"secret" not in output.stdout
    (allowed,) = policy.programs()
    assert allowed.runs_nothing
    assert allowed.write_roots == ()


# ---- the tables, asked of the programs themselves ----


def spellings() -> list[tuple[str, str, str, str]]:
    """Table, what its program is called, an option, and its arity."""
    found = []
    for name in _core._program_names():
        table: dict[str, Any] = _core._program(name) or {}
        if table["name"] == table["called"] or name.startswith("git_"):
            continue
        found += [
            (name, table["called"], option, row["arity"])
            for row in table["options"]
            for option in names_of(row)
            if row["form"] == "option"
            and row["name"] not in ("help", "version")
            and not re.fullmatch(r"-\d", option)
        ]
    return found


# What libc's getopt says, and the parser of uutils in two versions.
LACKS = (
    r"requires an argument|requires a value|a value is required"
    r"|[Ee]qual sign is needed"
)
UNKNOWN = (
    r"invalid option|unrecognized option|wasn't expected|unexpected argument"
)
NEXT = r"(unrecognized option:?|argument) '?(--)?no-such-option"
TOO_MUCH = r"doesn't allow an argument|unexpected value|wasn't expecting"
# Not a letter, a file or a value of anything.
PROBE = "\x01"


def asked(place: str, *argv: str) -> str:
    """What a program says of arguments that it refuses."""
    run = subprocess.run(
        [place, *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        cwd="/",
    )
    return run.stdout.decode(errors="replace")


def is_as_said(place: str, option: str, arity: str) -> bool | None:
    """Whether an option takes as many values; None if there is none."""
    # A value would be taken for one, if it took any.
    behind = [] if arity == "required" else ["--no-such-option"]
    said = asked(place, option, *behind)
    if arity == "required" and re.search(LACKS, said):
        return True
    if not re.search(NEXT, said):
        return None if re.search(UNKNOWN, said) else False
    if option.startswith("--"):
        said = asked(place, f"{option}={PROBE}", "--no-such-option")
        return (arity == "no_value") == bool(re.search(TOO_MUCH, said))
    said = asked(place, option + PROBE, "--no-such-option")
    is_letter = re.search(UNKNOWN, said) and not re.search(NEXT, said)
    return (arity == "no_value") == bool(is_letter)


@pytest.mark.parametrize(
    "table", sorted({name for name, _, _, _ in spellings()})
)
def test_options_take_what_the_table_says(table: str, tmp_path: Path) -> None:
    rows = [row[1:] for row in spellings() if row[0] == table]
    maker = "BusyBox" if table.startswith("busybox_") else "uutils"
    place = place_of(maker, rows[0][0], tmp_path)
    found = {option: is_as_said(place, option, a) for _, option, a in rows}
    assert False not in found.values(), found
    if True not in found.values():
        pytest.skip(f"this {maker} is of another version")


@pytest.mark.parametrize("maker", ["BusyBox", "uutils"])
def test_words_of_find_take_what_the_table_says(
    maker: str, tmp_path: Path
) -> None:
    place = place_of(maker, "find", tmp_path)
    table = _core._program(f"{maker.lower()}_find")
    assert table is not None
    for row in table["options"]:
        word = row["name"]
        if row["effect"] == "write" or re.fullmatch(r"[(),!]|-[HLP]", word):
            continue
        said = asked(place, str(tmp_path), "-name", "x", word)
        if re.search(r"unrecognized|unknown predicate|Unrecognized", said):
            continue  # of another version
        lacks = re.search(r"requires|missing|[Ee]xpected an? expr", said)
        takes = row["arity"] != "no_value"
        joins = word in ("-a", "-and", "-o", "-or", "-not")
        assert bool(lacks) == takes or joins, (word, said)


def test_marks_are_those_of_one_maker() -> None:
    """What tells one from the other is not in the other's programs."""
    for name in ("grep", "ls", "sed", "find", "tar"):
        data = Path(program(name)).read_bytes()
        if not LINUX or marks_of("GNU").strip(b"\0") not in data:
            pytest.skip("these are not of GNU")
        for maker in ("BusyBox", "toybox", "uutils", "BSD"):
            assert marks_of(maker).strip(b"\0") not in data, (name, maker)

"""Nothing depends on the locale of the host, at its start or set later."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import hosts
from conftest import HELPERS, once, program

# In Turkish I and i are two letters, and a number has a comma; in English
# a range of letters has those with accents.
NAMES = ["tr_TR.UTF-8", "en_US.UTF-8"]
UTF8 = Path("/usr/lib/locale/C.utf8")


def make_locales(folder: Path) -> None:
    folder.mkdir()
    for name in NAMES:
        source = name.partition(".")[0]
        subprocess.run(
            ["localedef", "-c", "-i", source, "-f", "UTF-8", folder / name],
            capture_output=True,
            check=False,
        )
    if UTF8.is_dir():
        (folder / UTF8.name).symlink_to(UTF8)


@pytest.fixture(scope="module")
def locales() -> Path:
    """A folder for LOCPATH with the locales of NAMES, and that of C."""
    if shutil.which("localedef") is None:
        pytest.skip("no localedef here")
    folder = once("locales", make_locales)
    for name in NAMES:
        if not (folder / name).is_dir():
            pytest.skip(f"{name} cannot be made")
    return folder


@pytest.fixture(params=NAMES)
def name(
    request: pytest.FixtureRequest,
    locales: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """A locale that hosts can have."""
    monkeypatch.setenv("LOCPATH", os.fspath(locales))
    chosen: str = request.param
    return chosen


@pytest.fixture(params=["environment", "setlocale"])
def setting(
    request: pytest.FixtureRequest,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Code that a host begins with, which has the locale then."""
    monkeypatch.setenv("LC_ALL", name if request.param != "setlocale" else "C")
    return f"""
import locale
assert locale.setlocale(locale.LC_CTYPE)
assert locale.setlocale(locale.LC_ALL, {name!r})
"""


def run(setting: str, code: str, *args: str) -> str:
    return hosts.run_host(setting + code, *args)


VARIABLES = """
names = ["npm_config_script_shell", "LD_PRELOAD", "git_ssh", "Git_Dir"]
policy = policy_for(
    "/usr/bin/env", None,
    lambda b: b.env_allowlist(names).allow_risky_binaries())
command = policy.prepare(
    ProcRequest("/usr/bin/env", [], dict.fromkeys(names, "/tmp/evil")))
print(sorted(command.env), len(command.stripped_env))
"""


def test_the_table_of_variables(setting: str) -> None:
    out = run(setting, VARIABLES)
    assert "npm_config_script_shell" not in out
    assert out == hosts.run_host(VARIABLES)


def test_the_table_of_risky_programs(setting: str, tmp_path: Path) -> None:
    for tool in ("PIP3", "GIT-SHELL", "TIMEOUT", "PIP3.11"):
        path = tmp_path / tool
        shutil.copyfile(program("true"), path)
        path.chmod(0o755)
    out = run(
        setting,
        """
from proc_jail import risk_of
for tool in ("PIP3", "GIT-SHELL", "TIMEOUT", "PIP3.11"):
    print(risk_of(os.path.join(sys.argv[1], tool)).name)
""",
        os.fspath(tmp_path),
    )
    assert out.split() == ["Package", "Shell", "Spawner", "Package"]


PATTERNS = """
from proc_jail import ArgRules, Pattern
asked = [
    ("[a-z]+", "é"), ("[a-z]+", "e"), ("[[:alnum:]]+", "é"), (".", "é"),
    ("..", "é"), ("[A-Z]+", "i"), ("[[:upper:]]", "İ"), ("[é]", "é"),
    ("[^a-z]", "é"), ("[[:alpha:]]{2}", "éI"), ("[é-]", "É"),
]
for expression, text in asked:
    rules = ArgRules().positional("p", Pattern(expression))
    policy = policy_for("/bin/true", rules)
    print(policy.check(ProcRequest("/bin/true", [text])) is None, end=" ")
"""
# As in C.UTF-8.
MEANT = "False True True True False False True True True True False"


def test_patterns(setting: str) -> None:
    assert run(setting, PATTERNS).split() == MEANT.split()


def test_patterns_of_a_policy_that_was_built_before(name: str) -> None:
    """Its expression is compiled again later, in another locale."""
    code = """
        import locale
        from proc_jail import ArgRules, Pattern
        rules = ArgRules().positional("p", Pattern("[a-z]+|[àéü]|x{3}"))
        policy = policy_for("/bin/true", rules)
        texts = ["abc", "é", "É", "ae" * 1000]
        def ask():
            return [
                policy.check(ProcRequest("/bin/true", [t])) is None
                for _ in range(20) for t in texts
            ]
        before = ask()
        locale.setlocale(locale.LC_ALL, sys.argv[1])
        assert ask() == before
        locale.setlocale(locale.LC_ALL, "C")
        assert ask() == before
        print(before[:4])
        """
    out = hosts.run_host(code, name)
    assert out == "[True, True, False, True]\n"


@hosts.on_linux
def test_patterns_where_there_is_no_utf8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASCII means what it always does, and nothing else is taken."""
    if os.environ.get("PJ_SANITIZE"):
        pytest.skip("its runtime has to be loaded first")
    preload = os.fspath(tmp_path / "no_utf8.so")
    source = HELPERS / "no_utf8.c"
    options = ["-Wall", "-Werror", "-D_GNU_SOURCE", "-fPIC", "-shared"]
    subprocess.run(["cc", *options, "-o", preload, source], check=True)
    monkeypatch.setenv("LD_PRELOAD", preload)
    out = hosts.run_host(
        """
        from proc_jail import ArgRules, Pattern, ValueTypeInvalid
        rules = ArgRules().positional("p", Pattern("[^/]+"))
        policy = policy_for("/bin/true", rules)
        for text in ("abc", "é", "a/b"):
            print(policy.check(ProcRequest("/bin/true", [text])) is None)
        try:
            Pattern("é")
        except ValueTypeInvalid as error:
            print(error)
        """
    )
    assert out.splitlines() == [
        "True",
        "False",
        "False",
        "value type invalid: this system has no locale C.UTF-8, without "
        "which a Pattern is ASCII only: 'é'",
    ]


def test_texts_of_errors(setting: str) -> None:
    out = run(
        setting,
        """
from proc_jail import Pattern, ProcJailError
def told(act):
    try:
        act()
    except ProcJailError as error:
        print(error)
told(lambda: Pattern("[z-a]"))
told(lambda: policy_for("/bin/sleep", None, lambda b: b.timeout(0.25))
     .run("/bin/sleep", ["1000"]))
resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))
told(lambda: policy_for("/bin/true"))
""",
    )
    pattern, timeout, full = out.splitlines()
    assert pattern == "value type invalid: Invalid range end: '[z-a]'"
    assert "(limit: 0.250 s)" in timeout
    assert "," not in timeout.partition(";")[0]
    assert "Too many open files" in full

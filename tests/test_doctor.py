"""The doctor: what it says of this system, and of lesser ones, is true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import proc_jail
from conftest import compiled
from containment import attack, uids
from hosts import on_linux, reap_orphans
from proc_jail import ProcPolicyBuilder, Sandbox, Tree

HELPER = Path(__file__).parent / "helpers/fake_landlock.c"
ENOSYS, EPERM, EOPNOTSUPP = -38, -1, -95

# For each control, an attack that its absence lets through, as words for a
# host whose id is {host}; and what then is seen.
ATTACKS = {
    "host_signals": ("signal_pid", "kill", "{host}", "0"),
    "host_shield": ("open_file", "write", "/proc/{host}/comm"),
    "session_lock": ("leave", "setsid"),
}
VERDICTS = {
    "default": "None",
    "Sandbox.compat()": "Sandbox.compat()",
    "Sandbox().tree(Tree.PidNamespace)": "Sandbox().tree(Tree.PidNamespace)",
}

# Compares each verdict with what attacks achieve; prints what was found.
TRUTH = """
import json, os, sys, warnings
from proc_jail import *
warnings.simplefilter("ignore")
attacks, sandboxes, paths = json.loads(sys.argv[1])
found = doctor()
verdicts = {one.sandbox: one for one in found.verdicts}

def escapes(sandbox, name, *words):
    path = paths[name]
    made = ProcPolicyBuilder().allow_bin(path)
    made = made.arg_rules(path, ArgRules().max_positionals(9))
    if sandbox is not None:
        made = made.sandbox(sandbox)
    words = [word.format(host=os.getpid()) for word in words]
    output = made.build().run(path, words)
    return output.stdout == b"ESCAPED\\n", output.sandbox

wrong = []
for name, text in sandboxes.items():
    verdict = verdicts.get(name)
    if verdict is None or verdict.error is not None:
        continue
    sandbox = eval(text)
    for control, words in attacks.items():
        if control not in verdict.enforced + verdict.missing:
            continue
        escaped, report = escapes(sandbox, *words)
        if report.enforced != verdict.enforced:
            wrong.append([name, "report", report, verdict])
        if report.missing != verdict.missing:
            wrong.append([name, "missing", report, verdict])
        if escaped and control in verdict.enforced:
            wrong.append([name, control, "claimed, and escaped"])
        if not escaped and control in verdict.missing:
            wrong.append([name, control, "missing, and held"])
print(json.dumps([found.to_dict(), wrong]))
"""


def examine(
    begin: list[str], env: dict[str, str], uid: int
) -> tuple[dict[str, object], list[object]]:
    """What the doctor of such a host says, and where it is wrong."""
    paths = {words[0]: attack(words[0]) for words in ATTACKS.values()}
    data = json.dumps([ATTACKS, VERDICTS, paths])
    told, wrong = json.loads(run_in(begin, TRUTH, uid, data, **env))
    return told, wrong


def run_in(
    begin: list[str], code: str, uid: int, *args: str, **env: str
) -> str:
    """What Python prints there, as this user."""
    lead = "import proc_jail, containment\n"
    if uid != os.geteuid():
        lead += f"containment.become({uid})\n"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [*begin, sys.executable, "-c", lead + code, *args],
        env={**os.environ, "PYTHONPATH": path, **env},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reap_orphans()
    return done.stdout


def first_example() -> str:
    text = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def fact(told: dict[str, object], name: str) -> dict[str, str]:
    facts = told["facts"]
    assert isinstance(facts, list)
    return next(one for one in facts if one["name"] == name)


def missing_in(told: dict[str, object], sandbox: str) -> list[str]:
    verdicts = told["verdicts"]
    assert isinstance(verdicts, list)
    return next(v["missing"] for v in verdicts if v["sandbox"] == sandbox)


LANDLOCKS = {
    ENOSYS: ("missing", "ENOSYS"),
    EPERM: ("missing", "refused by the filter of a container"),
    EOPNOTSUPP: ("missing", "not switched on at boot"),
    1: ("partial", "Linux 6.12"),
    4: ("partial", "Linux 6.12"),
    6: ("ok", ""),
}


@on_linux
@uids
@pytest.mark.parametrize("answer", LANDLOCKS)
def test_it_tells_the_truth_about_landlock(answer: int, uid: int) -> None:
    helper = compiled("fake_landlock.so", HELPER, shared=True)
    env = {"LD_PRELOAD": helper, "FAKE_LANDLOCK": str(answer)}
    told, wrong = examine([], env, uid)
    assert wrong == []
    state, cause = LANDLOCKS[answer]
    found = fact(told, "Landlock")
    assert found["state"] == state
    assert cause in found["cause"]
    assert (found["change"] == "") is (state == "ok")
    lacks = missing_in(told, "default")
    assert ("host_signals" in lacks) is (answer < 6)
    assert ("host_shield" in lacks) is (answer < 0)


@on_linux
@uids
@pytest.mark.parametrize(
    ("lacking", "name", "cause"),
    [
        ("seccomp", "seccomp", "ENOSYS: this kernel has no filters"),
        ("namespaces", "pid namespaces", "refused by the filter"),
        ("landlock", "Landlock", "ENOSYS: this kernel was built without it"),
        ("gvisor", "seccomp", ""),
        ("faccessat2", "sessions", ""),
    ],
)
def test_it_tells_the_truth_inside_of_filters(
    lacking: str, name: str, cause: str, uid: int
) -> None:
    told, wrong = examine([attack("without"), lacking], {}, uid)
    assert wrong == []
    found = fact(told, name)
    if lacking == "namespaces" and "closed by" in found["cause"]:
        cause = "closed by"
    assert found["state"] == ("missing" if cause else "ok")
    assert cause in found["cause"]
    assert fact(told, "outer filter")["found"] == "around this process"


OLD_CONTAINER = "landlock,namespaces,faccessat2"
SURROUNDINGS = {
    "container": lambda: [attack("without"), OLD_CONTAINER],
    "process 1": lambda: ["unshare", "--pid", "--fork", "--mount-proc"],
    "user namespace": lambda: ["unshare", "--user", "--map-root-user"],
    "no capabilities": lambda: [
        *("setpriv", "--bounding-set=-all", "--inh-caps=-all"),
        "--no-new-privs",
    ],
}
# The example of the README, and what it went without as the doctor says it.
EXAMPLE = """
import warnings
from proc_jail import doctor
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    exec(example)
    verdict = doctor().verdicts[0]
print(output.sandbox.missing == verdict.missing, verdict.error)
"""


@on_linux
@uids
@pytest.mark.parametrize("where", SURROUNDINGS)
def test_the_first_example_runs_there(where: str, uid: int) -> None:
    """And the doctor is right about that place, by what attacks achieve."""
    begin = SURROUNDINGS[where]()
    tried = subprocess.run(
        [*begin, "/bin/true"], capture_output=True, check=False
    )
    changes = uid != os.geteuid() and where != "container"
    if tried.returncode != 0 or changes:
        pytest.skip(f"{begin[0]} is not allowed, or leaves no other user")
    _, wrong = examine(begin, {}, uid)
    assert wrong == []
    example = f"example = {first_example()!r}\n"
    told = run_in(begin, example + EXAMPLE, uid)
    assert told.startswith("1:root:")
    assert told.splitlines()[-1] == "True None"


@on_linux
def test_what_is_inside_a_locked_session_is_told() -> None:
    """And the remedy works."""
    code = (
        "from proc_jail import doctor\n"
        "found = doctor()\n"
        "print(found.facts[0].state, found.verdicts[0].error)\n"
    )

    def inside(sandbox: Sandbox) -> str:
        path = sys.executable
        builder = ProcPolicyBuilder().allow_bin(path).allow_risky_binaries()
        rules = proc_jail.ArgRules().allowed_flags(["-c"]).max_flags(1)
        rules = rules.max_positionals(1)
        policy = builder.arg_rules(path, rules).sandbox(sandbox).build()
        return policy.run(path, ["-c", code]).stdout_string()

    told = inside(Sandbox())
    assert told.startswith("missing no command can have a session")
    assert ".tree(Tree.PidNamespace)" in told
    state, _, _ = inside(Sandbox().tree(Tree.PidNamespace)).partition(" ")
    assert state == "ok"


def test_its_verdicts_are_those_of_policies() -> None:
    found = proc_jail.doctor()
    assert found.system["proc_jail"] == proc_jail.__version__
    sandboxes = {
        "Sandbox()": Sandbox(),
        "Sandbox.strict()": Sandbox.strict(),
        "Sandbox().max_memory(2**30)": Sandbox().max_memory(2**30),
    }
    for verdict in found.verdicts:
        if verdict.sandbox not in sandboxes:
            continue
        builder = ProcPolicyBuilder().allow_bin("/bin/sh")
        builder = builder.arg_rules("/bin/sh", proc_jail.ArgRules())
        builder = builder.sandbox(sandboxes[verdict.sandbox])
        if verdict.error is not None:
            with pytest.raises(proc_jail.SandboxUnavailable) as caught:
                builder.build()
            assert verdict.error == str(caught.value)
            assert set(verdict.missing) >= set(caught.value.controls or ())
            continue
        (program,) = builder.build().programs()
        assert verdict.enforced == program.sandbox.enforced
        assert verdict.missing == program.sandbox.missing


def command(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proc_jail", "doctor", *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_json() -> None:
    done = command("--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout).keys() == {
        "system",
        "container",
        "facts",
        "verdicts",
    }


def test_the_command_prints_lines() -> None:
    done = command()
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^default\tok\t", done.stdout, re.MULTILINE)


@on_linux
def test_the_container_is_named() -> None:
    done = command("--json", AWS_LAMBDA_FUNCTION_NAME="f")
    assert json.loads(done.stdout)["container"] == "lambda"


@on_linux
def test_without_filters_the_default_cannot_be_built() -> None:
    done = subprocess.run(
        [
            *(attack("without"), "seccomp", sys.executable),
            *("-m", "proc_jail", "doctor"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"^default\terror\t.*syscall_filter", done.stdout, re.M)
    assert "CONFIG_SECCOMP_FILTER" in done.stdout

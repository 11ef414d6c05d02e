"""Kernels with less Landlock than ours: what the default makes of them.

A preloaded object answers for the kernel; what is then asked of it the real
one does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import compiled
from containment import attack, folder, uids

ROOT = Path(__file__).parent.parent
HELPER = Path(__file__).parent / "helpers/fake_landlock.c"
ENOSYS, EPERM, EOPNOTSUPP = -38, -1, -95

# What the kernel answers; what the default then goes without.
MISSING = {
    ENOSYS: ["host_shield", "host_signals"],
    EPERM: ["host_shield", "host_signals"],
    EOPNOTSUPP: ["host_shield", "host_signals"],
    1: ["host_signals"],
    2: ["host_signals"],
    4: ["host_signals"],
    6: [],
}
CAUSES = {
    ENOSYS: "(ENOSYS: not in this kernel)",
    EPERM: "(EPERM: refused by a container's filter)",
    EOPNOTSUPP: "(EOPNOTSUPP: not switched on at boot by lsm=)",
}
answers = pytest.mark.parametrize("answer", MISSING)

PRELUDE = """
import json, os, warnings
from proc_jail import *

def builder(sandbox=None, rules=None, path="/bin/cat"):
    rules = rules or ArgRules().max_positionals(9)
    made = ProcPolicyBuilder().allow_bin(path).arg_rules(path, rules)
    made = made.allow_risky_binaries()
    return made if sandbox is None else made.sandbox(sandbox)

def run(sandbox, path, *args):
    return builder(sandbox, None, path).build().run(path, list(args))

def refused(make):
    try:
        make()
    except SandboxUnavailable as error:
        return error
    raise AssertionError("it was built")
"""


def ask(
    answer: int, code: str, uid: int | None = None, *flags: str
) -> subprocess.CompletedProcess[str]:
    """Run Python on such a kernel, as this user."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    if uid is not None:
        # The interpreter may be where this user cannot go.
        begin = "import proc_jail, containment\ncontainment.become"
        code = f"{begin}({uid})\n{code}"
    done = subprocess.run(
        [sys.executable, *flags, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": path,
            "LD_PRELOAD": compiled("fake_landlock.so", HELPER, shared=True),
            "FAKE_LANDLOCK": str(answer),
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done


def first_example() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


@uids
@answers
def test_the_first_example_runs(answer: int, uid: int) -> None:
    show = "\nprint('missing', *output.sandbox.missing)"
    done = ask(answer, first_example() + show, uid)
    assert done.stdout.startswith("1:root:")
    missing = done.stdout.splitlines()[-1].split()
    assert missing == ["missing", *MISSING[answer]]
    assert done.stderr.count("SandboxWarning") == bool(MISSING[answer])


@answers
def test_what_is_missing_is_told_once(answer: int) -> None:
    code = """
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    for _ in range(3):
        builder().build()
print(json.dumps([str(one.message) for one in seen]))
assert all(one.category is SandboxWarning for one in seen)
assert issubclass(SandboxWarning, RuntimeWarning)
"""
    told = json.loads(ask(answer, PRELUDE + code).stdout)
    assert len(told) == bool(MISSING[answer])
    for text in told:
        assert all(name in text for name in MISSING[answer])
        assert CAUSES.get(answer, f"Landlock ABI {answer}") in text
        names = ", ".join(f'"{name}"' for name in MISSING[answer])
        assert f".sandbox(Sandbox().best_effort({names}))" in text
        assert f"[sandbox] best_effort = [{names}]" in text


def test_another_thread_does_not_tell_it_again() -> None:
    """One builds while another one is being warned."""
    code = """
from threading import Thread
seen = []

def show(*told):
    seen.append(told)
    if len(seen) == 1:
        thread = Thread(target=lambda: builder().build())
        thread.start()
        thread.join()

warnings.showwarning = show
warnings.simplefilter("always")
builder().build()
builder().build()
print(len(seen))
"""
    assert ask(ENOSYS, PRELUDE + code).stdout == "1\n"


def test_naming_a_sandbox_silences_it() -> None:
    code = """
warnings.simplefilter("error")
names = "host_signals", "host_shield"
builder(Sandbox().best_effort(*names)).build()
builder(Sandbox.compat()).build()
for _ in range(2):
    try:
        builder().build()
    except SandboxWarning:
        print("raised")
"""
    assert ask(ENOSYS, PRELUDE + code).stdout == "raised\n" * 2


NAMED = {
    "Sandbox()": [],
    "Sandbox.strict()": ["write_roots"],
    "Sandbox.compat().write('/tmp')": ["write_roots"],
}


@pytest.mark.parametrize("answer", [ENOSYS, 1])
def test_running_nothing_needs_landlock(answer: int) -> None:
    """The filter alone leaves execveat, which can be given any path."""
    code = f"""
path = {attack("execute_path")!r}
rules = ArgRules().max_positionals(9).run_nothing()
made = builder(None, rules, path)
if {answer} < 0:
    assert refused(made.build).controls == ("exec_lock",)
    names = "host_shield", "host_signals", "exec_lock"
    made = made.sandbox(Sandbox().best_effort(*names))
output = made.build().run(path, ["path", "/bin/sh"])
print(output.stdout == b"ESCAPED\\n", *output.sandbox.missing)
"""
    flags = ("-W", "ignore::RuntimeWarning")
    told = ask(answer, PRELUDE + code, None, *flags).stdout
    missing = "host_shield host_signals exec_lock"
    assert told == (f"True {missing}\n" if answer < 0 else "False\n")


@answers
@pytest.mark.parametrize("sandbox", NAMED)
def test_a_named_sandbox_is_required(answer: int, sandbox: str) -> None:
    """All that is lacking at once, with the cause, and what accepts it."""
    code = f"""
sandbox = {sandbox}
try:
    builder(sandbox).build()
except SandboxUnavailable as error:
    assert error.control == error.controls[0]
    assert all(name in str(error) for name in error.controls)
    assert error.needs in str(error) and error.found in str(error)
    call = str(error).rpartition(" with ")[2]
    built = builder(eval("sandbox" + call)).build()
    missing = built.run("/bin/true" if 0 else "/bin/cat", []).sandbox.missing
    assert set(error.controls) == set(missing), missing
    print(error.found)
    print(*error.controls)
else:
    print("built")
"""
    lines = ask(answer, PRELUDE + code, None, "-W", "error").stdout.split("\n")
    if answer >= 6 or (answer > 0 and "compat" in sandbox):
        assert lines[0] == "built"
        return
    assert CAUSES.get(answer, f"Landlock ABI {answer}") in lines[0]
    named = lines[1].split()
    expected = [] if "compat" in sandbox else list(MISSING[answer])
    if answer < 0:
        expected += NAMED[sandbox]
    assert set(expected) <= set(named)
    if answer > 0:
        assert set(expected) == set(named)


@answers
def test_rules_that_name_paths_are_required(answer: int) -> None:
    """And the call that the error tells really accepts it."""
    code = """
rules = ArgRules().positional("file", ReadPath("/etc"))
try:
    builder(None, rules).build()
except SandboxUnavailable as error:
    call = str(error).rpartition(" with ")[2]
    policy = eval("builder(None, rules)" + call).build()
    print(*error.controls)
else:
    print("built")
"""
    flags = ("-W", "ignore::RuntimeWarning")
    out = ask(answer, PRELUDE + code, None, *flags).stdout
    if answer > 0:
        assert out == "built\n"
    else:
        assert "write_roots" in out
        assert "read_roots" in out
        assert "host_signals" not in out


@pytest.mark.parametrize("answer", [ENOSYS, EOPNOTSUPP])
def test_policy_files_are_told_in_their_own_words(
    answer: int, tmp_path: Path
) -> None:
    """The file is fine: the error has no line, and is none of the file."""
    text = "version = 1\n[sandbox]\npreset = 'strict'\n"
    path = tmp_path / "policy.toml"
    path.write_text(text + "best_effort = ['host_signals']\n")
    code = f"""
path = {str(path)!r}
error = refused(lambda: ProcPolicy.from_file(path))
assert error.code == "SandboxUnavailable" and error.path == path
assert ":1" not in str(error).partition("; found")[0], str(error)
assert "Sandbox(" not in str(error) and ".best_effort" not in str(error)
line = str(error).rpartition(" with [sandbox] ")[2]
with open(path, "w") as file:
    file.write({text!r} + line + "\\n")
ProcPolicy.from_file(path)
print(line)
"""
    out = ask(answer, PRELUDE + code).stdout
    assert out.startswith('best_effort = ["')


def test_the_command_line_needs_a_kernel_to_run_only(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        "version = 1\n[sandbox]\npreset = 'strict'\n"
        "[[program]]\npath = '/bin/cat'\nmax_positionals = 1\n"
    )
    code = f"""
from proc_jail.cli.main import main
statuses = []
for name in "check", "explain", "run":
    statuses.append(main([name, {str(path)!r}, "--", "/bin/cat", "/x"]))
    statuses.append(main([name, {str(path)!r}, "--", "/bin/cat", "-n"]))
statuses.append(main(["lint", {str(path)!r}]))
print(*statuses)
"""
    done = ask(ENOSYS, code)
    assert done.stdout.splitlines()[-1] == "0 3 0 3 125 125 0"
    assert re.search(r"not enforced\s+host_shield", done.stdout)
    assert done.stderr.count("SandboxUnavailable: ") == 2


def test_what_only_checks_runs_nothing() -> None:
    code = """
policy = builder(Sandbox.strict()).checks_only().build()
command = policy.prepare(ProcRequest("/bin/cat", ["/etc/passwd"]))
try:
    command.spawn_sync()
except SpawnFailed as error:
    print(error.step, error)
try:
    policy.prepare(ProcRequest("/bin/cat", ["-n"]))
except ArgTooManyFlags:
    print(*policy.programs()[0].sandbox.missing)
"""
    for answer in ENOSYS, 6:
        told = ask(answer, PRELUDE + code, None, "-W", "error").stdout
        refused, missing = told.splitlines()
        assert refused.startswith("policy failed to spawn process: ")
        assert "checks_only()" in refused
        assert ("host_shield" in missing) is (answer < 0)


CHANGES = {
    "write": 13,
    "append": 13,
    "create": 13,
    "trunc": 13,
    "trunc3": 13,
    "truncate": 1,
    "openat2": 38,
}


@uids
@pytest.mark.parametrize("answer", [1, 2])
@pytest.mark.parametrize("how", CHANGES)
def test_write_roots_are_whole(how: str, answer: int, uid: int) -> None:
    """What Landlock lacks before version 3, truncation, the filter refuses."""
    with folder(uid) as outside, folder(uid) as inside:
        for name in ("file", "other"):
            (outside / name).write_bytes(b"data")
            (outside / name).chmod(0o666)
        code = f"""
roots = Sandbox().best_effort("host_signals").write({str(inside)!r})
def attempt(sandbox, name):
    path = {str(outside)!r} + "/" + name
    output = run(sandbox, {attack("open_file")!r}, {how!r}, path)
    print(output.stdout_string().strip())
    return output.sandbox
attempt(Sandbox.compat(), "made" if {how!r} == "create" else "file")
report = attempt(roots, "make" if {how!r} == "create" else "other")
assert report.missing == ("host_signals",), report
assert "write_roots" in report.enforced, report
"""
        control, held = ask(answer, PRELUDE + code, uid).stdout.splitlines()
        assert control == "ESCAPED"
        assert held == f"{how}: errno {CHANGES[how]}"
        assert not (outside / "make").exists()
        assert (outside / "other").read_bytes() == b"data"


@pytest.mark.parametrize("answer", [1, 2])
def test_files_inside_are_written_as_ever(answer: int) -> None:
    """But truncate(), which takes a path, and openat2()."""
    with folder(65534) as inside:
        code = f"""
os.chdir({str(inside)!r})
script = "echo one > a; echo two >> a; mv a b; dd if=b of=c; : > b; rm c"
sandbox = Sandbox().best_effort("host_signals").write({str(inside)!r})
rules = ArgRules().allowed_flags(["-c"]).max_flags(1).max_positionals(1)
made = builder(sandbox, rules, "/bin/sh").cwd({str(inside)!r}).build()
output = made.run("/bin/sh", ["-c", script])
print(output.success, os.listdir(), os.stat("b").st_size)
"""
        assert ask(answer, PRELUDE + code).stdout == "True ['b'] 0\n"


SENDERS = [
    *("kill", "tgkill", "tkill", "sigqueue", "group", "pidfd"),
    *("sigio", "thread", "ioctl", "notify", "lease"),
]


@uids
@pytest.mark.parametrize("how", SENDERS)
def test_what_runs_nothing_signals_nobody(how: str, uid: int) -> None:
    """Without the scope of Landlock 6, the filter knows the child's id."""
    code = f"""
import subprocess, warnings
warnings.simplefilter("ignore")
path = {attack("signal_pid")!r}
rules = ArgRules().max_positionals(3)

def attempt(sandbox, rules):
    target = subprocess.Popen(["/bin/sleep", "99"], start_new_session=True)
    try:
        policy = builder(sandbox, rules, path).build()
        output = policy.run(path, [{how!r}, str(target.pid), "15"])
        escaped = output.stdout == b"ESCAPED\\n"
        return escaped and target.wait(9) == -15, output.sandbox
    finally:
        target.kill()
        target.wait()

print(attempt(Sandbox.compat(), rules)[0], attempt(None, rules)[0])
held, report = attempt(None, rules.run_nothing())
assert report.missing == () and "host_signals" in report.enforced, report
print(held)
"""
    assert ask(4, PRELUDE + code, uid).stdout == "True True\nFalse\n"


SANDBOXES = ["None", "Sandbox()", "Sandbox().user(65534, 65534)"]


@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_what_runs_nothing_signals_itself(sandbox: str) -> None:
    if "user" in sandbox and os.geteuid() != 0:
        pytest.skip("needs root")
    code = f"""
rules = ArgRules().allowed_flags(["-c"]).max_flags(1).max_positionals(1)
rules = rules.run_nothing()
made = builder({sandbox}, rules, "/bin/sh").cwd("/").build()
script = "trap 'echo got' USR1; kill -USR1 $$; kill -USR1 0; kill -USR1 -$$"
output = made.run("/bin/sh", ["-c", script])
print(output.stdout_string().split(), output.sandbox.missing)
print(made.run("/bin/sh", ["-c", "kill -ABRT $$"]).signal)
print(made.run("/bin/sh", ["-c", "kill -USR1 $PPID"]).exit_code)
"""
    told = ask(4, PRELUDE + code).stdout.splitlines()
    assert told == ["['got', 'got', 'got'] ()", "6", "1"]


@uids
def test_the_shield_is_held_as_far_as_it_goes(uid: int) -> None:
    """Without Landlock: the rows of the filter, and root's capabilities."""
    code = f"""
import ctypes
secret = ctypes.create_string_buffer(b"secret")
args = str(os.getpid()), str(ctypes.addressof(secret))
warnings.simplefilter("ignore")
loose = Sandbox().best_effort("host_shield", "host_signals")
for sandbox in Sandbox.compat(), None, loose:
    output = run(sandbox, {attack("vm_readv")!r}, *args)
    status = run(sandbox, "/bin/cat", "/proc/self/status").stdout_string()
    held = int(status.partition("CapPrm:")[2].split()[0], 16)
    traces = held & (1 << 19 | 1 << 38)  # CAP_SYS_PTRACE, CAP_PERFMON
    print("ESCAPED" in output.stdout_string(), traces != 0)
"""
    told = ask(ENOSYS, PRELUDE + code, uid).stdout.splitlines()
    assert told == [f"True {uid == 0}", "False False", "False False"]


def test_the_floor_stays() -> None:
    """Whatever Landlock is: session, filter, no new privileges."""
    code = """
warnings.simplefilter("ignore")
print(*run(None, "/bin/cat", "/dev/null").sandbox.enforced)
"""
    held = set(ask(ENOSYS, PRELUDE + code).stdout.split())
    assert held >= {
        "no_new_privs",
        "no_core",
        "syscall_filter",
        "session_lock",
    }


NO_FILES = """
lacking = Sandbox().network(Network.Deny).best_effort(
    "host_shield", "host_signals", "read_roots", "write_roots",
    "metadata_lock",
)

def findings(rules, sandbox=lacking):
    path = "/usr/bin/sort"
    made = ProcPolicyBuilder().cwd("/").allow_bin(path).sandbox(sandbox)
    policy = made.arg_rules(path, rules).build()
    return {f.code: f for f in lint(policy)}
"""


@pytest.mark.parametrize("answer", [ENOSYS, EPERM])
def test_the_linter_claims_nothing_that_is_not_held(answer: int) -> None:
    code = """
files = ArgRules().positional("files", ReadPath("/etc"), min=0, max=3)
found = findings(files.option("-o", Text(100)))["OptionWrites"]
assert found.severity == "error", found
assert "kernel" not in found.message, found
# The check holds the value of this one, and nobody else does.
found = findings(files.option("-o", WritePath("/tmp")))["OptionWrites"]
assert found.severity == "warning", found
assert "kernel does not hold" in found.message, found
"""
    ask(answer, PRELUDE + NO_FILES + code)


def test_tools_claim_nothing_that_is_not_held() -> None:
    code = """
from proc_jail.tools import tools_for
rules = ArgRules().positional("files", ReadPath("/etc")).run_nothing()
lacking = lacking.best_effort("exec_lock")
policy = builder(lacking, rules).build()
(program,) = policy.programs()
assert {"read_roots", "write_roots"} <= set(program.sandbox.missing)
assert program.read_roots is None and program.write_roots is None
assert not program.runs_nothing
(tool,) = tools_for(policy)
assert not tool.reach.read_only
"""
    ask(ENOSYS, PRELUDE + NO_FILES + code)

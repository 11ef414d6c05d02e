"""Sandbox: a value, its errors, what it reports, and its limits."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import policy_for, shell, whole_kernel
from containment import (
    LONER,
    NOBODY,
    ROOT,
    attack,
    folder,
    in_host,
    needs_root,
    run_here,
    uids,
)
from hosts import on_linux, run_host
from proc_jail import (
    Network,
    NulByte,
    Output,
    ProcPolicyBuilder,
    Sandbox,
    SandboxInvalid,
    SandboxReport,
    SandboxUnavailable,
    Timeout,
    Tree,
)

CHANGES: list[Callable[[Sandbox], Sandbox]] = [
    lambda s: s.read("/etc"),
    lambda s: s.read("/etc", b"/usr", Path("/bin")),
    lambda s: s.write("/tmp"),
    lambda s: s.execute("/usr/bin"),
    lambda s: s.network(Network.Deny),
    lambda s: s.network(Network.Inherit),
    lambda s: s.tree(Tree.PidNamespace),
    lambda s: s.max_memory(1 << 30),
    lambda s: s.max_data(1 << 30),
    lambda s: s.max_processes(64),
    lambda s: s.max_file_size(1 << 20),
    lambda s: s.max_open_files(64),
    lambda s: s.max_cpu_seconds(10),
    lambda s: s.umask(0o077),
    lambda s: s.user(NOBODY, NOBODY),
    lambda s: s.allow("TIOCSWINSZ"),
    lambda s: s.user(2**32 - 2, 2**31),
    lambda s: s.best_effort("host_signals", "user"),
]
PRESETS: list[Callable[[], Sandbox]] = [
    Sandbox,
    Sandbox.compat,
    Sandbox.strict,
]

presets = pytest.mark.parametrize(
    "preset", PRESETS, ids=["default", "compat", "strict"]
)


@presets
@pytest.mark.parametrize("change", CHANGES)
def test_changes_give_copies(
    preset: Callable[[], Sandbox], change: Callable[[Sandbox], Sandbox]
) -> None:
    first = preset()
    changed = change(first)
    assert changed is not first
    assert first == preset()
    assert repr(first) == repr(preset())
    assert type(changed) is Sandbox


@presets
@pytest.mark.parametrize("change", CHANGES)
def test_equal_hash_pickle(
    preset: Callable[[], Sandbox], change: Callable[[Sandbox], Sandbox]
) -> None:
    one, two = change(preset()), change(preset())
    assert one == two
    assert (one != two) is False
    assert hash(one) == hash(two)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(one, protocol))
        assert again == one
        assert repr(again) == repr(one)
    assert copy.copy(one) == one
    assert copy.deepcopy(one) == one


def test_different_ones_are_not_equal() -> None:
    base = [preset() for preset in PRESETS]
    seen = {*base, *(change(Sandbox()) for change in CHANGES)}
    # To inherit the network is the default.
    assert len(seen) == len(base) + len(CHANGES) - 1
    assert Sandbox() != "Sandbox()"
    assert Sandbox().read("/a").read("/b") == Sandbox().read("/a", "/b")


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("network", [0]),
        ("tree", [0]),
        ("umask", [0]),
        ("user", [0, 0]),
        ("max_memory", [4096]),
        ("max_open_files", [64]),
    ],
)
@pytest.mark.parametrize("wrong", [True, False, 1.0, "1", None])
def test_a_number_is_an_int(
    method: str, args: list[Any], wrong: object
) -> None:
    """And no bool, which is one for Python."""
    getattr(Sandbox(), method)(*args)
    for at in range(len(args)):
        given = [*args[:at], wrong, *args[at + 1 :]]
        with pytest.raises(TypeError):
            getattr(Sandbox(), method)(*given)


@pytest.mark.parametrize("number", [-1, 2**32 - 1, 2**32, 2**64, 2**70])
def test_what_is_no_id(number: int) -> None:
    for ids in ((number, 0), (0, number)):
        with pytest.raises(SandboxInvalid):
            Sandbox().user(*ids)


@presets
def test_repr_names_its_calls(preset: Callable[[], Sandbox]) -> None:
    shown = repr(preset().read("/etc").max_open_files(9).umask(0o22))
    assert shown.startswith("Sandbox")
    for part in ("read('/etc')", "max_open_files(9)", "umask(18)"):
        assert part in shown


def test_it_cannot_be_changed() -> None:
    sandbox: Any = Sandbox()
    with pytest.raises(AttributeError):
        sandbox.anything = 1
    with pytest.raises(TypeError):
        Sandbox.anything = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        type("Sub", (Sandbox,), {})
    with pytest.raises(TypeError):
        Sandbox("strict")  # type: ignore[call-arg]


INVALID: list[tuple[Callable[[Any], Any], str]] = [
    (lambda s: s.read("etc"), "absolute"),
    (lambda s: s.write(""), "absolute"),
    (lambda s: s.execute(Path("bin")), "absolute"),
    (lambda s: s.network(2), "network"),
    (lambda s: s.network(-1), "network"),
    (lambda s: s.tree(7), "tree"),
    (lambda s: s.max_memory(0), "limit"),
    (lambda s: s.max_memory(-1), "limit"),
    (lambda s: s.max_data(0), "limit"),
    (lambda s: s.max_processes(0), "limit"),
    (lambda s: s.max_file_size(2**63), "limit"),
    (lambda s: s.max_file_size(2**70), "limit"),
    (lambda s: s.max_open_files(2), "at least 3"),
    (lambda s: s.max_cpu_seconds(0), "limit"),
    (lambda s: s.umask(0o1000), "umask"),
    (lambda s: s.umask(-1), "umask"),
    (lambda s: s.user(-1, 0), "user"),
    (lambda s: s.user(0, -1), "user"),
    (lambda s: s.user(2**40, 0), "user"),
    (lambda s: s.best_effort("no_such"), "control"),
    (lambda s: s.best_effort("user", ""), "control"),
    (lambda s: s.allow("TIOCSTI"), "can be allowed is TIOCSWINSZ"),
    (lambda s: s.allow("TIOCSWINSZ", ""), "can be allowed"),
]


@pytest.mark.parametrize(("change", "word"), INVALID)
def test_invalid_values(change: Callable[[Any], Any], word: str) -> None:
    with pytest.raises(SandboxInvalid, match=word) as caught:
        change(Sandbox())
    assert caught.value.code == "SandboxInvalid"
    assert caught.value.reason
    assert isinstance(caught.value, ValueError)


def test_invalid_value_is_told() -> None:
    with pytest.raises(SandboxInvalid) as caught:
        Sandbox().read("some/where")
    assert "some/where" in (caught.value.path, caught.value.value)
    with pytest.raises(SandboxInvalid) as caught:
        Sandbox().best_effort("no_such")
    assert "no_such" in (
        caught.value.control,
        caught.value.value,
        caught.value.path,
    )


def test_nul_in_a_root() -> None:
    with pytest.raises(NulByte):
        Sandbox().read("/etc\0/passwd")


WRONG: list[Callable[[Any], Any]] = [
    lambda s: s.read(1),
    lambda s: s.read(["/etc"]),
    lambda s: s.network("deny"),
    lambda s: s.tree(None),
    lambda s: s.max_memory("1"),
    lambda s: s.max_memory(1.5),
    lambda s: s.umask("022"),
    lambda s: s.user("root", "root"),
    lambda s: s.user(1),
    lambda s: s.allow(3),
    lambda s: s.best_effort(3),
    lambda s: ProcPolicyBuilder().sandbox(None),  # type: ignore[arg-type]
    lambda s: ProcPolicyBuilder().sandbox("strict"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("change", WRONG)
def test_wrong_types(change: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError):
        change(Sandbox())


@pytest.mark.parametrize("how", ["read", "write", "execute"])
def test_roots_must_exist_at_build(how: str, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    sandbox = getattr(Sandbox(), how)(gone)
    with pytest.raises(SandboxInvalid) as caught:
        policy_for("/bin/cat", None, lambda b: b.sandbox(sandbox))
    assert str(gone) in str(caught.value)
    assert caught.value.reason


def test_policy_keeps_its_sandbox() -> None:
    sandbox = Sandbox().network(Network.Deny).umask(0o077)
    policy = policy_for("/bin/cat", None, lambda b: b.sandbox(sandbox))
    again = pickle.loads(pickle.dumps(policy))
    first = policy.run("/bin/cat", ["/dev/null"]).sandbox
    assert again.run("/bin/cat", ["/dev/null"]).sandbox == first
    assert "network_deny" in first.enforced


# -------------------------------------------------------------- the report

HYGIENE = {"no_new_privs", "no_core", "host_guard"}
DEFAULT = HYGIENE | {
    "cpu_per_process",
    "syscall_filter",
    "session_lock",
    "host_shield",
    "host_signals",
}
STRICT = DEFAULT | {
    "network_deny",
    "read_roots",
    "write_roots",
    "execute_roots",
    "metadata_lock",
    "no_capabilities",
}

REPORTS: list[tuple[Sandbox | None, set[str]]] = [
    (None, DEFAULT),
    (Sandbox(), DEFAULT),
    (Sandbox.compat(), HYGIENE),
    (Sandbox.strict().read("/dev/null"), STRICT),
    (
        Sandbox().tree(Tree.PidNamespace),
        DEFAULT - {"session_lock"} | {"pid_namespace"},
    ),
    (Sandbox().network(Network.Deny), DEFAULT | {"network_deny"}),
    (Sandbox().read("/"), DEFAULT | {"read_roots"}),
    (Sandbox().write("/tmp"), DEFAULT | {"write_roots", "metadata_lock"}),
    (
        Sandbox().execute("/bin").read("/"),
        DEFAULT | {"execute_roots", "read_roots"},
    ),
    (
        Sandbox.compat()
        .max_memory(1 << 30)
        .max_processes(10000)
        .max_file_size(1 << 20)
        .max_open_files(64)
        .umask(0o077),
        HYGIENE
        | {
            "max_memory",
            "max_processes",
            "max_file_size",
            "max_open_files",
            "umask",
        },
    ),
    (Sandbox.compat().max_cpu_seconds(9), HYGIENE | {"max_cpu_seconds"}),
    (Sandbox().best_effort("host_signals"), DEFAULT),
]


@whole_kernel
@pytest.mark.parametrize(("sandbox", "enforced"), REPORTS)
def test_report(sandbox: Sandbox | None, enforced: set[str]) -> None:
    report = run_here(sandbox, "/bin/cat", "/dev/null").sandbox
    assert isinstance(report, SandboxReport)
    # A limit of the program's own takes the place of that of every command.
    either = {"cpu_per_process", "tree_totals"}
    assert set(report.enforced) | either == enforced | either
    # Totals need a cgroup, which few hosts are given.
    assert set(report.missing) <= {"tree_totals"}
    assert report.landlock_abi >= 1


def test_report_travels() -> None:
    output = run_here(None, "/bin/cat", "/dev/null")
    again = pickle.loads(pickle.dumps(output))
    assert again.sandbox == output.sandbox


def test_process_is_as_reported() -> None:
    def status(sandbox: Sandbox) -> dict[str, str]:
        output = run_here(sandbox, "/bin/cat", "/proc/self/status")
        assert output.success, output.stderr
        lines = output.stdout_string().splitlines()
        return {k: v.strip() for k, _, v in (s.partition(":") for s in lines)}

    compat = status(Sandbox.compat())
    assert compat["NoNewPrivs"] == "1"
    assert compat["Seccomp"] == "0"
    default = status(Sandbox())
    assert default["NoNewPrivs"] == "1"
    assert default["Seccomp"] == "2"
    strict = status(Sandbox.strict().read("/proc"))
    assert strict["Seccomp"] == "2"
    # The bounding set is of no use to who can gain nothing.
    for name in ("CapPrm", "CapEff", "CapAmb", "CapInh"):
        assert int(strict[name], 16) == 0, name


# ------------------------------------------------------------------ limits


def test_max_memory() -> None:
    program = attack("use")
    assert run_here(Sandbox(), program, "memory").success
    output = run_here(Sandbox().max_memory(64 << 20), program, "memory")
    assert output.stdout == b"malloc: errno 12\n"


@pytest.mark.parametrize("what", ["segment", "memfd"])
def test_max_memory_without_a_cgroup_leaves_no_other_memory(
    what: str,
) -> None:
    program = attack("use")
    for free in (Sandbox.compat(), Sandbox(), Sandbox().max_data(64 << 20)):
        assert run_here(free, program, what).stdout == b"ESCAPED\n"
    for start in (Sandbox.compat(), Sandbox()):
        output = run_here(start.max_memory(64 << 20), program, what)
        if "tree_totals" in output.sandbox.missing:
            assert output.stdout == f"{what}: errno 1\n".encode()


def test_max_data_counts_what_is_used() -> None:
    """And not what is reserved, as max_memory has to."""
    program = attack("use")
    data, memory = Sandbox().max_data(64 << 20), Sandbox().max_memory(64 << 20)
    assert "max_data" in run_here(data, program, "files").sandbox.enforced
    assert run_here(data, program, "memory").stdout == b"malloc: errno 12\n"
    assert run_here(data, program, "reserve").stdout == b"ESCAPED\n"
    output = run_here(memory, program, "reserve")
    if "tree_totals" in output.sandbox.missing:
        assert output.stdout == b"mmap: errno 12\n"


@whole_kernel
def test_files_in_memory_are_no_way_round_max_memory(tmp_path: Path) -> None:
    """Where there is a cgroup they are counted."""
    limited = Sandbox.strict().max_memory(1 << 30)
    report = run_here(limited, "/bin/true").sandbox
    shm = Path("/dev/shm")
    if "tree_totals" in report.enforced or not os.path.ismount(shm):
        pytest.skip("there is a cgroup, or no /dev/shm")
    with pytest.raises(SandboxInvalid, match="memory") as caught:
        run_here(limited.write(shm), "/bin/true")
    assert caught.value.value == str(shm)
    run_here(limited.write(shm).best_effort("tree_totals"), "/bin/true")
    run_here(Sandbox().max_memory(1 << 30).write(shm), "/bin/true")
    run_here(Sandbox.strict().write(shm), "/bin/true")
    on_disk = Path(__file__).parent
    run_here(limited.write(on_disk), "/bin/true")


def test_max_memory_leaves_programs_room() -> None:
    output = run_here(
        Sandbox().max_memory(256 << 20),
        "/bin/sh",
        "-c",
        "ulimit -v",
        flags=["-c"],
    )
    assert output.stdout == b"262144\n"


def test_max_file_size() -> None:
    with folder(os.geteuid()) as path:
        target = path / "file"
        assert run_here(Sandbox(), attack("use"), "file", target).success
        target.unlink()
        sandbox = Sandbox().max_file_size(1 << 20)
        output = run_here(sandbox, attack("use"), "file", target)
        assert output.signal == signal.SIGXFSZ
        assert target.stat().st_size == 1 << 20


def test_max_open_files() -> None:
    assert run_here(Sandbox(), attack("use"), "files").success
    output = run_here(Sandbox().max_open_files(16), attack("use"), "files")
    assert output.stdout == b"open: errno 24\n"


@uids
def test_max_cpu_seconds(uid: int) -> None:
    def work(sandbox: Sandbox, timeout: float) -> Callable[[], Output]:
        words = (attack("use"), "cpu")
        return lambda: run_here(sandbox, *words, timeout=timeout)

    limited = work(Sandbox().max_cpu_seconds(1), 30)
    output = in_host(uid, limited).get()
    assert output.signal in (signal.SIGXCPU, signal.SIGKILL)
    with pytest.raises(Timeout):
        in_host(uid, work(Sandbox(), 1)).get()


@presets
def test_umask(preset: Callable[[], Sandbox]) -> None:
    with folder(os.geteuid()) as path:
        sandbox = preset().umask(0o027)
        if preset == Sandbox.strict:
            sandbox = sandbox.write(path)
        target = path / "made"
        output = run_here(
            sandbox, "/bin/sh", "-c", f": >{target}", flags=["-c"]
        )
        assert output.success, output.stderr
        assert target.stat().st_mode & 0o777 == 0o640


@needs_root
@pytest.mark.parametrize("tree", list(Tree))
@pytest.mark.parametrize(
    "preset", [Sandbox, Sandbox.compat], ids=["default", "compat"]
)
def test_user(preset: Callable[[], Sandbox], tree: Tree) -> None:
    os.setgroups([1, 2])
    try:
        output = run_here(
            preset().user(LONER, NOBODY).tree(tree),
            "/bin/cat",
            "/proc/self/status",
        )
    finally:
        os.setgroups([])
    fields = dict(
        line.split(":", 1) for line in output.stdout_string().splitlines()
    )
    assert fields["Uid"].split() == [str(LONER)] * 4
    assert fields["Gid"].split() == [str(NOBODY)] * 4
    assert fields["Groups"].split() == []
    assert int(fields["CapEff"], 16) == 0
    assert "user" in output.sandbox.enforced


@needs_root
def test_user_cannot_be_taken_back() -> None:
    code = "import os; os.setuid(0)"
    output = run_here(
        Sandbox().user(LONER, NOBODY),
        "/usr/bin/python3",
        "-c",
        code,
        flags=["-c"],
    )
    assert b"PermissionError" in output.stderr


@whole_kernel
@needs_root
def test_user_needs_the_right() -> None:
    def work() -> str:
        with pytest.raises(SandboxUnavailable) as caught:
            run_here(Sandbox().user(LONER, LONER), "/bin/cat")
        return str(caught.value.control)

    assert in_host(NOBODY, work).get() == "user"


WITHOUT_IDS = """
import os
from proc_jail import *
made = ProcPolicyBuilder().allow_bin("/bin/cat")
made = made.arg_rules("/bin/cat", ArgRules().max_positionals(1))
sandbox = Sandbox().user(65534, 65534)
try:
    made.sandbox(sandbox).build()
except SandboxUnavailable as error:
    print(error.control)
loose = made.sandbox(sandbox.best_effort("user")).build()
print(loose.run("/bin/cat", ["/dev/null"]).success, os.geteuid())
"""


@needs_root
@pytest.mark.parametrize(
    "words",
    [
        ["setpriv", "--bounding-set=-setuid", "--inh-caps=-setuid"],
        ["unshare", "--user", "--map-root-user"],
    ],
    ids=["capability", "namespace"],
)
def test_root_by_name_alone_has_no_user(words: list[str]) -> None:
    """The ids that can be had are what counts, and not the number 0."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(
        [*words, sys.executable, "-c", WITHOUT_IDS],
        capture_output=True,
        text=True,
        check=False,
    )
    if words[0] in done.stderr:
        pytest.skip(done.stderr)
    assert done.stdout == "user\nTrue 0\n", done.stderr


def test_user_that_the_host_is_already() -> None:
    def work() -> SandboxReport:
        sandbox = Sandbox().user(NOBODY, NOBODY)
        return run_here(sandbox, "/bin/cat", "/dev/null").sandbox

    if ROOT:
        assert "user" in in_host(NOBODY, work).get().enforced


def test_limits_hold_for_children() -> None:
    policy = shell(lambda b: b.sandbox(Sandbox().max_open_files(20)))
    output = policy.run("/bin/sh", ["-c", "sh -c 'ulimit -n; ulimit -Hn'"])
    assert output.stdout == b"20\n20\n"


def test_no_core() -> None:
    output = shell().run("/bin/sh", ["-c", "ulimit -c; ulimit -Hc"])
    assert set(output.stdout.split()) <= {b"0", b"1"}


def test_same_sandbox_from_many_requests() -> None:
    policy = policy_for(
        "/bin/cat", None, lambda b: b.sandbox(Sandbox.strict().read("/etc"))
    )
    for _ in range(20):
        assert policy.run("/bin/cat", ["/etc/passwd"]).success
        assert not policy.run("/bin/cat", ["/proc/version"]).success


@on_linux
def test_a_script_of_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """build() looks at what a strict sandbox has to leave readable."""
    pipe, script = tmp_path / "pipe", tmp_path / "script"
    os.mkfifo(pipe)
    script.write_text(f"#!{pipe}\n")
    script.chmod(0o755)
    out = run_host(
        """
        from proc_jail import Sandbox, Violation
        signal.alarm(30)
        try:
            policy_for(
                sys.argv[1], None, lambda b: b.sandbox(Sandbox.strict())
            )
        except Violation as error:
            print(error)
        print("built or refused")
        """,
        os.fspath(script),
    )
    assert out.endswith("built or refused\n")

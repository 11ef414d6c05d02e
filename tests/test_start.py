"""Starting: it never hangs, and a failed start is never an exit status.

Standard input, the streams and the report of the child are given to another
process, so each is attacked from there; and the host forks, writes programs
and is emulated while it spawns.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import HELPERS, compiled, policy_for, program, shell
from containment import (
    ROOT,
    assert_stopped,
    attack,
    escaped,
    in_host,
    run_bare,
    run_here,
    uids,
)
from hosts import on_linux, run_host
from proc_jail import (
    ArgRules,
    Output,
    ProcPolicyBuilder,
    ProcRequest,
    Sandbox,
    SpawnFailed,
    StdinForbidden,
    Tree,
)

pytestmark = on_linux

# ---------------------------------------------------------- standard input


def feed(sandbox: Sandbox, what: str) -> Callable[[], Output]:
    """The attack, with itself as its standard input."""
    path = attack("stdin")

    def work() -> Output:
        policy = (
            ProcPolicyBuilder()
            .allow_bin(path)
            .arg_rules(path, ArgRules().max_positionals(1))
            .max_stdin(1 << 24)
            .cwd("/tmp")
            .sandbox(sandbox)
            .build()
        )
        data = Path(path).read_bytes()
        return policy.prepare(
            ProcRequest(path, [what]).with_stdin(data)
        ).spawn_sync()

    return work


@uids
@pytest.mark.parametrize(
    "sandbox",
    [
        Sandbox.compat(),
        Sandbox(),
        Sandbox().execute("/usr/bin"),
        Sandbox.strict(),
        Sandbox.strict().read("/proc"),
    ],
    ids=["compat", "default", "execute", "strict", "strict with /proc"],
)
@pytest.mark.parametrize("what", ["write", "grow", "reopen", "exec", "chmod"])
def test_standard_input_can_only_be_read(
    uid: int, sandbox: Sandbox, what: str
) -> None:
    assert_stopped(in_host(uid, feed(sandbox, what)))


@uids
@pytest.mark.parametrize("what", ["write", "grow", "reopen", "exec", "chmod"])
def test_a_file_in_memory_allows_all_that(uid: int, what: str) -> None:
    def work() -> Output:
        with open(os.memfd_create("control", 0), "r+b") as file:
            file.write(Path(attack("stdin")).read_bytes())
            file.seek(0)
            if what == "chmod":
                os.fchmod(file.fileno(), 0o600)
            return run_bare(attack("stdin"), what, stdin=file)

    assert escaped(in_host(uid, work))


def test_standard_input_counts_as_memory() -> None:
    sandbox = Sandbox().max_memory(1 << 26)
    policy = policy_for(
        program("wc"),
        ArgRules().allowed_flags(["-c"]).max_flags(1),
        lambda b: b.max_stdin(1 << 30).sandbox(sandbox),
    )
    request = ProcRequest(program("wc"), ["-c"])
    small = request.with_stdin(bytes(1 << 20))
    assert policy.prepare(small).spawn_sync().stdout == b"1048576\n"
    with pytest.raises(StdinForbidden) as caught:
        policy.prepare(request.with_stdin(bytes((1 << 26) + 1)))
    assert caught.value.max == 1 << 26
    # What is left is too little for the program to start with.
    full = request.with_stdin(bytes((1 << 26) - 4096))
    assert not policy.prepare(full).spawn_sync().success


# ------------------------------------------------------------- the streams


@pytest.fixture(scope="module")
def awake() -> str:
    return compiled("awake.so", HELPERS / "awake.c", shared=True)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("sleep 0.3; echo one; sleep 0.3; echo two", "b'one\\ntwo\\n'"),
        ("exec sleep 1000", "Timeout"),
        ("sleep 0.3; head -c 1000000 /dev/zero | wc -c", "b'1000000\\n'"),
    ],
)
def test_a_wake_up_without_data_blocks_nobody(
    awake: str, script: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    policy = shell(lambda b: b.timeout(2))
    try:
        print(policy.run("/bin/sh", ["-c", sys.argv[1]]).stdout)
    except proc_jail.ProcJailError as error:
        print(error.code)
    """
    # Behind what is preloaded already, a sanitizer.
    preloaded = os.environ.get("LD_PRELOAD", "")
    monkeypatch.setenv("LD_PRELOAD", f"{preloaded} {awake}".strip())
    assert run_host(code, script).strip() == told


def test_bytes_that_the_program_takes_back() -> None:
    """It opens its own standard output for reading, and reads."""
    script = """
exec 3</proc/self/fd/1
i=0
while [ $i -lt 300 ]; do
    printf x; dd bs=1 count=1 iflag=nonblock <&3 >/dev/null 2>&1
    i=$((i + 1))
done
echo end
"""
    policy = policy_for(
        program("bash"),
        ArgRules().allowed_flags(["-c"]).max_flags(1).max_positionals(1),
        ProcPolicyBuilder.allow_risky_binaries,
        lambda b: b.timeout(20).env_fixed({"PATH": "/usr/bin:/bin"}),
    )
    output = policy.run(program("bash"), ["-c", script])
    assert output.stdout.replace(b"x", b"") == b"end\n"


# --------------------------------------------------------------- the start


@pytest.mark.parametrize("tree", ["Group", "PidNamespace"])
@pytest.mark.parametrize("fork", ["os.fork()", "ctypes.CDLL(None).fork()"])
def test_a_host_that_forks_meanwhile(fork: str, tree: str) -> None:
    """Each fork lives on, with copies of what was open just then."""
    out = run_host(
        f"""
        from proc_jail import Sandbox, Tree, Timeout
        policy = shell(lambda b: b.timeout(5).sandbox(
            Sandbox().tree(Tree.{tree})))
        pids, done = [], threading.Event()

        def forks():
            while not done.is_set():
                pid = {fork}
                if pid == 0:
                    time.sleep(1000)
                    os._exit(0)
                pids.append(pid)
                time.sleep(0.001)

        thread = threading.Thread(target=forks)
        thread.start()
        try:
            for n in range(40):
                output = policy.run("/bin/sh", ["-c", "exit 3"])
                assert output.exit_code == 3
        finally:
            done.set()
            thread.join()
            for pid in pids:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
        print("all", len(pids) > 0)
        """
    )
    assert out == "all True\n"


def test_a_host_with_a_full_table_of_descriptors() -> None:
    """What the init of a namespace holds lies above 4096."""
    out = run_host(
        """
        from proc_jail import Sandbox, Tree
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < 6000 and os.geteuid() != 0:
            print("3")
            raise SystemExit
        resource.setrlimit(resource.RLIMIT_NOFILE, (6000, max(hard, 6000)))
        held = [os.dup(0) for _ in range(5000)]
        policy = shell(lambda b: b.timeout(20).sandbox(
            Sandbox().tree(Tree.PidNamespace)))
        print(policy.run("/bin/sh", ["-c", "exit 3"]).exit_code)
        """
    )
    assert out == "3\n"


def die_at(number: int) -> None:
    """Let the kernel kill each process from here on that makes this call."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Load the number; equal to this one: kill the process; else allow.
    code = struct.pack("HBBI", 0x20, 0, 0, 0)
    code += struct.pack("HBBI", 0x15, 0, 1, number)
    code += struct.pack("HBBI", 0x06, 0, 0, 0x80000000)
    code += struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_ = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, filter_, 0, 0) == 0


@uids
@pytest.mark.parametrize("tree", [Tree.Group, Tree.PidNamespace], ids=str)
def test_who_dies_on_the_way_has_not_run(uid: int, tree: Tree) -> None:
    """Whatever killed it: the memory's killer, a filter around the host."""
    setsid = 112 if os.uname().machine == "x86_64" else 157

    def work() -> str:
        sandbox = Sandbox.compat().tree(tree)
        policy = policy_for(
            program("true"), None, lambda b: b.sandbox(sandbox)
        )
        command = policy.prepare(ProcRequest(program("true"), []))
        die_at(setsid)
        try:
            return str(command.spawn_sync().returncode)
        except SpawnFailed as error:
            return str(error)

    assert "killed before it was executed" in in_host(uid, work).get()


@pytest.mark.parametrize("tree", ["Group", "PidNamespace"])
def test_a_host_with_a_limit_of_file_sizes(tree: str) -> None:
    """What is handed to the init is a file; a failed start leaves none."""
    out = run_host(
        f"""
        from proc_jail import Sandbox, Tree, SpawnFailed
        policy = shell(lambda b: b.timeout(20).sandbox(
            Sandbox().tree(Tree.{tree})))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))
        before = os.listdir("/proc/self/fd")
        failed = 0
        for _ in range(5):
            try:
                policy.run("/bin/sh", ["-c", "exit 0"])
            except SpawnFailed:
                failed += 1
        print(failed, len(os.listdir("/proc/self/fd")) - len(before))
        """
    )
    assert out == ("5 0\n" if tree == "PidNamespace" else "0 0\n")


def test_a_program_that_was_just_written(tmp_path: Path) -> None:
    """Other threads' children hold it open for writing until their exec."""
    source = program("true")
    done = False

    def spawn() -> None:
        policy = policy_for(source)
        while not done:
            policy.run(source, [])

    import threading

    threads = [threading.Thread(target=spawn) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for n in range(300):
            target = tmp_path / f"written-{n}"
            shutil.copyfile(source, target)
            target.chmod(0o755)
            assert policy_for(str(target)).run(str(target), []).success
            target.unlink()
    finally:
        done = True
        for thread in threads:
            thread.join()


@pytest.mark.skipif(
    shutil.which("qemu-x86_64") is None, reason="needs qemu-user"
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86-64 only")
def test_an_emulator_that_does_not_share_memory(tmp_path: Path) -> None:
    """What clone(CLONE_VM | CLONE_VFORK) gives there is a fork."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\\x7fELF" + bytes(60))
    broken.chmod(0o755)
    code = """
import sys
from proc_jail import *
for path in sys.argv[1:]:
    policy = (ProcPolicyBuilder().allow_bin(path)
        .arg_rules(path, ArgRules()).sandbox(Sandbox.compat())
        .timeout(60).build())
    try:
        print(policy.run(path, []).returncode)
    except SpawnFailed as error:
        print(error.code)
"""
    python = os.path.realpath(sys.executable)
    done = subprocess.run(
        [
            "qemu-x86_64",
            python,
            "-c",
            code,
            program("true"),
            program("false"),
            str(broken),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stdout.split() == ["0", "1", "SpawnFailed"], done.stderr


# ------------------------------------------------- capabilities of the host


def inherit_all() -> None:
    """Make every permitted capability inheritable, as old containers do."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("Ii", 0x20080522, 0)
    data = ctypes.create_string_buffer(24)
    assert libc.syscall(125, header, data) == 0
    words = list(struct.unpack("6I", data.raw))
    words[2], words[5] = words[1], words[4]
    assert libc.syscall(126, header, struct.pack("6I", *words)) == 0


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers")
@pytest.mark.parametrize("ambient", [False, True])
def test_shed_capabilities_do_not_come_back(ambient: bool) -> None:
    def work(sandbox: Sandbox | None) -> Callable[[], bytes]:
        def run() -> bytes:
            inherit_all()
            if ambient:
                for number in range(41):
                    ctypes.CDLL(None).prctl(47, 2, number, 0, 0)
            output = run_here(sandbox, program("cat"), "/proc/self/status")
            return output.stdout

        return run

    def held(text: bytes) -> set[int]:
        """The union of all sets but the bounding one."""
        found = 0
        for line in text.splitlines():
            name, _, value = line.partition(b":")
            if name in (b"CapInh", b"CapPrm", b"CapEff", b"CapAmb"):
                found |= int(value, 16)
        return {number for number in range(64) if found >> number & 1}

    # Those of modules, raw devices, tracing, administration, resources.
    shed = {16, 17, 19, 20, 21, 22, 23, 25, 38, 39}
    assert held(in_host(0, work(Sandbox.compat())).get()) >= shed
    assert not held(in_host(0, work(None)).get()) & shed
    strict = Sandbox.strict().read("/proc")
    assert not held(in_host(0, work(strict)).get())


@pytest.mark.skipif(not ROOT, reason="needs root")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
@pytest.mark.parametrize("dropped", ["-setpcap", "-all"])
@pytest.mark.parametrize("sandbox", ["Sandbox()", "Sandbox.strict()"])
def test_root_without_the_right_to_drop(dropped: str, sandbox: str) -> None:
    """As in a container that was started with --cap-drop."""
    code = f"""
from proc_jail import *
path = "/usr/bin/true"
policy = (ProcPolicyBuilder().allow_bin(path).cwd("/")
    .arg_rules(path, ArgRules()).sandbox({sandbox}).build())
print(policy.run(path, []).returncode)
"""
    done = subprocess.run(
        [
            "setpriv",
            f"--bounding-set={dropped}",
            "--inh-caps=-all",
            sys.executable,
            "-c",
            code,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "0\n", done.stderr


# ------------------------------------------ what the host itself is held by


LAYERS = """
import struct
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
for _ in range(16):
    rules = struct.pack("Q", 1 << 6)  # making character devices
    fd = libc.syscall(444, rules, 8, 0)
    assert fd >= 0 and libc.syscall(446, fd, 0) == 0
    os.close(fd)
"""


@pytest.mark.parametrize("sandbox", ["Sandbox()", "Sandbox.strict()"])
def test_a_host_in_all_layers_of_landlock(sandbox: str) -> None:
    """The kernel has Landlock, and this host cannot enter it once more."""
    out = run_host(
        LAYERS
        + f"""
from proc_jail import ArgRules, Sandbox
import warnings
builder = (ProcPolicyBuilder().allow_bin("/usr/bin/true").cwd("/")
    .arg_rules("/usr/bin/true", ArgRules()))
try:
    builder.sandbox({sandbox}).build()
except proc_jail.SandboxUnavailable as error:
    print("host_shield" in error.controls, "16 layers" in str(error))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    policy = builder.build()
output = policy.run("/usr/bin/true", [])
print(output.success, "host_shield" in output.sandbox.missing, len(caught))
"""
    )
    assert out.splitlines() == ["True True", "True True 1"]


# --------------------------------------------------------------- the orphans


def test_an_orphan_of_somebody_else_delays_nothing() -> None:
    """Its zombie is init's, which does not reap; nothing there to wait for.

    Each wait would end at its bound of 200 ms.
    """
    from hosts import reap_orphans

    out = run_host(
        """
        adopt_orphans(0)
        policy = shell()
        begin = time.monotonic()
        for _ in range(30):
            output = policy.run(
                "/bin/sh", ["-c", "sleep 1000 >/dev/null 2>&1 & exit 3"])
            assert output.exit_code == 3
        print(time.monotonic() - begin < 30 * 0.2)
        """
    )
    reap_orphans()
    assert out == "True\n"


def test_nothing_is_left_where_the_host_adopts_under_load() -> None:
    out = run_host(
        """
        from conftest import children
        script = "while :; do :; done & while :; do :; done & exit 3"
        policy = shell()
        burners = []
        for _ in range(3 * os.cpu_count()):
            pid = os.fork()
            if pid == 0:
                while True:
                    pass
            burners.append(pid)
        try:
            for _ in range(25):
                assert policy.run("/bin/sh", ["-c", script]).exit_code == 3
                left = children().keys() - set(burners)
                assert not left, children()
        finally:
            for pid in burners:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
        print("clean")
        """
    )
    assert out == "clean\n"


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_a_namespace_does_not_copy_the_host() -> None:
    """The init is a program of its own: nothing of the host is in it."""
    out = run_host(
        """
        from proc_jail import Sandbox, Tree
        ballast = bytearray(os.urandom(1 << 20) * 200)
        policy = shell(lambda b: b.sandbox(
            Sandbox.compat().tree(Tree.PidNamespace)))
        running = policy.prepare(ProcRequest(
            "/bin/sh", ["-c", "sleep 1000"])).start()
        status = open(f"/proc/{running.pid}/status").read()
        size = next(line.split()[1] for line in status.splitlines()
                    if line.startswith("VmPeak"))
        running.kill()
        try:
            running.wait()
        except proc_jail.Cancelled:
            print(int(size) < 4096)
        """
    )
    assert out == "True\n"


def test_namespaces_of_users_too() -> None:
    sandbox = Sandbox().tree(Tree.PidNamespace)
    policy = shell(lambda b: b.sandbox(sandbox))
    assert policy.run("/bin/sh", ["-c", "exit 4"]).exit_code == 4

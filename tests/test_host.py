"""The host is left as it was, and odd hosts get right answers too."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

from conftest import Build, descriptors, share, shell
from hosts import PORTABLE, needs_proc, run_host


def signal_state() -> tuple[str, ...]:
    lines = Path("/proc/self/status").read_text().splitlines()
    wanted = ("SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd", "NoNewPrivs")
    return tuple(line for line in lines if line.startswith(wanted))


def limits() -> list[tuple[int, int]]:
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return [resource.getrlimit(getattr(resource, name)) for name in names]


def host_state() -> tuple[object, ...]:
    return (
        signal_state(),
        limits(),
        os.getcwd(),
        descriptors(),
        (os.getpid(), os.getsid(0), os.getpgrp()),
        dict(os.environ),
        [signal.getsignal(number) for number in signal.valid_signals()],
    )


@needs_proc
def test_nothing_of_the_host_changes() -> None:
    mask = signal.pthread_sigmask(
        signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGRTMIN + 3]
    )
    umask = os.umask(0o027)
    try:
        before = host_state()
        assert shell().run("/bin/sh", ["-c", "exit 0"]).success
        assert shell().run("/bin/sh", ["-c", "kill -9 $$"]).signal == 9
        after = host_state()
    finally:
        seen = os.umask(umask)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    assert before == after
    assert seen == 0o027


@needs_proc
def test_nothing_of_the_host_changes_when_exec_fails() -> None:
    out = run_host(
        """
        text = "/tmp/" + str(os.getpid())
        with open(text, "w") as file:
            file.write("no program")
        os.chmod(text, 0o755)
        policy = policy_for(text)

        kept = "SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd", "NoNewPrivs"

        def state():
            lines = open("/proc/self/status").read().splitlines()
            return [x for x in lines if x.startswith(kept)]

        before = state(), sorted(os.listdir("/proc/self/fd"))
        for _ in range(100):
            try:
                policy.run(text, [])
            except proc_jail.SpawnFailed as error:
                assert error.errno == 8
        os.unlink(text)
        print(before == (state(), sorted(os.listdir("/proc/self/fd"))))
        """
    )
    assert out == "True\n"


ROUNDS = share(10_000)
RIGHT_OR_LOST = f"""
    right = lost = 0
    sys.setswitchinterval(1e-4)
    for number in range({ROUNDS}):
        code = number % 3
        try:
            output = policy.run(program, ["exit", str(code)])
        except proc_jail.StatusLost:
            lost += 1
        else:
            assert output.exit_code == code, (output, code)
            right += 1
    print(right, lost)
    """


def kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(c for c in minor if c.isdigit()))


def assert_statuses(out: str) -> None:
    """Never a wrong one; and where the kernel keeps it, the right one."""
    right, lost = map(int, out.split())
    assert right + lost == ROUNDS
    if kernel() >= (6, 15) and not PORTABLE:
        assert lost == 0


def test_a_host_that_ignores_sigchld(helper: Build) -> None:
    out = run_host(
        """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    program = sys.argv[1]
    policy = policy_for(program)
    """
        + RIGHT_OR_LOST,
        helper("end"),
    )
    assert_statuses(out)


def test_a_host_that_ignores_sigchld_and_signals(helper: Build) -> None:
    out = run_host(
        """
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for number in (9, 11, 15):
            try:
                output = policy_for(sys.argv[1]).run(
                    sys.argv[1], ["signal", str(number)]
                )
            except proc_jail.StatusLost:
                continue
            assert output.returncode == -number, output
        print("ok")
        """,
        helper("end"),
    )
    assert out == "ok\n"


def test_a_thread_that_reaps_everything(helper: Build) -> None:
    out = run_host(
        """
    program = sys.argv[1]
    policy = policy_for(program)

    def thief():
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                pass

    for _ in range(2):
        threading.Thread(target=thief, daemon=True).start()
    """
        + RIGHT_OR_LOST,
        helper("end"),
    )
    assert_statuses(out)


@needs_proc
def test_a_thief_does_not_keep_a_tree_alive(helper: Build) -> None:
    out = run_host(
        """
        def thief():
            while True:
                try:
                    os.waitpid(-1, 0)
                except ChildProcessError:
                    pass

        threading.Thread(target=thief, daemon=True).start()
        pids = []
        for _ in range(50):
            script = "sleep 1000 & echo $!"
            try:
                out = shell().run("/bin/sh", ["-c", script]).stdout
            except proc_jail.StatusLost as error:
                out = error.stdout
            pids.append(int(out))
        end = time.monotonic() + 20
        for pid in pids:
            while os.path.exists(f"/proc/{pid}"):
                assert time.monotonic() < end
        print("ok")
        """
    )
    assert out == "ok\n"


def test_a_failed_exec_under_a_thief() -> None:
    out = run_host(
        """
        text = "/tmp/" + str(os.getpid())
        with open(text, "w") as file:
            file.write("no program")
        os.chmod(text, 0o755)
        policy = policy_for(text)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(50):
            try:
                policy.run(text, [])
            except proc_jail.SpawnFailed as error:
                assert (error.step, error.errno) == ("exec", 8)
        os.unlink(text)
        print("ok")
        """
    )
    assert out == "ok\n"


def test_five_thousand_open_descriptors(helper: Build) -> None:
    """Far above what an fd_set holds (1024)."""
    out = run_host(
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 6000:
            print("skipped")
            sys.exit()
        resource.setrlimit(resource.RLIMIT_NOFILE, (6000, hard))
        files = [os.open("/dev/null", os.O_RDONLY) for _ in range(5000)]
        for fd in files:
            os.set_inheritable(fd, True)
        emit, fds = sys.argv[1:]
        output = policy_for(emit).run(emit, ["300000", "300000", "1000"])
        assert len(output.stdout) == len(output.stderr) == 300000
        print(policy_for(fds).run(fds, []).stdout_string().splitlines()[3])
        """,
        helper("emit"),
        helper("fds"),
    )
    assert out in {"stray 0 first -1\n", "skipped\n"}


@needs_proc
def test_any_combination_of_closed_streams(helper: Build) -> None:
    """Descriptors 0 to 2 are free then, and handed out by the kernel."""
    out = run_host(
        """
        import itertools
        keep = os.dup(1)
        fds = sys.argv[1]
        spare = [os.dup(fd) for fd in (0, 1, 2)]
        results = []
        for closed in itertools.product([False, True], repeat=3):
            for fd in (0, 1, 2):
                os.dup2(spare[fd], fd)
            for fd in (0, 1, 2):
                if closed[fd]:
                    os.close(fd)
            output = policy_for(fds).run(fds, [])
            script = "echo out; echo err >&2; exit 3"
            both = shell().run("/bin/sh", ["-c", script])
            results.append((
                output.stdout, both.stdout, both.stderr, both.exit_code
            ))
            after = {n for n in map(int, os.listdir("/proc/self/fd")) if n < 3}
            # The listing has one of its own, on the lowest free number.
            open_now = {fd for fd in (0, 1, 2) if not closed[fd]}
            assert open_now <= after
            assert len(after - open_now) <= 1
        for fd in (0, 1, 2):
            os.dup2(spare[fd], fd)
        assert len(results) == 8
        assert set(results) == {results[0]}, results
        os.write(keep, results[0][0])
        """,
        helper("fds"),
    )
    assert out.splitlines() == ["0 1 0", "1 1 1", "2 1 1", "stray 0 first -1"]


@needs_proc
def test_no_descriptor_left() -> None:
    """With N free descriptors, for every N that is too few."""
    out = run_host(
        """
        policy = shell()
        request = ProcRequest("/bin/sh", ["-c", "echo x"])
        command = policy.prepare(request)
        command.spawn_sync()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        used = {int(name) for name in os.listdir("/proc/self/fd")}
        highest = max(used) + 1
        while len(used) < highest:
            used.add(os.dup(0))
        seen = []
        for free in range(12):
            before = len(os.listdir("/proc/self/fd"))
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest + free, hard))
            try:
                output = command.spawn_sync()
                seen.append(output.stdout.decode().strip())
            except proc_jail.ProcJailError as error:
                seen.append(f"{type(error).__name__}")
                assert error.errno == 24, error.errno
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            assert len(os.listdir("/proc/self/fd")) == before
        print(*seen)
        """
    )
    seen = out.split()
    works = seen.index("x")
    assert works > 0
    assert seen[:works] == ["OutOfDescriptors"] * works
    assert set(seen[works:]) == {"x"}


@needs_proc
def test_no_descriptor_left_for_a_policy() -> None:
    out = run_host(
        """
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        build = lambda: policy_for("/bin/echo", None, lambda b: b.cwd("/usr"))
        build().run("/bin/echo", ["x"])
        used = {int(name) for name in os.listdir("/proc/self/fd")}
        highest = max(used) + 1
        while len(used) < highest:
            used.add(os.dup(0))
        seen = []
        for free in range(12):
            before = len(os.listdir("/proc/self/fd"))
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest + free, hard))
            try:
                build().prepare(ProcRequest("/bin/echo", ["x"]))
                seen.append("x")
            except Exception as error:
                seen.append(f"{type(error).__name__}")
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            assert len(os.listdir("/proc/self/fd")) == before
        print(*seen)
        """
    )
    seen = out.split()
    works = seen.index("x")
    assert works > 0
    assert seen[:works] == ["OutOfDescriptors"] * works
    assert set(seen[works:]) == {"x"}


def test_no_process_left() -> None:
    """RLIMIT_NPROC does not bind root, so this host becomes nobody."""
    out = run_host(
        """
        echo = "/bin/echo"
        policy = policy_for(echo)
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        try:
            policy.run(echo, ["x"])
        except proc_jail.SpawnFailed as error:
            print(error.step, error.errno)
        """
    )
    assert out == "clone 11\n"


def test_a_host_in_a_directory_that_is_gone() -> None:
    out = run_host(
        """
        os.mkdir(f"/tmp/{os.getpid()}")
        os.chdir(f"/tmp/{os.getpid()}")
        os.rmdir(os.getcwd())
        print(policy_for("/bin/pwd").run("/bin/pwd", []).stdout_string())
        """
    )
    assert out == "/tmp\n\n"


def test_a_host_without_privileges() -> None:
    out = run_host(
        """
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        output = shell().run("/bin/sh", ["-c", "sleep 1000 & id -u; exit 2"])
        print(output.stdout_string().strip() != "0", output.exit_code)
        """
    )
    assert out == "True 2\n"


def test_a_small_stack() -> None:
    """The child's stack is taken from the thread's own."""
    out = run_host(
        """
        threading.stack_size(64 * 1024)
        result = []
        thread = threading.Thread(
            target=lambda: result.append(
                shell().run("/bin/sh", ["-c", "exit 4"]).exit_code
            )
        )
        thread.start()
        thread.join()
        print(result)
        """
    )
    assert out == "[4]\n"

"""Ten thousand spawns leave nothing: no process, descriptor or memory."""

from __future__ import annotations

import subprocess

import pytest

from conftest import WHOLE, Build, share
from hosts import needs_proc, run_host

pytestmark = needs_proc

ROUNDS = str(share(10_000))
MOST_GROWTH = 2 << 20 if WHOLE else 1 << 20

# Runs `work` a hundred times to warm up and then argv[1] times, and prints
# what has grown: resident bytes, descriptors, threads, children.
MEASURE = """
    import gc
    work = make(*sys.argv[2:])

    def state():
        gc.collect()
        with open("/proc/self/statm") as file:
            resident = int(file.read().split()[1])
        return (
            resident * os.sysconf("SC_PAGESIZE"),
            len(os.listdir("/proc/self/fd")),
            len(os.listdir("/proc/self/task")),
        )

    for _ in range(100):
        work()
    before = state()
    for _ in range(int(sys.argv[1])):
        work()
    after = state()
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print(*(b - a for a, b in zip(before, after)))
    """


def assert_no_growth(make: str, rounds: str, *args: str) -> None:
    memory, files, threads = map(
        int, run_host(make + MEASURE, rounds, *args).split()
    )
    print(f"{rounds} rounds: {memory / 1024:+.0f} KiB")
    assert files == 0
    assert threads == 0
    assert memory < MOST_GROWTH


def test_spawns() -> None:
    make = """
    def make():
        command = policy_for("/bin/true").prepare(
            ProcRequest("/bin/true", [])
        )
        return command.spawn_sync
    """
    assert_no_growth(make, ROUNDS)


def test_requests_and_policies() -> None:
    make = """
    def make():
        def work():
            policy = policy_for(
                "/bin/echo", None,
                lambda b: b.env_allowlist(["A", "B"]).cwd_jailed("/usr"),
            )
            request = ProcRequest(
                "/bin/echo", ["x" * 100] * 20, {"A": "a", "B": "b"}, "/usr"
            )
            command = policy.prepare(request)
            repr((policy, request, command, command.env, command.argv))
            policy.check(request.with_env_var("C", "c").with_cwd("/tmp"))
            command.wrap_with("/usr/bin/nice", ["-n", "1"])
            command.with_launch_env("K", "v")
        return work
    """
    assert_no_growth(make, ROUNDS)


def test_policies_from_and_to_dicts() -> None:
    """What is refused too; the core calls into the package for each."""
    make = """
    def make():
        from proc_jail import PolicyFileError, ProcPolicy, lint
        program = {"path": "/bin/echo", "flags": ["-n"]}
        def work():
            policy = ProcPolicy.from_dict({"version": 1, "program": [program]})
            policy = ProcPolicy.from_dict(data=policy.to_dict())
            lint(policy)
            for data in ({}, {"version": 1, "program": [{"path": "/no"}]}):
                try:
                    ProcPolicy.from_dict(data)
                except PolicyFileError:
                    pass
                else:
                    raise AssertionError(data)
        return work
    """
    assert_no_growth(make, str(int(ROUNDS) // 4))


def test_events_and_display() -> None:
    """Hooks that see and forbid, records, watchers that fail, pages."""
    make = """
    def make():
        import logging
        from proc_jail import ArgRules, Violation, _events
        logging.getLogger("proc_jail").setLevel("INFO")
        forbids = []
        def hook(event, args):
            if forbids and event == forbids[0]:
                raise PermissionError(args)
        def watch(command, result, pid):
            raise ValueError(command, result)
        sys.addaudithook(hook)
        sys.unraisablehook = lambda shown: None
        policy = policy_for("/bin/echo", ArgRules().max_positionals(1))
        request = ProcRequest("/bin/echo", ["x" * 100])
        command = policy.prepare(request)
        def work():
            _events.watchers[:] = [watch]
            for call in (command.spawn_sync, command.start().wait):
                repr(call()._repr_mimebundle_())
            _events.watchers.clear()
            for event in ("proc_jail.prepare", "proc_jail.spawn"):
                forbids[:] = [event]
                for call in (
                    lambda: policy.check(request), command.spawn_sync,
                    command.start,
                ):
                    try:
                        call()
                    except PermissionError:
                        pass
            forbids.clear()
            try:
                policy.run("/bin/echo", ["a", "b"])
            except Violation as error:
                error._repr_html_()
            policy._repr_html_()
        return work
    """
    assert_no_growth(make, str(int(ROUNDS) // 4))


def test_typed_rules() -> None:
    make = """
    def make():
        import pickle
        from proc_jail import (
            ArgRules, Choice, GitRef, HostName, Int, Pattern, ReadPath, Text,
            Url, ValueTypeInvalid, Violation, WritePath,
        )
        def work():
            inner = (
                ArgRules()
                .flag("-n", "--number")
                .option("-m", Int(1, 9), repeat=None)
                .option("-c", Choice("a", "b"), optional=True)
                .option("-u", Url(hosts=["*.a"]))
                .positional("p", Pattern("[a-z]+"), unless=["-m"])
                .positional("f", ReadPath("/usr"), min=0, max=None)
                .require("-n", "-m").exclusive("-n", "-c")
                .force("-x").may_write("/tmp").inject_double_dash()
            )
            rules = ArgRules().subcommand("s", inner).run_nothing()
            rules = rules.force_env({"A": "1"})
            policy = policy_for("/bin/true", rules)
            for argv in (
                ["s", "-n", "x", "/usr/lib"], ["s", "-n", "x", "/etc"],
                ["s", "-n", "X"], ["s", "-n", "-c"], ["s"], ["t"], ["s", "-z"],
                ["s", "-m"], ["s", "-m", "1", "-u", "http://b"],
            ):
                policy.check(ProcRequest("/bin/true", argv))
            for made in (rules, inner, Text(3), WritePath("/a"), GitRef()):
                again = pickle.loads(pickle.dumps(made))
                assert again == made and hash(again) == hash(made)
                repr(made)
            for wrong in (
                lambda: Pattern("("), lambda: Url(["A"]), lambda: Int(2, 1),
                lambda: Choice(), lambda: inner.flag("--"),
                lambda: inner.option("-n", Text(), repeat=0),
                lambda: inner.positional("p", HostName(), min=2),
                lambda: rules.subcommand("x", rules),
                lambda: policy_for("/bin/true", inner.flag("-n")),
            ):
                try:
                    wrong()
                except Violation:
                    continue
                raise AssertionError
        return work
    """
    assert_no_growth(make, ROUNDS)


def test_hostile_texts_do_not_pile_up() -> None:
    """Of each of these regexec keeps 14 MiB, and searches for minutes."""
    code = """
    import random
    from proc_jail import ArgRules, Pattern
    rules = ArgRules().positional("it", Pattern(".*f.{80}c"))
    policy = policy_for("/bin/true", rules)
    dice = random.Random(1)
    peaks = []
    for _ in range(12):
        text = "".join(dice.choices("fab", k=4096))
        assert policy.check(ProcRequest("/bin/true", [text])) is not None
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print(peaks[-1] - peaks[2])
    """
    assert int(run_host(code)) < 40 * 1024


def test_output_of_every_size(helper: Build) -> None:
    make = """
    def make(emit):
        policy = policy_for(emit, None, lambda b: b.max_stderr(1 << 22))
        sizes = iter(range(1, 10**9, 7919))
        def work():
            size = next(sizes) % 700_000
            output = policy.run(emit, [str(size), str(700_000 - size)])
            assert len(output.stdout) == size
            repr(output)
        return work
    """
    assert_no_growth(make, str(int(ROUNDS) // 4), helper("emit"))


@pytest.mark.parametrize(
    ("error", "change", "words"),
    [
        ("StdoutLimitExceeded", "max_stdout(300_000)", "400000 0"),
        ("StderrLimitExceeded", "max_stderr(100)", "0 400"),
    ],
)
def test_stopped_commands(
    helper: Build, error: str, change: str, words: str
) -> None:
    make = f"""
    def make(emit):
        policy = policy_for(emit, None, lambda b: b.{change})
        def work():
            try:
                policy.run(emit, {words.split()!r})
            except proc_jail.{error}:
                return
            raise AssertionError
        return work
    """
    assert_no_growth(make, str(int(ROUNDS) // 4), helper("emit"))


def test_timeouts(helper: Build) -> None:
    make = """
    def make(nap):
        policy = policy_for(nap, None, lambda b: b.timeout(0.01))
        def work():
            try:
                policy.run(nap, [])
            except proc_jail.Timeout:
                return
            raise AssertionError
        return work
    """
    assert_no_growth(make, str(int(ROUNDS) // 20), helper("nap"))


def test_failed_spawns_and_refusals() -> None:
    make = """
    def make():
        policy = policy_for("/bin/true")
        def work():
            for argv in (["x" * 200_000], ["x"] * 200, ["-x"]):
                try:
                    policy.run("/bin/true", argv)
                except proc_jail.ProcJailError as error:
                    str(error)
                else:
                    raise AssertionError
            try:
                policy_for("/bin/missing")
            except proc_jail.BinNotFound:
                pass
        return work
    """
    assert_no_growth(make, str(int(ROUNDS) // 2))


def test_trees(helper: Build) -> None:
    make = """
    def make(tree):
        policy = policy_for(tree)
        return lambda: policy.run(tree, ["2", "3"]).check()
    """
    assert_no_growth(make, str(int(ROUNDS) // 20), helper("tree"))


def test_raising_handlers(helper: Build) -> None:
    make = """
    def make(emit):
        def refuse(number, frame):
            raise InterruptedError

        signal.signal(signal.SIGUSR1, refuse)
        from proc_jail import Sandbox
        policy = shell(
            lambda b: b.max_stdout(1 << 30).sandbox(Sandbox.compat())
        )
        script = '"$1" 400000 0; kill -USR1 $PPID; sleep 1000'
        def work():
            try:
                policy.run("/bin/sh", ["-c", script, "sh", emit])
            except InterruptedError:
                return
            raise AssertionError
        return work
    """
    assert_no_growth(make, str(int(ROUNDS) // 20), helper("emit"))


def test_memory_of_the_machine_is_given_back() -> None:
    """No process of any command is left anywhere on the system."""
    run_host(
        """
        script = "sleep 4711 & (sleep 4711 &) ; exit 0"
        for _ in range(50):
            shell().run("/bin/sh", ["-c", script])
        """
    )
    found = subprocess.run(
        ["ps", "-eo", "args"], capture_output=True, text=True, check=True
    ).stdout
    assert "sleep 4711" not in found

"""run_many(): order, limit, progress, failures, and what it leaves."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from conftest import (
    LINUX,
    children,
    descriptors,
    policy_for,
    program,
    shell,
)
from fronts import asking
from hosts import (
    PORTABLE,
    is_gone,
    on_linux,
    reap_orphans,
    run_host,
    started_host,
    wait_until,
)
from proc_jail import (
    ArgTooManyPositionals,
    BinNotAllowed,
    Output,
    ProcPolicy,
    ProcRequest,
    SpawnFailed,
    StdoutLimitExceeded,
    Timeout,
    run_many,
)

# Takes the folder of a Gate. Counts as started, with a child of its own,
# and stays until a newline comes through the gate.
STAY = """
sleep 1000 &
echo $! > "$1/$$"
echo > "$1/ready"
read -r line < "$1/gate"
"""


def exists(pid: int) -> bool:
    """Whether there is such a process, or its zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Gate:
    """A folder where commands say that they run, and wait to go on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pipes = {}
        for name in ("gate", "ready"):
            os.mkfifo(folder / name)
            self._pipes[name] = os.open(folder / name, os.O_RDWR)

    def close(self) -> None:
        for fd in self._pipes.values():
            os.close(fd)

    def stay(self) -> ProcRequest:
        """A command that ends when it is let through."""
        return asking(STAY, self.folder)

    def after(self, others: int, text: str) -> ProcRequest:
        """A command that does something once so many others run."""
        wait = "read -r line <&3; " * others
        return asking(f'exec 3< "$1/ready"; {wait}{text}', self.folder)

    def let_through(self) -> None:
        os.write(self._pipes["gate"], b"\n")

    def leaders(self) -> list[int]:
        """The process ids of what has started."""
        names = os.listdir(self.folder)
        return [int(name) for name in names if name.isdigit()]

    def check_gone(self) -> None:
        """What has started is gone, with its children."""
        for leader in self.leaders():
            assert not exists(leader)
            child = (self.folder / str(leader)).read_text()
            if child.endswith("\n"):
                self._check_child(int(child))

    @staticmethod
    def _check_child(pid: int) -> None:
        if PORTABLE:  # somebody else reaps it
            wait_until(lambda: is_gone(pid))
        else:
            assert not exists(pid)


@pytest.fixture
def gate(tmp_path: Path, host_is_clean: None) -> Iterator[Gate]:
    gate = Gate(tmp_path)
    yield gate
    gate.close()


def echoes(number: int) -> list[ProcRequest]:
    return [asking('echo "$1"', str(n)) for n in range(number)]


def texts(outputs: list[Output]) -> list[str]:
    return [output.stdout_string() for output in outputs]


def small_outputs() -> ProcPolicy:
    return shell(lambda b: b.max_stdout(10))


class TestResults:
    """What comes back."""

    def test_whatever_ends_first(self, gate: Gate) -> None:
        """The first ends last: it is let through by the last's end."""
        ends = []

        def progress(ended: int, total: int) -> None:
            ends.append(ended)
            if ended == total - 1:
                gate.let_through()

        requests = [gate.stay(), *echoes(4)]
        outputs = run_many(shell(), requests, 2, progress)
        assert texts(outputs) == ["", "0\n", "1\n", "2\n", "3\n"]
        assert ends == [1, 2, 3, 4, 5]

    def test_large_ones(self) -> None:
        """More than pipes hold, from several, on both streams."""
        program("head")
        text = """
        head -c "$1" /dev/zero
        head -c "$2" /dev/zero >&2
        """
        sizes = [(n * 700_001, 900_000 - n * 100_003) for n in range(9)]
        requests = [asking(text, str(a), str(b)) for a, b in sizes]
        outputs = run_many(shell(), requests, 4)
        assert [(len(o.stdout), len(o.stderr)) for o in outputs] == sizes
        assert [o.stdout_total for o in outputs] == [a for a, _ in sizes]

    def test_a_signal_is_no_failure(self) -> None:
        outputs = run_many(shell(), [asking("kill -9 $$"), *echoes(1)])
        assert [o.signal for o in outputs] == [signal.SIGKILL, None]

    @pytest.mark.parametrize("limit", [None, 1, 2, 7, 1000])
    def test_results_in_order(self, limit: int | None) -> None:
        outputs = run_many(shell(), echoes(40), limit)
        assert [o.stdout for o in outputs] == [b"%d\n" % n for n in range(40)]

    def test_more_results_than_running(self) -> None:
        assert len(run_many(shell(), echoes(300), limit=20)) == 300

    def test_no_requests(self) -> None:
        calls: list[tuple[int, int]] = []
        assert run_many(shell(), [], progress=lambda *c: calls.append(c)) == []
        assert calls == []

    def test_any_iterable(self) -> None:
        def requests() -> Iterator[ProcRequest]:
            yield from echoes(3)

        assert len(run_many(shell(), requests())) == 3
        assert len(run_many(shell(), tuple(echoes(3)))) == 3

    def test_an_exit_status_is_no_failure(self) -> None:
        outputs = run_many(shell(), [asking(f"exit {n}") for n in range(5)])
        assert [o.exit_code for o in outputs] == [0, 1, 2, 3, 4]

    def test_the_program_is_looked_up_once_per_request(self) -> None:
        """Requests are prepared when it is their turn."""
        echo = program("echo")
        requests = [ProcRequest(echo, [str(n)]) for n in range(3)]
        outputs = run_many(policy_for(echo), requests, limit=1)
        assert [o.args[1:] for o in outputs] == [["0"], ["1"], ["2"]]


class TestLimit:
    """How many run at a time."""

    @staticmethod
    def check(gate: Gate, limit: int, given: int | None) -> None:
        """One is let through at a time, and all others have to be there."""
        total = limit + 5
        before = len(children())
        gate.let_through()

        def progress(ended: int, total: int) -> None:
            runs = min(limit - 1, total - ended)
            wait_until(lambda: len(gate.leaders()) == ended + runs)
            if LINUX:
                assert len(children()) - before == runs
            gate.let_through()

        outputs = run_many(shell(), [gate.stay()] * total, given, progress)
        assert all(output.success for output in outputs)
        assert len(gate.leaders()) == total

    @pytest.mark.parametrize("limit", [1, 2, 7])
    def test_it_is_reached_and_kept(self, gate: Gate, limit: int) -> None:
        self.check(gate, limit, limit)

    def test_it_is_the_number_of_processors(self, gate: Gate) -> None:
        self.check(gate, os.cpu_count() or 1, None)

    def test_denied_requests_do_not_count(self, gate: Gate) -> None:
        """Two that wait for each other run, with one denied in between."""
        requests = [
            gate.stay(),
            ProcRequest("/bin/true", []),
            gate.after(1, 'echo > "$1/gate"'),
        ]
        results = run_many(shell(), requests, 2, errors="collect")
        kinds = [type(result) for result in results]
        assert kinds == [Output, BinNotAllowed, Output]


class TestProgress:
    """What is told meanwhile."""

    @pytest.mark.parametrize("kind", [KeyError, KeyboardInterrupt])
    def test_an_error_kills_the_rest(
        self, gate: Gate, kind: type[BaseException]
    ) -> None:
        def progress(ended: int, total: int) -> None:
            raise kind("from progress")

        requests = [gate.stay(), gate.stay(), gate.after(2, ":"), *echoes(3)]
        with pytest.raises(kind, match="from progress"):
            run_many(shell(), requests, 3, progress, errors="collect")
        assert len(gate.leaders()) == 2
        gate.check_gone()

    def test_it_may_run_others(self) -> None:
        """The batch inside is another one."""
        inner = []

        def progress(ended: int, total: int) -> None:
            inner.extend(texts(run_many(shell(), echoes(2))))

        assert texts(run_many(shell(), echoes(2), 2, progress)) == inner[:2]
        assert inner == ["0\n", "1\n"] * 2

    @pytest.mark.parametrize("errors", ["raise", "collect"])
    def test_progress(self, errors: Any) -> None:
        calls: list[tuple[int, int]] = []
        run_many(
            shell(),
            echoes(25),
            limit=4,
            progress=lambda ended, total: calls.append((ended, total)),
            errors=errors,
        )
        assert calls == [(n, 25) for n in range(1, 26)]

    def test_progress_counts_failures(self) -> None:
        calls: list[int] = []
        requests = [asking("echo"), ProcRequest("/bin/sh", ["a"] * 30)] * 3
        results = run_many(
            shell(),
            requests,
            progress=lambda ended, total: calls.append(ended),
            errors="collect",
        )
        assert calls == [1, 2, 3, 4, 5, 6]
        assert [isinstance(r, Output) for r in results] == [True, False] * 3


class TestFailures:
    """The first one ends it all, or each is a result."""

    def test_a_denial(self, gate: Gate) -> None:
        """It is met when the one before it ends; others still run."""
        requests = [
            gate.stay(),
            gate.stay(),
            gate.after(2, ":"),
            ProcRequest("/bin/true", []),
            *echoes(1),
        ]
        with pytest.raises(BinNotAllowed):
            run_many(shell(), requests, 3)
        assert len(gate.leaders()) == 2
        gate.check_gone()

    def test_a_failure(self, gate: Gate) -> None:
        requests = [
            gate.stay(),
            gate.after(2, "echo 0123456789"),
            gate.stay(),
            *echoes(1),
        ]
        with pytest.raises(StdoutLimitExceeded) as caught:
            run_many(small_outputs(), requests, 3, errors="raise")
        assert caught.value.stdout == b"0123456789"
        assert len(gate.leaders()) == 2
        gate.check_gone()

    def test_nothing_starts_after_it(self, tmp_path: Path) -> None:
        mark = tmp_path / "mark"
        requests = [ProcRequest("/bin/true", []), asking(': > "$1"', mark)]
        with pytest.raises(BinNotAllowed):
            run_many(shell(), requests, 2)
        assert not mark.exists()

    @pytest.mark.parametrize("limit", [1, 2, 9])
    def test_they_are_in_their_places(self, limit: int) -> None:
        one, two = echoes(2)
        requests = [
            ProcRequest("/bin/true", []),
            one,
            asking("echo 0123456789"),
            asking(":", *"x" * 30),
            asking("exit 3"),
            two,
        ]
        results = run_many(small_outputs(), requests, limit, errors="collect")
        assert [type(result) for result in results] == [
            BinNotAllowed,
            Output,
            StdoutLimitExceeded,
            ArgTooManyPositionals,
            Output,
            Output,
        ]
        outputs = [result for result in results if isinstance(result, Output)]
        assert texts(outputs) == ["0\n", "", "1\n"]

    @on_linux
    def test_they_do_not_keep_the_policy(self) -> None:
        """Nor what it has open: only the list is kept here."""
        before = descriptors()
        requests = [ProcRequest("/bin/true", []), asking("yes")]
        results = run_many(small_outputs(), requests, errors="collect")
        assert all(isinstance(result, Exception) for result in results)
        assert descriptors() == before

    def test_collecting_failed_spawns(self, tmp_path: Path) -> None:
        text = tmp_path / "text"
        text.write_text("no program\n")
        text.chmod(0o755)
        policy = policy_for(str(text))
        results = run_many(
            policy, [ProcRequest(text, [])] * 3, errors="collect"
        )
        assert [type(r) for r in results] == [SpawnFailed] * 3

    def test_collected_errors_hold_nothing(self, tmp_path: Path) -> None:
        """No traceback, whose frames would keep commands and policies."""
        policy = shell(lambda b: b.max_stdout(0))
        results = run_many(policy, [asking("echo a")], errors="collect")
        assert isinstance(results[0], StdoutLimitExceeded)
        assert results[0].__traceback__ is None

    def test_failures_are_freed_without_the_collector(self) -> None:
        def fail_all() -> None:
            policy = shell(lambda b: b.max_stdout(0))
            request = asking("echo a")
            for call in (
                lambda: run_many(policy, [request], errors="collect"),
                lambda: policy.prepare(request).start().wait(),
                lambda: list(policy.prepare(request).start()),
            ):
                with suppress(StdoutLimitExceeded):
                    call()

        gc.collect()
        gc.disable()
        try:
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(3):
                fail_all()
            assert len(os.listdir("/proc/self/fd")) == before
        finally:
            gc.enable()


class TestTimeouts:
    """The deadline is each command's own."""

    def test_of_some(self, gate: Gate) -> None:
        """Others end as usual, before and after it."""
        policy = shell(lambda b: b.timeout(2))
        late = asking('echo partial; read -r line < "$1/gate"', gate.folder)
        requests = [late, *echoes(3), late, *echoes(2)]
        results = run_many(policy, requests, 2, errors="collect")
        for index in (4, 0):
            error = results.pop(index)
            assert isinstance(error, Timeout)
            assert error.stdout == b"partial\n"
            assert error.limit == 2
        outputs = [result for result in results if isinstance(result, Output)]
        assert texts(outputs) == ["0\n", "1\n", "2\n", "0\n", "1\n"]

    def test_it_is_raised(self, gate: Gate) -> None:
        policy = shell(lambda b: b.timeout(0.5))
        with pytest.raises(Timeout):
            run_many(policy, [gate.stay()] * 3, 3)
        gate.check_gone()

    def test_deadlines_are_each_ones_own(self) -> None:
        """A command's clock begins with its start, not with the batch's."""
        policy = shell(lambda b: b.timeout(1.5))
        outputs = run_many(policy, [asking("sleep 0.3")] * 8, limit=1)
        assert all(output.success for output in outputs)

    def test_all_time_out_together(self) -> None:
        policy = shell(lambda b: b.timeout(0.3).stop_grace(0.1))
        results = run_many(
            policy,
            [asking("trap '' TERM; while :; do sleep 0.01; done")] * 10,
            limit=10,
            errors="collect",
        )
        assert {type(r) for r in results} == {Timeout}


class TestHost:
    """What happens to the process that runs them."""

    @pytest.mark.parametrize("errors", ["raise", "collect"])
    def test_ctrl_c_kills_all(self, gate: Gate, errors: str) -> None:
        code = """
        script, folder, errors = sys.argv[1:]
        request = ProcRequest("/bin/sh", ["-c", script, "sh", folder])
        try:
            proc_jail.run_many(shell(), [request] * 9, 3, errors=errors)
        except KeyboardInterrupt:
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                print("interrupted, no children")
        """
        with started_host(code, STAY, str(gate.folder), errors) as host:
            wait_until(lambda: len(gate.leaders()) == 3)
            host.send_signal(signal.SIGINT)
            printed = host.communicate(timeout=60)[0]
        assert printed == "interrupted, no children\n"
        assert host.returncode == 0
        reap_orphans()
        assert len(gate.leaders()) == 3
        gate.check_gone()

    def test_few_descriptors_are_enough(self) -> None:
        """Many more requests than descriptors; a command needs a few."""
        code = """
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        policy = shell()
        before = len(os.listdir("/dev/fd"))
        requests = [
            ProcRequest("/bin/sh", ["-c", 'echo "$1"', "sh", str(n)])
            for n in range(300)
        ]
        outputs = proc_jail.run_many(policy, requests, 3)
        expected = [f"{n}\\n" for n in range(300)]
        assert [o.stdout_string() for o in outputs] == expected
        assert len(os.listdir("/dev/fd")) == before
        print("done")
        """
        assert run_host(code) == "done\n"

    def test_too_few_descriptors_are_an_error(self) -> None:
        """It is a result like others, and nothing is left open."""
        code = """
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        before = len(os.listdir("/dev/fd"))
        request = ProcRequest("/bin/sh", ["-c", "read -r line; echo x"])
        results = proc_jail.run_many(
            shell(), [request] * 100, 100, errors="collect"
        )
        assert len(results) == 100
        kinds = {type(result).__name__ for result in results}
        assert len(os.listdir("/dev/fd")) == before
        print(*sorted(kinds))
        """
        assert run_host(code) == "OutOfDescriptors Output\n"

    def test_a_fork_of_the_host_leaves_the_batch_alone(self) -> None:
        """A fork in the middle that ends as the host would."""
        code = """
        request = ProcRequest("/bin/sh", ["-c", "sleep 0.2; echo x"])

        def progress(ended, total):
            if ended == 1 and os.fork() == 0:
                sys.stderr = open(os.devnull, "w")
                raise SystemExit(0)

        requests = [ProcRequest("/bin/sh", ["-c", "echo x"]), request, request]
        outputs = proc_jail.run_many(
            shell(), requests, limit=3, progress=progress
        )
        print([output.stdout for output in outputs])
        os.wait()
        """
        assert run_host(code) == "[b'x\\n', b'x\\n', b'x\\n']\n"


class TestArguments:
    """What is no request, limit or mode."""

    @pytest.mark.parametrize("limit", [0, -1])
    def test_bad_limits(self, limit: int) -> None:
        with pytest.raises(ValueError, match="limit"):
            run_many(shell(), echoes(1), limit)

    @pytest.mark.parametrize("errors", ["ignore", "", None, 3])
    def test_bad_modes(self, errors: object) -> None:
        with pytest.raises(ValueError, match="errors"):
            run_many(shell(), echoes(1), errors=cast("Any", errors))

    def test_bad_requests(self) -> None:
        with pytest.raises(TypeError):
            run_many(shell(), [cast("ProcRequest", "/bin/sh")])
        with pytest.raises(TypeError):
            run_many(shell(), cast("list[ProcRequest]", 3))

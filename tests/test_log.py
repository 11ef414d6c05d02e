"""One log record for every command, and none where nobody looks."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from conftest import policy_for, program, shell
from fronts import FRONTS, Front, asking
from hosts import run_host
from proc_jail import (
    ArgRules,
    ArgTooManyFlags,
    ExecError,
    Output,
    PreparedCommand,
    ProcRequest,
    Violation,
    _events,
    run_many,
)

ECHO = program("echo")
LOGGER = logging.getLogger("proc_jail")


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.getMessage()
        self.all.append(record)

    def only(self) -> logging.LogRecord:
        assert len(self.all) == 1, self.all
        return self.all[0]


@pytest.fixture
def records() -> Iterator[Records]:
    handler = Records()
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    yield handler
    LOGGER.removeHandler(handler)
    LOGGER.setLevel(logging.NOTSET)


def told(record: logging.LogRecord) -> dict[str, object]:
    names = ["bin", "argc", "outcome", "exit_code", "signal"]
    return {name: getattr(record, name) for name in names}


@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
def test_every_front_logs_an_end(records: Records, front: Front) -> None:
    output = front(shell(), asking("echo out; exit 3", "needle"))
    record = records.only()
    assert record.levelno == logging.INFO
    assert told(record) == {
        "bin": os.path.realpath("/bin/sh"),
        "argc": 4,
        "outcome": "NonZeroExit",
        "exit_code": 3,
        "signal": None,
    }
    assert record.duration == output.duration  # type: ignore[attr-defined]
    assert record.pid > 0  # type: ignore[attr-defined]
    assert "ended with status 3 after" in record.getMessage()


@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
def test_every_front_logs_a_denial(records: Records, front: Front) -> None:
    with pytest.raises(ArgTooManyFlags) as caught:
        front(policy_for(ECHO, ArgRules()), ProcRequest(ECHO, ["-x", "y"]))
    record = records.only()
    assert record.levelno == logging.WARNING
    assert told(record) == {
        "bin": ECHO,
        "argc": 2,
        "outcome": "ArgTooManyFlags",
        "exit_code": None,
        "signal": None,
    }
    assert record.getMessage() == f"{ECHO} denied: {caught.value}"


def test_a_check_is_a_question(records: Records) -> None:
    policy = policy_for(ECHO, ArgRules())
    assert policy.check(ProcRequest(ECHO, ["x"])) is not None
    assert records.all == []


@pytest.mark.parametrize(
    ("code", "outcome", "signal"),
    [
        ("exit 0", "Success", None),
        ("kill -9 $$", "NonZeroExit", 9),
        ("sleep 100", "Timeout", None),
        ("yes", "StdoutLimitExceeded", None),
    ],
)
def test_outcomes(
    records: Records, code: str, outcome: str, signal: int | None
) -> None:
    policy = shell(lambda b: b.timeout(2).max_stdout(1000))
    with suppress(ExecError):
        policy.run("/bin/sh", ["-c", code])
    record = records.only()
    assert (told(record)["outcome"], told(record)["signal"]) == (
        outcome,
        signal,
    )
    assert record.duration > 0  # type: ignore[attr-defined]


def test_what_is_killed_is_logged_once(records: Records) -> None:
    command = shell().prepare(asking("sleep 100"))
    with command.start() as running:
        running.kill()
    assert told(records.only())["outcome"] == "Cancelled"


def test_a_program_that_changed_is_a_denial(
    records: Records, tmp_path: str
) -> None:
    path = os.path.join(tmp_path, "tool")
    with open(ECHO, "rb") as source, open(path, "wb") as target:
        target.write(source.read())
    os.chmod(path, 0o755)
    command = policy_for(path).prepare(ProcRequest(path, []))
    os.utime(path, (1, 1))
    for start in (command.spawn_sync, command.start):
        with pytest.raises(Violation):
            start()
    for record in records.all:
        assert record.levelno == logging.WARNING
        assert told(record)["outcome"] == "BinChanged"
    assert len(records.all) == 2


def test_neither_arguments_nor_environment_nor_output(
    records: Records,
) -> None:
    policy = shell(lambda b: b.env_fixed({"V": "hunter2"}))
    policy.run("/bin/sh", ["-c", "echo needle$V; echo needle >&2", "arg"])
    told = repr(vars(records.only()))
    for secret in ("hunter2", "needle", "arg'"):
        assert secret not in told


def test_many_are_logged_each(records: Records) -> None:
    policy = policy_for(ECHO, ArgRules().max_positionals(1))
    requests = [ProcRequest(ECHO, ["x"] * n) for n in (0, 1, 2)]
    run_many(policy, requests, errors="collect")
    assert sorted(r.levelname for r in records.all) == [
        "INFO",
        "INFO",
        "WARNING",
    ]


def test_the_record_points_at_the_caller(records: Records) -> None:
    policy_for(ECHO).run(ECHO)
    assert records.only().funcName == "test_the_record_points_at_the_caller"


def test_a_path_stays_on_one_line(records: Records) -> None:
    with pytest.raises(Violation):
        policy_for(ECHO).run("/x\ny\x1b[31m")
    assert records.only().getMessage().startswith(r"/x\x0ay\x1b[31m denied")


def test_a_watcher_that_fails_is_shown_and_harmless(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch(
        command: PreparedCommand, result: Output | BaseException, pid: int
    ) -> None:
        raise ZeroDivisionError

    shown: list[object] = []
    monkeypatch.setattr(_events, "watchers", [watch])
    monkeypatch.setattr(sys, "unraisablehook", shown.append)
    assert policy_for(ECHO).run(ECHO, ["a"]).stdout == b"a\n"
    with pytest.raises(ExecError):
        shell(lambda b: b.timeout(0.1)).run("/bin/sh", ["-c", "sleep 9"])
    assert len(shown) == 2
    shown.clear()  # it holds frames, and those a policy


def test_a_watcher_may_end_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def watch(
        command: PreparedCommand, result: Output | BaseException, pid: int
    ) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_events, "watchers", [watch])
    with pytest.raises(KeyboardInterrupt):
        policy_for(ECHO).run(ECHO, ["a"])


SCRIPT = """
import sys{more}
from proc_jail import ArgRules, ProcPolicyBuilder
rules = ArgRules().max_positionals(1)
builder = ProcPolicyBuilder().allow_bin("/bin/echo")
policy = builder.arg_rules("/bin/echo", rules).build()
policy.run("/bin/echo", ["x"])
try:
    policy.run("/bin/echo", ["-x"])
except ValueError:
    pass
print("logging" in sys.modules, "proc_jail._events" in sys.modules)
"""


def host(more: str) -> tuple[str, str]:
    done = subprocess.run(
        # Where no kernel holds the default, that is said once.
        [
            sys.executable,
            "-I",
            "-W",
            "ignore:sandbox control",
            "-c",
            SCRIPT.format(more=more),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


def test_a_host_without_logging_imports_none() -> None:
    assert host("") == ("False False\n", "")


def test_nothing_is_printed_before_logging_is_set_up() -> None:
    assert host(", logging") == ("True True\n", "")


def test_ordinary_set_up_shows_records() -> None:
    _, err = host(", logging; logging.basicConfig(level='INFO')")
    first, second = err.splitlines()
    assert first.startswith("INFO:proc_jail:/")
    assert second.startswith("WARNING:proc_jail:/bin/echo denied: too many")


def test_a_fork_tells_nothing_of_the_commands_of_its_parent() -> None:
    out = run_host("""
        import logging
        logging.basicConfig(level="INFO", stream=sys.stdout,
                            format="%(outcome)s")
        command = shell().prepare(ProcRequest("/bin/sh", ["-c", "sleep 99"]))
        running = command.start()
        pid = os.fork()
        if pid == 0:
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(pid, 0)
        running.kill()
        try:
            running.wait()
        except proc_jail.Cancelled:
            pass
    """)
    assert out == "Cancelled\n"


def test_what_a_listener_is_told_without_memory() -> None:
    """Each allocation fails once; the reason that is shown is that."""
    pytest.importorskip("_testcapi")
    out = run_host(
        f"""
        import logging, _testcapi
        seen = set()
        sys.unraisablehook = lambda u: seen.add(u.exc_type.__name__)
        policy = policy_for({ECHO!r})
        policy.run({ECHO!r}, ["x"])
        for number in range(200):
            _testcapi.set_nomemory(number, number + 1)
            try:
                policy.run({ECHO!r}, ["x"])
            except MemoryError:
                pass
            finally:
                _testcapi.remove_mem_hooks()
        print(*sorted(seen))
        """
    )
    assert out in ("MemoryError\n", "\n")

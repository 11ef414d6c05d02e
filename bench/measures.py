"""The measurements: each takes a Setting and a user, and returns rows."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import quiet
from results import Row, Series, compare, interleave
from tools import Who, Worker, available_mib, note, run_floor

PEER = "subprocess.run"
# With a timeout it sleeps for a millisecond, or not, depending on whether the
# child is gone when its pipes are: a peer with two medians, that flatters.
TIMEOUT = "subprocess.run, timeout"
HYGIENE = "hygiene only"
FLOOR = "C floor"


def find(name: str) -> str:
    return shutil.which(name, path="/bin:/usr/bin") or f"/bin/{name}"


TRUE, GREP, DD, DU = (find(name) for name in ("true", "grep", "dd", "du"))
US, MS = 1e-3, 1e-6  # from nanoseconds

# The bars.  Ratios are ours / peer.
SPAWN_BAR = 1.0
LARGE_PARENT_BAR = 1.25
LARGE_PARENT_PEER_BAR = 1.0
THREADS_BAR = 1.15
ASYNC_BAR = 0.5
MCP_BAR = 1.2
CAPTURE_BAR = 1.6
FILTER_BAR = 1.05
NAMESPACE_BAR = 1.8
IMPORT_BAR = 1.0
CAPTURE_SLACK_MIB = 16
TYPED_SLACK_US = 5

MIB = 1 << 20
LIMIT = 128 * MIB  # more than any capture here
CAPTURED = 100_000_000

TRIES = 3
PATIENCE = 15.0  # seconds that a series waits for idle processors

Found: TypeAlias = dict[str, Series]
Ask: TypeAlias = Callable[[], Mapping[str, list[float]]]


class Busy(Exception):
    """The machine has something else to do."""


@dataclass
class Setting:
    """The programs to measure with, how thoroughly, and what was found."""

    floor: Path
    allow: Path
    quick: bool = False
    busy: bool = False  # go on all the same
    patience: float = PATIENCE
    soak: dict[str, dict[str, tuple[float, float]]] = field(
        default_factory=dict
    )
    raw: list[dict[str, Any]] = field(default_factory=list)
    stopped: str | None = None  # why not all was measured

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def series(
        self, name: str, who: Who, measure: Callable[[], Found]
    ) -> tuple[Found, str | None]:
        """Measure while nobody else does anything, in one of three tries.

        All of them are kept; the last one counts, whatever it says.
        """
        for attempt in range(TRIES):
            self.require_idle(name)
            load, watch = quiet.load_now(), quiet.Watch()
            found = measure()
            used = watch.use()
            self.raw.append(
                {
                    "name": name,
                    "who": who.name,
                    "try": attempt + 1,
                    "load before": load.strip(),
                    "load after": quiet.load_now().strip(),
                    **used._asdict(),
                    "complaint": used.complaint,
                    "rounds": found,
                }
            )
            if used.complaint is None or self.busy:
                break
            note(f"{name}, {who.name}: {used.complaint} (try {attempt + 1})")
        if self.busy:
            return found, used.complaint or "allowed, none seen"
        return found, used.complaint

    def require_idle(self, name: str) -> None:
        if self.busy:
            return
        complaint = quiet.wait_for_idle(self.patience)
        if complaint is not None:
            raise Busy(f"{name} is not measured: {complaint}")


def asked(worker: Worker, task: str, **arguments: Any) -> Ask:
    return functools.partial(worker.ask, task, **arguments)


def turns(
    worker: Worker, contenders: Mapping[str, tuple[str, list[str]]], count: int
) -> Ask:
    return asked(worker, "turns", contenders=contenders, count=count)


def contained(setting: Setting, who: Who) -> tuple[Found, str | None]:
    """A program that does nothing, started in all the ways."""
    count, rounds = 20, setting.pick(50, 15)
    hows = {
        "ours": "prepared",
        "timeout": "timeout",
        "peer": "subprocess",
        "run": "run",
        "hygiene": "sandbox hygiene",
    }
    with Worker(who) as worker:
        contenders = {name: (how, [TRUE]) for name, how in hows.items()}

        def floor() -> dict[str, list[float]]:
            arguments = ("spawn", str(count), TRUE)
            return {"floor": run_floor(setting.floor, who, *arguments)}

        asks = [turns(worker, contenders, count), floor]
        interleave(asks, 1)  # nobody pays for a cold cache
        return setting.series(
            "spawn", who, functools.partial(interleave, asks, rounds)
        )


def spawn(setting: Setting, who: Who) -> list[Row]:
    """How long a program takes that does nothing."""
    found, busy = contained(setting, who)
    rows = [
        ("contained spawn", PEER, "ours", "peer", SPAWN_BAR),
        ("contained spawn", TIMEOUT, "ours", "timeout", None),
        ("check + contained spawn", PEER, "run", "peer", None),
        ("contained spawn", FLOOR, "ours", "floor", None),
        (HYGIENE, PEER, "hygiene", "peer", None),
    ]
    return [
        compare(
            "spawn",
            what,
            who.name,
            against,
            found[a],
            found[b],
            unit="µs",
            scale=US,
            bar=bar,
            busy=busy,
        )
        for what, against, a, b, bar in rows
    ]


HOSTS = {0: "20 MB", 400: "400 MB", 4096: "4 GiB"}


def parents(setting: Setting, who: Who) -> list[Row]:
    """Whether a large parent makes spawning slower."""
    count, rounds = 20, setting.pick(25, 6)
    left, sizes = available_mib() - 1024, []
    for mib, size in HOSTS.items():
        if left < mib:
            note(f"not enough memory for a host of {size}")
            continue
        left -= mib
        sizes.append(mib)
    with ExitStack() as stack:
        asks = []
        for mib in sizes:
            worker = stack.enter_context(Worker(who, mib))
            contenders = {
                f"ours {mib}": ("prepared", [TRUE]),
                f"peer {mib}": ("subprocess", [TRUE]),
            }
            asks.append(turns(worker, contenders, count))
        interleave(asks, 1)
        found, busy = setting.series(
            "parents", who, functools.partial(interleave, asks, rounds)
        )
    row = functools.partial(compare, "parents", unit="µs", scale=US, busy=busy)
    rows = [
        row(
            f"contained spawn from {HOSTS[mib]}",
            who.name,
            PEER,
            found[f"ours {mib}"],
            found[f"peer {mib}"],
            bar=LARGE_PARENT_PEER_BAR if mib == 4096 else None,
        )
        for mib in sizes
    ]
    if 4096 in sizes:
        rows.append(
            row(
                "contained spawn from 4 GiB",
                who.name,
                "ours from 20 MB",
                found["ours 4096"],
                found["ours 0"],
                bar=LARGE_PARENT_BAR,
            )
        )
    return rows


def threads(
    setting: Setting, who: Who, numbers: tuple[int, ...] = (8, 2, 1)
) -> list[Row]:
    """How many spawns a second several threads get done."""
    count, rounds = 160, setting.pick(24, 8)
    rows = []
    with Worker(who) as worker:
        for number in numbers:
            same = {"argv": [TRUE], "count": count, "threads": number}
            asks = [
                asked(worker, "rate", name=name, how=how, **same)
                for name, how in (
                    ("ours", "prepared"),
                    ("peer", "subprocess"),
                    ("timeout", "timeout"),
                )
            ]
            interleave(asks, 1)
            found, busy = setting.series(
                f"{number} threads",
                who,
                functools.partial(interleave, asks, rounds),
            )
            rows += [
                compare(
                    "threads",
                    f"contained spawns, threads: {number}",
                    who.name,
                    against,
                    found["ours"],
                    found[key],
                    unit="/s",
                    less_is_better=False,
                    bar=bar if number == 8 else None,
                    busy=busy,
                )
                for against, key, bar in (
                    (PEER, "peer", THREADS_BAR),
                    (TIMEOUT, "timeout", None),
                )
            ]
    return rows


def captures(setting: Setting, who: Who) -> tuple[Found, str | None]:
    """A capture, by each, in a fresh process: no memory is warm."""
    argv = [str(setting.floor), "write"]

    def once(name: str, how: str) -> dict[str, list[float]]:
        with Worker(who) as worker:
            answer = worker.ask(
                "capture",
                how=how,
                argv=[*argv, str(CAPTURED)],
                warm=[*argv, "0"],
                limit=LIMIT,
                size=CAPTURED,
            )
        return {name: [answer["rate"]], f"{name} peak": [answer["peak"]]}

    def floor() -> dict[str, list[float]]:
        arguments = ("read", "1", str(CAPTURED))
        return {"floor": run_floor(setting.floor, who, *arguments)}

    asks: list[Ask] = [
        functools.partial(once, "ours", "prepared"),
        functools.partial(once, "peer", "subprocess"),
        floor,
    ]
    return setting.series(
        "capture",
        who,
        functools.partial(interleave, asks, setting.pick(20, 6)),
    )


def capture(setting: Setting, who: Who) -> list[Row]:
    """How fast a large output arrives, and what memory that takes."""
    found, busy = captures(setting, who)
    size = CAPTURED / MIB + CAPTURE_SLACK_MIB
    bound = [[size] for _ in found["ours"]]
    row = functools.partial(compare, "capture", busy=busy)
    fast = functools.partial(
        row, "100 MB of output", who.name, unit="MB/s", less_is_better=False
    )
    peak = functools.partial(row, "peak RSS of it", who.name, unit="MiB")
    ours, peaks = found["ours"], found["ours peak"]
    slack = f"output + {CAPTURE_SLACK_MIB} MiB"
    return [
        fast(PEER, ours, found["peer"], bar=CAPTURE_BAR),
        fast(FLOOR, ours, found["floor"]),
        peak(slack, peaks, bound, bar=1.0),
        peak(PEER, peaks, found["peer peak"]),
    ]


# Programs that make many system calls, each of which a filter looks at.
PROGRAMS = {
    "dd": [DD, "if=/dev/zero", "of=/dev/null", "bs=1", "count=300000"],
    "du": [DU, "-s", "/usr/include"],
}


def programs(
    setting: Setting, who: Who, names: tuple[str, ...] = ("dd", "du")
) -> list[Row]:
    """What the filter costs a program that makes many calls."""
    rows = []
    for name in names:
        argv = PROGRAMS[name]
        contenders = {
            "ours": ("prepared", argv),
            "one": ("subprocess", [str(setting.allow), *argv]),
            "bare": ("subprocess", argv),
        }
        with Worker(who) as worker:
            asks = [turns(worker, contenders, 1)]
            interleave(asks, 1)
            found, busy = setting.series(
                name,
                who,
                functools.partial(interleave, asks, setting.pick(40, 8)),
            )
        rows += [
            compare(
                "programs",
                f"contained {name}",
                who.name,
                against,
                found["ours"],
                found[key],
                unit="ms",
                scale=MS,
                bar=bar,
                busy=busy,
            )
            for against, key, bar in (
                (f"{name}, filter of one instruction", "one", FILTER_BAR),
                (f"bare {name}", "bare", None),
            )
        ]
    return rows


# Sandboxes that are compared, and what each adds to process hygiene.
SANDBOXES = {
    "default": "the default sandbox",
    "strict": "the strict sandbox",
    "landlock": "Landlock, one root",
    "seccomp": "a seccomp filter",
    "user": "user()",
    "namespace": "a pid namespace, from 20 MB",
}


def controls(setting: Setting, who: Who) -> list[Row]:
    """What each control adds."""
    count, rounds = 20, setting.pick(40, 8)
    small = {name: name for name in (*SANDBOXES, "hygiene")}
    # In hosts of their own: a copied host pays for it in the spawn after.
    hosts: list[tuple[int, dict[str, str], int]] = [
        (0, small, count),
        (400, {"namespace 400": "namespace"}, count // 4),
        (400, {"hygiene 400": "hygiene"}, count // 4),
    ]
    with ExitStack() as stack:
        asks = [
            turns(
                stack.enter_context(Worker(who, mib)),
                {key: (f"sandbox {how}", [TRUE]) for key, how in hows.items()},
                number,
            )
            for mib, hows, number in hosts
        ]
        interleave(asks, 1)
        found, busy = setting.series(
            "controls", who, functools.partial(interleave, asks, rounds)
        )
    row = functools.partial(
        compare, "controls", unit="µs", scale=US, busy=busy
    )
    rows = [
        row(
            f"with {text}",
            who.name,
            HYGIENE,
            found[n],
            found["hygiene"],
            bar=NAMESPACE_BAR if n == "namespace" else None,
        )
        for n, text in SANDBOXES.items()
    ]
    rows.append(
        row(
            "with a pid namespace, from 400 MB",
            who.name,
            f"{HYGIENE}, from 400 MB",
            found["namespace 400"],
            found["hygiene 400"],
            bar=NAMESPACE_BAR,
        )
    )
    return rows


def event_loop(setting: Setting, who: Who) -> list[Row]:
    """The same program from an asyncio loop."""
    with Worker(who) as worker:
        asks = [asked(worker, "async_turns", argv=[TRUE], count=20)]
        found, busy = setting.series(
            "async",
            who,
            functools.partial(interleave, asks, setting.pick(50, 10)),
        )
    return [
        compare(
            "async",
            "await contained spawn()",
            who.name,
            "asyncio",
            found["ours"],
            found["asyncio"],
            unit="µs",
            scale=US,
            bar=ASYNC_BAR,
            busy=busy,
        )
    ]


def typed(setting: Setting, who: Who) -> list[Row]:
    """What it costs to read argv as the program does, and to check values."""
    with Worker(who) as worker:
        contenders = {n: (f"check {n}", [GREP]) for n in ("typed", "plain")}
        asks = [turns(worker, contenders, 100)]
        interleave(asks, 10)
        found, busy = setting.series(
            "typed",
            who,
            functools.partial(interleave, asks, setting.pick(80, 40)),
        )
    slack = TYPED_SLACK_US / US
    bound = [[value + slack for value in some] for some in found["plain"]]
    row = functools.partial(compare, "typed", "check with types", who.name)
    row = functools.partial(row, unit="µs", scale=US, busy=busy)
    return [
        row("plain rules", found["typed"], found["plain"]),
        row(
            f"plain rules + {TYPED_SLACK_US} µs",
            found["typed"],
            bound,
            bar=1.0,
        ),
    ]


IMPORT = """
from time import perf_counter_ns as now
start = now()
import {}
print(now() - start)
"""


def imports(setting: Setting, who: Who) -> list[Row]:
    """What importing costs a fresh interpreter, its own start left out."""

    def once(name: str, module: str) -> dict[str, list[float]]:
        code = [sys.executable, "-I", "-c", IMPORT.format(module)]
        return {name: [float(subprocess.check_output(code))]}

    asks = [
        functools.partial(once, "ours", "proc_jail"),
        functools.partial(once, "peer", "subprocess"),
    ]
    interleave(asks, 2)
    found, busy = setting.series(
        "import",
        who,
        functools.partial(interleave, asks, setting.pick(200, 50)),
    )
    return [
        compare(
            "import",
            "import proc_jail",
            who.name,
            "import subprocess",
            found["ours"],
            found["peer"],
            unit="ms",
            scale=MS,
            bar=IMPORT_BAR,
            busy=busy,
        )
    ]


def mcp(setting: Setting, who: Who) -> list[Row]:
    """A tool call of an MCP client that runs the same program."""
    try:
        import mcp_calls
    except ModuleNotFoundError:
        note("no SDK of MCP, so no calls: pip install 'proc_jail[mcp]'")
        return []
    rounds = setting.pick(30, 8)
    found, busy = setting.series(
        "mcp", who, lambda: mcp_calls.measure(20, rounds)
    )
    return [
        compare(
            "mcp",
            "tool call",
            who.name,
            "empty call + spawn",
            found["ours"],
            found["parts"],
            unit="µs",
            scale=US,
            bar=MCP_BAR,
            busy=busy,
        )
    ]


def soak(setting: Setting, who: Who) -> list[Row]:
    """What is left behind after many spawns."""
    count = setting.pick(10_000, 1_000)
    with Worker(who) as worker:

        def some() -> None:  # few enough for its list of times to be small
            turns(worker, {"ours": ("prepared", [TRUE])}, 500)()

        some()  # allocators have settled after these
        before = worker.ask("census")
        for _ in range(count // 500):
            some()
        after = worker.ask("census")
    setting.soak[who.name] = {
        "spawns": (0, count),
        **{name: (before[name], after[name]) for name in before},
    }
    return []


# Those that spawn nothing, or that the driver itself measures, have no user.
AS_STARTED = {"typed", "import", "mcp"}

MEASURES: dict[str, Callable[[Setting, Who], list[Row]]] = {
    "spawn": spawn,
    "threads": threads,
    "parents": parents,
    "capture": capture,
    "programs": programs,
    "async": event_loop,
    "controls": controls,
    "typed": typed,
    "import": imports,
    "mcp": mcp,
    "soak": soak,
}

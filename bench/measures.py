"""The measurements: each takes a Setting and returns rows."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from results import Row, Series, compare, interleave, quantile
from tools import Worker, available_mib, note, run_floor

SUBPROCESS = "subprocess.run"
WHEEL = "wheel 0.3.0"
TRUE = shutil.which("true", path="/bin:/usr/bin") or "/bin/true"
GREP = shutil.which("grep", path="/bin:/usr/bin") or "/bin/grep"
US = 1e-3  # nanoseconds to microseconds

# The bars.  Ratios are ours / peer.
SPAWN_BAR = 0.85
LARGE_PARENT_BAR = 1.25
LARGE_PARENT_PEER_BAR = 1.0
THREADS_BAR = 1.3
CONTAINED_BAR = 0.9
ASYNC_BAR = 0.5
MCP_BAR = 1.2
CAPTURE_BAR = 1.6
CAPTURE_SLACK_MIB = 16
TYPED_SLACK_US = 5

MIB = 1 << 20
LIMIT = 128 * MIB  # more than any capture here


@dataclass
class Setting:
    """The programs to measure with, and how thoroughly."""

    floor: Path
    wheel: Path | None
    quick: bool
    soak: dict[str, tuple[float, float]] = field(default_factory=dict)

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full


def spawn(setting: Setting) -> list[Row]:
    """How long a program takes that does nothing."""
    count, rounds = 20, setting.pick(30, 8)
    with ExitStack() as stack:
        ours, peer = Worker(), Worker()
        workers = {"ours": ours, "peer": peer, "run": ours}
        hows = {"ours": "prepared", "peer": "subprocess", "run": "run"}
        if setting.wheel is not None:
            workers["wheel"] = Worker(setting.wheel)
            hows["wheel"] = "prepared"
        for worker in {*workers.values()}:
            stack.enter_context(worker)
        contenders: dict[str, Callable[[], list[float]]] = {
            name: functools.partial(
                worker.ask, "times", how=hows[name], argv=[TRUE], count=count
            )
            for name, worker in workers.items()
        }
        contenders["floor"] = functools.partial(
            run_floor, setting.floor, "spawn", str(count), TRUE
        )
        interleave(contenders, 1)  # nobody pays for a cold cache
        return spawn_rows(interleave(contenders, rounds))


def spawn_rows(found: dict[str, Series]) -> list[Row]:
    row = functools.partial(compare, "spawn", unit="µs", scale=US)
    ours, checked = found["ours"], found["run"]
    rows = [
        row("spawn, p50", SUBPROCESS, ours, found["peer"], bar=SPAWN_BAR),
        row("spawn, p90", SUBPROCESS, ours, found["peer"], q=0.9),
        row("check + spawn, p50", SUBPROCESS, checked, found["peer"]),
        row("check + spawn, p90", SUBPROCESS, checked, found["peer"], q=0.9),
    ]
    if "wheel" in found:
        rows += [
            row("spawn, p50", WHEEL, ours, found["wheel"]),
            row("spawn, p90", WHEEL, ours, found["wheel"], q=0.9),
        ]
    rows += [
        row("spawn, p50", "C floor", ours, found["floor"]),
        row("spawn, p90", "C floor", ours, found["floor"], q=0.9),
    ]
    return rows


def parents(setting: Setting) -> list[Row]:
    """Whether a large parent makes spawning slower."""
    count, rounds = 20, setting.pick(20, 6)
    sizes = []
    left = available_mib()
    for gib in (0, 1, 4):
        if left < gib * 1024 + 1024:
            note(f"not enough memory for a parent of {gib} GiB")
            continue
        left -= gib * 1024
        sizes.append(gib)
    with ExitStack() as stack:
        contenders: dict[str, Callable[[], list[float]]] = {}
        for gib in sizes:
            worker = stack.enter_context(Worker(mib=gib * 1024))
            for how in ("prepared", "subprocess"):
                contenders[f"{how} {gib}"] = functools.partial(
                    worker.ask, "times", how=how, argv=[TRUE], count=count
                )
        interleave(contenders, 1)
        return parents_rows(interleave(contenders, rounds), sizes)


def parents_rows(found: dict[str, Series], sizes: list[int]) -> list[Row]:
    row = functools.partial(compare, "parents", unit="µs", scale=US)
    rows = [
        row(
            f"spawn from {gib} GiB, p50",
            SUBPROCESS,
            found[f"prepared {gib}"],
            found[f"subprocess {gib}"],
            bar=LARGE_PARENT_PEER_BAR if gib == 4 else None,
        )
        for gib in sizes
    ]
    if 4 in sizes:
        large, small = found["prepared 4"], found["prepared 0"]
        rows.append(
            row(
                "spawn from 4 GiB, p50",
                "ours from 0 GiB",
                large,
                small,
                bar=LARGE_PARENT_BAR,
            )
        )
    return rows


def threads(setting: Setting) -> list[Row]:
    """How many spawns a second several threads get done."""
    count, rounds = 160, setting.pick(16, 5)
    rows = []
    with ExitStack() as stack:
        workers = {"prepared": Worker(), "subprocess": Worker()}
        if setting.wheel is not None:
            workers["wheel"] = Worker(setting.wheel)
        for worker in workers.values():
            stack.enter_context(worker)
        for number in (1, 2, 8):
            contenders = {
                name: functools.partial(rate, worker, name, count, number)
                for name, worker in workers.items()
            }
            interleave(contenders, 1)
            found = interleave(contenders, rounds)
            rows += threads_rows(found, number)
    return rows


def rate(worker: Worker, name: str, count: int, number: int) -> list[float]:
    how = "subprocess" if name == "subprocess" else "prepared"
    answer: float = worker.ask(
        "rate", how=how, argv=[TRUE], count=count, threads=number
    )
    return [answer]


def threads_rows(found: dict[str, Series], number: int) -> list[Row]:
    row = functools.partial(
        compare, "threads", unit="spawns/s", less_is_better=False
    )
    what = f"{number} thread{'s' if number > 1 else ''}"
    ours, bar = found["prepared"], THREADS_BAR if number == 8 else None
    rows = [row(what, SUBPROCESS, ours, found["subprocess"], bar=bar)]
    if "wheel" in found:
        rows.append(row(what, WHEEL, ours, found["wheel"]))
    return rows


def capture(setting: Setting) -> list[Row]:
    """How fast a large output arrives, and what memory that takes."""
    size, rounds = 100_000_000, setting.pick(15, 5)
    peaks: dict[str, Series] = {}

    def once(name: str, python: Path | None) -> list[float]:
        how = "subprocess" if name == "subprocess" else "prepared"
        argv = [str(setting.floor), "write"]
        # A process for each: no memory is warm from the time before.
        with Worker(python) as worker:
            answer = worker.ask(
                "capture",
                how=how,
                argv=[*argv, str(size)],
                warm=[*argv, "0"],
                limit=LIMIT,
                size=size,
            )
        peaks.setdefault(name, []).append([answer["peak"]])
        return [answer["rate"]]

    contenders: dict[str, Callable[[], list[float]]] = {
        "prepared": functools.partial(once, "prepared", None),
        "subprocess": functools.partial(once, "subprocess", None),
        # The first of two pays for memory that the other finds there.
        "floor": lambda: run_floor(setting.floor, "read", "2", str(size))[1:],
    }
    if setting.wheel is not None:
        contenders["wheel"] = functools.partial(once, "wheel", setting.wheel)
    found = interleave(contenders, rounds)
    return capture_rows(found) + peak_rows(peaks, size / MIB)


def capture_rows(found: dict[str, Series]) -> list[Row]:
    row = functools.partial(
        compare, "capture", "100 MB of output", unit="MB/s"
    )
    ours = found["prepared"]
    rows = [
        row(
            SUBPROCESS,
            ours,
            found["subprocess"],
            less_is_better=False,
            bar=CAPTURE_BAR,
        )
    ]
    for name, against in (("wheel", WHEEL), ("floor", "C floor")):
        if name in found:
            rows.append(row(against, ours, found[name], less_is_better=False))
    return rows


def peak_rows(peaks: dict[str, Series], size_mib: float) -> list[Row]:
    row = functools.partial(
        compare, "capture", "100 MB of output, peak RSS", unit="MiB"
    )
    ours = peaks["prepared"]
    bound = [[size_mib + CAPTURE_SLACK_MIB] for _ in ours]
    rows = [
        row(f"output + {CAPTURE_SLACK_MIB} MiB", ours, bound, bar=1.0),
        row(SUBPROCESS, ours, peaks["subprocess"]),
    ]
    if "wheel" in peaks:
        rows.append(row(WHEEL, ours, peaks["wheel"]))
    return rows


def soak(setting: Setting) -> list[Row]:
    """What is left behind after many spawns."""
    count = setting.pick(10_000, 1_000)
    with Worker() as worker:

        def some() -> None:  # few enough for its list of times to be small
            worker.ask("times", how="prepared", argv=[TRUE], count=500)

        some()  # allocators have settled after these
        before = worker.ask("census")
        for _ in range(count // 500):
            some()
        after = worker.ask("census")
    for name in before:
        setting.soak[name] = (before[name], after[name])
    setting.soak["spawns"] = (0, count)
    return []


# Sandboxes that are compared, and what each adds to process hygiene.
SANDBOXES = {
    "limits": "two more resource limits",
    "landlock": "Landlock, one root",
    "seccomp": "a seccomp filter",
    "default": "the default sandbox",
    "strict": "the strict sandbox",
    "user": "other ids (no shared memory)",
    "namespace": "a pid namespace",
}


def controls(setting: Setting) -> list[Row]:
    """What containment costs, as a whole and by control."""
    count, rounds = 20, setting.pick(30, 8)
    with Worker() as ours, Worker() as peer:

        def ask(worker: Worker, how: str) -> Callable[[], list[float]]:
            return functools.partial(
                worker.ask, "times", how=how, argv=[TRUE], count=count
            )

        names = ["compat", *SANDBOXES]
        contenders = {n: ask(ours, f"sandbox {n}") for n in names}
        contenders["peer"] = ask(peer, "subprocess")
        interleave(contenders, 1)
        found = interleave(contenders, rounds)
    row = functools.partial(compare, "controls", unit="µs", scale=US)
    return [
        row(
            "contained spawn, p50",
            SUBPROCESS,
            found["default"],
            found["peer"],
            bar=CONTAINED_BAR,
        ),
        *(
            row(f"with {text}, p50", "hygiene only", found[n], found["compat"])
            for n, text in SANDBOXES.items()
        ),
    ]


def event_loop(setting: Setting) -> list[Row]:
    """The same program from an asyncio loop."""
    rounds = setting.pick(20, 6)
    found: dict[str, Series] = {"ours": [], "asyncio": []}
    with Worker() as worker:
        for _ in range(rounds):
            answer = worker.ask("async_times", argv=[TRUE], count=20)
            for name, values in answer.items():
                found[name].append(values)
    return [
        compare(
            "async",
            f"await spawn(), p{round(q * 100)}",
            "asyncio",
            found["ours"],
            found["asyncio"],
            unit="µs",
            scale=US,
            q=q,
            bar=ASYNC_BAR if q == 0.5 else None,
        )
        for q in (0.5, 0.9)
    ]


def typed(setting: Setting) -> list[Row]:
    """What it costs to read argv as the program does, and to check values."""
    rounds = setting.pick(40, 10)
    with Worker() as worker:
        contenders = {
            kind: functools.partial(
                worker.ask, "prepare_times", kind=kind, path=GREP, count=1000
            )
            for kind in ("typed", "plain")
        }
        interleave(contenders, 1)
        found = interleave(contenders, rounds)
    slack = TYPED_SLACK_US / US
    bound = [[quantile(times, 0.5) + slack] for times in found["plain"]]
    row = functools.partial(compare, "typed", "check with types, p50")
    row = functools.partial(row, unit="µs", scale=US)
    return [
        row("plain rules", found["typed"], found["plain"]),
        row(
            f"plain rules + {TYPED_SLACK_US} µs",
            found["typed"],
            bound,
            bar=1.0,
        ),
    ]


def mcp(setting: Setting) -> list[Row]:
    """A tool call of an MCP client that runs the same program."""
    try:
        import mcp_calls
    except ModuleNotFoundError:
        note("no SDK of MCP, so no calls: pip install 'proc_jail[mcp]'")
        return []
    found = mcp_calls.measure(20, setting.pick(30, 8))
    return [
        compare(
            "mcp",
            "tool call, p50",
            "empty call + spawn",
            found["ours"],
            found["parts"],
            unit="µs",
            scale=US,
            bar=MCP_BAR,
        )
    ]


MEASURES: dict[str, Callable[[Setting], list[Row]]] = {
    "spawn": spawn,
    "parents": parents,
    "threads": threads,
    "controls": controls,
    "async": event_loop,
    "typed": typed,
    "capture": capture,
    "soak": soak,
    "mcp": mcp,
}

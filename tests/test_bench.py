"""The benchmarks: what they conclude, and that they refuse busy machines."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hosts import on_linux

# After all others: the names of its modules are common ones.
sys.path.append(str(Path(__file__).parent.parent / "bench"))

import gate
import measures
import quiet
import report
import run
import worker
from measures import Busy, Setting
from results import (
    Ratio,
    Row,
    Series,
    interleave,
    quantile,
    ratios,
    useful_quantiles,
)
from tools import Who, compile_program

BENCH = Path(run.__file__).parent
ROOT, USER = Who("root"), Who("user", 65534)


# --- statistics ---


def test_quantiles_lie_between_values() -> None:
    assert quantile([1, 2, 3, 4], 0.5) == 2.5
    assert quantile([1, 2, 3, 4, 5], 0.9) == pytest.approx(4.6)
    assert quantile([7], 0.99) == 7


@pytest.mark.parametrize(
    ("count", "known"),
    [
        (49, (0.5,)),
        (50, (0.5, 0.9)),
        (499, (0.5, 0.9)),
        (500, (0.5, 0.9, 0.99)),
    ],
)
def test_quantiles_of_few_values_are_not_told(
    count: int, known: tuple[float, ...]
) -> None:
    assert useful_quantiles([[1.0] * count]) == known


def test_all_take_turns_in_changing_order() -> None:
    order: list[str] = []

    def contender(name: str) -> Callable[[], dict[str, list[float]]]:
        def ask() -> dict[str, list[float]]:
            order.append(name)
            return {name: [float(len(order))]}

        return ask

    found = interleave([contender(name) for name in "abc"], 50)
    rounds = ["".join(order[at : at + 3]) for at in range(0, 150, 3)]
    assert {name: len(series) for name, series in found.items()} == {
        "a": 50,
        "b": 50,
        "c": 50,
    }
    assert {"".join(sorted(some)) for some in rounds} == {"abc"}
    assert len(set(rounds)) == 6


def test_a_drift_that_hits_both_is_no_error() -> None:
    peer = [[10.0 * number, 11.0 * number] for number in range(1, 31)]
    ours = [[1.2 * value for value in values] for values in peer]
    ratio = ratios(ours, peer)[0.5]
    assert ratio.value == pytest.approx(1.2)
    assert ratio.low == pytest.approx(1.2)
    assert ratio.high == pytest.approx(1.2)


def noisy(generator: random.Random, middle: float) -> Series:
    """Twenty rounds; those of one round resemble each other."""
    rounds: Series = []
    for _ in range(20):
        shift = generator.gauss(0, 5)
        rounds.append([generator.gauss(middle + shift, 1) for _ in range(3)])
    return rounds


def test_the_interval_holds_the_true_ratio() -> None:
    """In about 95 of 100 cases; one that takes each value alone in 75."""
    generator = random.Random(1)
    held = 0
    for _ in range(100):
        ratio = ratios(noisy(generator, 120), noisy(generator, 100))[0.5]
        held += ratio.low <= 1.2 <= ratio.high
    assert held >= 88


def test_series_that_were_not_interleaved_are_not_compared() -> None:
    with pytest.raises(ValueError, match="interleaved"):
        ratios([[1.0]], [[1.0], [2.0]])


def row(
    value: float,
    *,
    low: float = 0,
    high: float = 9,
    bar: float | None = None,
    less: bool = True,
    busy: str | None = None,
) -> Row:
    ratio = Ratio(value, 1.0, value, low, high)
    return Row(
        "spawn", "spawn", "root", "peer", "µs", {0.5: ratio}, less, bar, busy
    )


@pytest.mark.parametrize(
    ("low", "high", "less", "met"),
    [
        (0.7, 0.8, True, True),
        (0.7, 0.95, True, None),
        (0.92, 0.95, True, False),
        (0.92, 0.95, False, True),
        (0.85, 0.95, False, None),
        (0.7, 0.8, False, False),
    ],
)
def test_a_bar_is_met_by_the_whole_interval(
    low: float, high: float, less: bool, met: bool | None
) -> None:
    middle = (low + high) / 2
    assert row(middle, low=low, high=high, bar=0.9, less=less).met is met
    assert row(middle, low=low, high=high, less=less).met is None


# --- who uses the processors ---

STAT = """\
cpu  {user} 0 100 {idle} 50 0 0 {stolen} 30 0
cpu0 1 2 3 4 5 6 7 8 9 10
intr 1
"""


def ticks(user: int, idle: int, stolen: int = 0) -> quiet.Ticks:
    text = STAT.format(user=user, idle=idle, stolen=stolen)
    return quiet.read_ticks(text)


def test_time_is_read_as_the_kernel_counts_it() -> None:
    # Waiting for a disk is idle; guests are in the time of their hosts.
    assert ticks(400, 2000, 7) == quiet.Ticks(500, 7, 2557)


def test_the_time_of_a_process_and_its_children_is_its_own() -> None:
    fields = "S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 20 0 1 0 55"
    assert quiet.read_own([f"77 (true) {fields}"]) == 127
    assert quiet.read_own([f"77 (a) b (c) {fields}"] * 2) == 254


@pytest.mark.parametrize(
    ("user", "idle", "stolen", "own", "words"),
    [
        (0, 1000, 0, 0, None),
        (0, 1000, 60, 0, "the host took 6%"),
        (900, 100, 0, 890, None),
        (900, 100, 0, 700, "others used 19%"),
        (100, 900, 0, 0, "others used 9%"),
        (30, 970, 0, 0, None),
    ],
)
def test_what_is_not_ours_is_the_others(
    user: int, idle: int, stolen: int, own: int, words: str | None
) -> None:
    spent = ticks(user, idle, stolen) - ticks(0, 0)
    complaint = quiet.use(spent, own).complaint
    assert complaint == (words and f"{words} of the processors")


def test_the_load_is_for_each_processor() -> None:
    text = "1.20 0.50 0.10 1/200 4711\n"
    assert quiet.load_complaint(text, 4) is None
    assert quiet.load_complaint(text, 2) == (
        "the load of the last minute is 1.20"
    )


# --- what is done about it ---

IDLE = quiet.Use(0.0, 0.0, 200)
TAKEN = quiet.Use(0.4, 0.0, 200)


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path / "floor", tmp_path / "allow", patience=0)


def watched(monkeypatch: pytest.MonkeyPatch, *uses: quiet.Use) -> None:
    """Before each series all is idle; during it this is used."""
    left = iter(uses)

    class Watch:
        def use(self) -> quiet.Use:
            return next(left)

    monkeypatch.setattr(quiet, "Watch", Watch)
    monkeypatch.setattr(quiet, "load_now", lambda: "0 0 0 1/2 3\n")
    monkeypatch.setattr(quiet, "wait_for_idle", lambda seconds: None)


def counter() -> Callable[[], dict[str, Series]]:
    numbers: Iterator[int] = iter(range(1, 100))
    return lambda: {"ours": [[float(next(numbers))]]}


def test_a_disturbed_series_is_repeated(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(monkeypatch, TAKEN, IDLE)
    found, busy = setting.series("spawn", ROOT, counter())
    assert (found, busy) == ({"ours": [[2.0]]}, None)
    assert [kept["rounds"]["ours"] for kept in setting.raw] == [
        [[1.0]],
        [[2.0]],
    ]
    assert [kept["others"] for kept in setting.raw] == [0.4, 0.0]


def test_the_third_disturbed_series_stays_and_says_so(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(monkeypatch, *[TAKEN] * 3)
    found, busy = setting.series("spawn", ROOT, counter())
    assert found == {"ours": [[3.0]]}
    assert busy == "others used 40% of the processors"


@pytest.mark.parametrize("use", [IDLE, TAKEN])
def test_all_is_marked_where_busy_is_allowed(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, use: quiet.Use
) -> None:
    watched(monkeypatch, use)
    monkeypatch.setattr(quiet, "wait_for_idle", lambda seconds: "busy")
    setting.busy = True
    found, busy = setting.series("spawn", ROOT, counter())
    assert found == {"ours": [[1.0]]}
    assert busy
    shown = report.table([row(1.0, busy=busy)])
    assert f"**busy**: {busy}" in shown[-1]


def test_nothing_is_measured_where_it_does_not_get_idle(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(monkeypatch)
    monkeypatch.setattr(quiet, "wait_for_idle", lambda seconds: "crowded")
    with pytest.raises(Busy, match=r"^spawn is not measured: crowded$"):
        setting.series("spawn", ROOT, pytest.fail)
    assert setting.raw == []


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def program(name: str, directory: Path) -> Path:
        return directory / name

    monkeypatch.setattr(run, "compile_program", program)


@on_linux
@pytest.mark.usefixtures("no_compiler")
def test_a_run_on_a_loaded_machine_ends_at_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(quiet, "load_now", lambda: "999.0 0 0 1/2 3\n")
    output = tmp_path / "results"
    assert run.main(["--output", str(output)]) == run.BUSY
    assert (
        "busy: the load of the last minute is 999" in capsys.readouterr().err
    )
    assert not output.exists()


@on_linux
@pytest.mark.usefixtures("no_compiler")
def test_a_run_that_gets_busy_keeps_what_it_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def spawn(setting: Setting, who: Who) -> list[Row]:
        if who.name == "user":
            raise Busy("crowded")
        return [row(0.5)]

    monkeypatch.setattr(quiet, "load_now", lambda: "0.0 0 0 1/2 3\n")
    monkeypatch.setattr(run, "people", lambda: [ROOT, USER])
    monkeypatch.setattr(run, "draw", lambda *args: None)
    monkeypatch.setitem(measures.MEASURES, "spawn", spawn)
    arguments = ["--only", "spawn", "--output", str(tmp_path)]
    assert run.main(arguments) == run.BUSY
    kept = json.loads((tmp_path / "results.json").read_text())
    assert [some["what"] for some in kept["rows"]] == ["spawn"]
    assert kept["machine"].keys() >= {
        *("kernel", "cpu", "python", "commit", "date", "load")
    }


@pytest.mark.parametrize("other", ["--busy", "--quick", "--only=spawn"])
def test_only_a_whole_run_gets_into_the_readme(
    other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run.parse(["--readme", other])
    assert "whole runs on an idle machine" in capsys.readouterr().err


def test_the_readme_has_a_place_for_figures() -> None:
    before = (BENCH / "README.md").read_text(encoding="utf-8")
    after = report.put_figures(before, "| a | b |")
    assert f"{report.BEGIN}\n\n| a | b |\n\n{report.END}" in after
    assert report.put_figures(after, "| a | b |") == after
    with pytest.raises(ValueError, match="no place"):
        report.put_figures("nothing", "| a | b |")


# --- the gate ---


@pytest.mark.parametrize(
    ("ratio", "less", "lost"),
    [(1.2, True, 0.2), (0.8, True, -0.2), (0.8, False, 0.25)],
)
def test_a_loss_is_relative(ratio: float, less: bool, lost: float) -> None:
    assert gate.loss(ratio, 1.0, less) == pytest.approx(lost)


@pytest.fixture
def baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One ratio is stored, and only that is looked at."""
    name = gate.name_of(row(1.0))
    ratios = {name: {"ratio": 1.0, "tolerance": 0.15}}
    stored = {"machine": report_machine(), "idle": True, "ratios": ratios}
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(stored))
    monkeypatch.setattr(gate, "BASELINE", path)
    monkeypatch.setattr(gate, "machine", report_machine)


def report_machine() -> dict[str, object]:
    names = ("kernel", "cpu", "cpus", "python", "commit", "date")
    return {name: name for name in names}


def judge(
    monkeypatch: pytest.MonkeyPatch,
    setting: Setting,
    rows: list[Row],
    strict: bool = False,
) -> tuple[int, int]:
    """The status, and how many tries it took."""
    left = iter(rows)
    monkeypatch.setattr(gate, "CHECKS", [(lambda *a: [next(left)], True)])
    status = gate.judge(setting, [ROOT], strict)
    return status, len(rows) - len(list(left))


@pytest.mark.usefixtures("baseline")
@pytest.mark.parametrize(
    ("found", "status", "tries"),
    [
        ([1.1, 2.0], 0, 1),
        ([0.1, 2.0], 0, 1),
        ([1.2, 1.3, 1.1], 0, 3),
        ([1.2, 1.3, 1.2, 1.0], 1, 3),
    ],
)
def test_a_loss_must_show_in_three_tries(
    monkeypatch: pytest.MonkeyPatch,
    setting: Setting,
    found: list[float],
    status: int,
    tries: int,
) -> None:
    rows = [row(value) for value in found]
    assert judge(monkeypatch, setting, rows) == (status, tries)


@pytest.mark.usefixtures("baseline")
@pytest.mark.parametrize("strict", [False, True])
def test_a_neighbour_is_no_loss(
    monkeypatch: pytest.MonkeyPatch,
    setting: Setting,
    capsys: pytest.CaptureFixture[str],
    strict: bool,
) -> None:
    """Nor does one hide that it cannot be told."""
    rows = [row(9.0, busy="others used 40% of the processors")]
    assert judge(monkeypatch, setting, rows, strict) == (int(strict), 1)
    assert capsys.readouterr().out == (
        "busy: not judged (others used 40% of the processors)\n"
    )


@pytest.mark.usefixtures("baseline")
def test_a_busy_machine_is_not_stored(
    monkeypatch: pytest.MonkeyPatch, setting: Setting
) -> None:
    def check(setting: Setting, who: Who) -> list[Row]:
        raise Busy("crowded")

    before = gate.BASELINE.read_text()
    monkeypatch.setattr(gate, "CHECKS", [(check, True)])
    assert gate.store(setting, [ROOT]) == 1
    assert gate.BASELINE.read_text() == before


def test_the_baseline_is_of_ratios_and_tolerances() -> None:
    stored = json.loads((BENCH / "baseline.json").read_text())
    assert report.machine_text(stored["machine"])
    for name, entry in stored["ratios"].items():
        assert 0.05 < entry["ratio"] < 20, name
        assert 0 < entry["tolerance"] <= gate.TOLERANCE, name


# --- the worker ---


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_made", {})


@on_linux
@pytest.mark.usefixtures("nothing_kept")
def test_all_contenders_do_the_same() -> None:
    true = [measures.TRUE]
    contenders = {
        **{how: (how, true) for how in worker.CONTENDERS},
        "hygiene": ("sandbox hygiene", true),
        "typed": ("check typed", [measures.GREP]),
        "plain": ("check plain", [measures.GREP]),
    }
    found = worker.turns(contenders, 2)
    assert found.keys() == contenders.keys()
    found |= worker.async_turns(true, 2)
    assert {len(times) for times in found.values()} == {2}
    (rate,) = worker.rate("ours", "prepared", true, 4, 2)["ours"]
    assert rate > 0


@on_linux
@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize("how", ["prepared", "subprocess"])
def test_a_contender_that_fails_is_not_timed(how: str) -> None:
    with pytest.raises((RuntimeError, subprocess.CalledProcessError)):
        worker.turns({"ours": (how, [measures.find("false")])}, 1)


@on_linux
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_cheapest_filter_is_one(tmp_path: Path) -> None:
    allow = compile_program("allow", tmp_path)
    status = Path("/proc/self/status")
    shown = subprocess.check_output([allow, "/bin/cat", status], text=True)
    fields = dict(line.split(":", 1) for line in shown.splitlines())
    assert fields["Seccomp"].strip() == "2"
    assert fields["NoNewPrivs"].strip() == "1"
    assert fields["Seccomp_filters"].strip() == str(own_filters() + 1)


def own_filters() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("Seccomp_filters:"):
            return int(line.split()[1])
    pytest.skip("the kernel does not tell the number of filters")

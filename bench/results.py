"""What is concluded from interleaved series of two contenders."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

# What one contender measured: a list for each round.
Series: TypeAlias = list[list[float]]

QUANTILES = (0.5, 0.9, 0.99)
RESAMPLES = 1000
CONFIDENCE = 0.95


def quantile(ordered: Sequence[float], q: float) -> float:
    """Between the two neighbours; the values are in order."""
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def interleave(
    contenders: Sequence[Callable[[], Mapping[str, list[float]]]], rounds: int
) -> dict[str, Series]:
    """Let the contenders take turns, each round in another order.

    What else the machine does, and what one leaves behind for the next, then
    hits them alike.  Each tells one or more lists by their names.
    """
    generator = random.Random(rounds)
    found: dict[str, Series] = {}
    for _ in range(rounds):
        for ask in generator.sample(contenders, len(contenders)):
            for name, values in ask().items():
                found.setdefault(name, []).append(values)
    return found


class Ratio(NamedTuple):
    """A quantile of both, and the quotient with its error."""

    ours: float
    peer: float
    value: float
    low: float  # the ends of the confidence interval
    high: float


def useful_quantiles(series: Series) -> tuple[float, ...]:
    """Those that have at least five values beyond them."""
    count = sum(len(values) for values in series)
    return tuple(q for q in QUANTILES if q == 0.5 or count * (1 - q) > 4.995)


def ratios(ours: Series, peer: Series) -> dict[float, Ratio]:
    """Ratios of quantiles, with bootstrap confidence intervals.

    Whole rounds are drawn anew, of both contenders together: values of one
    round resemble each other, so they are not independent of each other.
    """
    if len(ours) != len(peer):
        raise ValueError("the contenders were not interleaved")
    wanted = useful_quantiles(ours)
    every = range(len(ours))
    measured = both(ours, peer, every, wanted)
    generator = random.Random(len(ours))  # the same series, the same error
    drawn = [
        both(ours, peer, generator.choices(every, k=len(ours)), wanted)
        for _ in range(RESAMPLES)
    ]
    found = {}
    for place, q in enumerate(wanted):
        quotients = sorted(a / b for a, b in (some[place] for some in drawn))
        low, high = (
            quantile(quotients, (1 + side * CONFIDENCE) / 2)
            for side in (-1, 1)
        )
        x, y = measured[place]
        found[q] = Ratio(x, y, x / y, low, high)
    return found


def both(
    ours: Series,
    peer: Series,
    rounds: Sequence[int],
    wanted: tuple[float, ...],
) -> list[tuple[float, float]]:
    """Quantiles of both contenders over some of the rounds."""
    a, b = (
        sorted(value for number in rounds for value in series[number])
        for series in (ours, peer)
    )
    return [(quantile(a, q), quantile(b, q)) for q in wanted]


@dataclass(frozen=True)
class Row:
    """One comparison.  The ratio is ours divided by the peer's."""

    group: str
    what: str
    who: str  # root or user
    against: str
    unit: str
    ratios: dict[float, Ratio]
    less_is_better: bool
    bar: float | None
    busy: str | None  # who else used the processors

    @property
    def median(self) -> Ratio:
        return self.ratios[0.5]

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None: the error is too large to say."""
        if self.bar is None:
            return None
        low, high = sorted((self.median.low, self.median.high))
        if low <= self.bar <= high:
            return None
        return (self.median.value <= self.bar) is self.less_is_better


def compare(
    group: str,
    what: str,
    who: str,
    against: str,
    ours: Series,
    peer: Series,
    *,
    unit: str,
    scale: float = 1.0,
    less_is_better: bool = True,
    bar: float | None = None,
    busy: str | None = None,
) -> Row:
    """Compare the quantiles of two series that were measured in turns."""
    found = {
        q: r._replace(ours=r.ours * scale, peer=r.peer * scale)
        for q, r in ratios(ours, peer).items()
    }
    return Row(
        group=group,
        what=what,
        who=who,
        against=against,
        unit=unit,
        ratios=found,
        less_is_better=less_is_better,
        bar=bar,
        busy=busy,
    )

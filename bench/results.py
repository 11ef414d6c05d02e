"""Series of interleaved rounds, and what is concluded from two of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

# What one contender measured: a list for each round.
Series: TypeAlias = list[list[float]]


def quantile(values: Iterable[float], q: float) -> float:
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def interleave(
    contenders: Mapping[str, Callable[[], list[float]]], rounds: int
) -> dict[str, Series]:
    """Let the contenders take turns; each round begins with another one.

    What else the machine does then hits them alike.
    """
    names = list(contenders)
    found: dict[str, Series] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(contenders[name]())
    return found


@dataclass(frozen=True)
class Row:
    """One comparison.  The ratio is ours divided by the peer's."""

    group: str
    what: str
    against: str
    unit: str
    ours: float
    peer: float
    ratio: float
    low: float  # quartiles of the ratio over the rounds
    high: float
    rounds: int
    less_is_better: bool
    bar: float | None = None

    @property
    def met(self) -> bool | None:
        if self.bar is None:
            return None
        if self.less_is_better:
            return self.ratio <= self.bar
        return self.ratio >= self.bar


def compare(
    group: str,
    what: str,
    against: str,
    ours: Series,
    peer: Series,
    *,
    unit: str,
    q: float = 0.5,
    scale: float = 1.0,
    less_is_better: bool = True,
    bar: float | None = None,
) -> Row:
    """Compare a quantile, round by round; the median round decides."""
    ratios = [
        quantile(a, q) / quantile(b, q)
        for a, b in zip(ours, peer, strict=True)
    ]
    return Row(
        group=group,
        what=what,
        against=against,
        unit=unit,
        ours=quantile([x for values in ours for x in values], q) * scale,
        peer=quantile([x for values in peer for x in values], q) * scale,
        ratio=statistics.median(ratios),
        low=quantile(ratios, 0.25),
        high=quantile(ratios, 0.75),
        rounds=len(ratios),
        less_is_better=less_is_better,
        bar=bar,
    )

"""Where a grant's hours go: a projection with an interval, from its recent days.

Method: the use of a future day is taken to be distributed as that of the recent days, and days
as independent. The sum of n future days then has the mean n*m and, because m itself is
estimated from w days, the variance s^2 * (n + n^2/w) (the prediction interval of a sum of
normal variables; e.g. Hahn and Meeker, Statistical Intervals, 1991, section 4.8). The interval
is the middle 80 percent. Under a week of days there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import stdev

Z80 = 1.2816  # the 90th percentile of the standard normal distribution
FEWEST_DAYS = 7
HORIZON = 730  # two years


@dataclass(frozen=True, slots=True)
class Span:
    """Days from today until the hours are used: at the earliest, expected, and at the latest.

    None: not within two years.
    """

    earliest: int | None
    expected: int | None
    latest: int | None


@dataclass(frozen=True, slots=True)
class Projection:
    """left: seconds now, above zero; daily: recent use by day, days without use included."""

    left: int
    daily: tuple[int, ...]

    @property
    def mean(self) -> float:
        return sum(self.daily) / len(self.daily) if self.daily else 0.0

    @property
    def deviation(self) -> float:
        """The sample's standard deviation; zero for fewer than two days."""
        return stdev(self.daily) if len(self.daily) > 1 else 0.0

    @property
    def known(self) -> bool:
        """Whether there are days enough for an interval, and anything was used on them."""
        return len(self.daily) >= FEWEST_DAYS and self.mean > 0

    def used_in(self, days: int) -> tuple[int, int, int]:
        """(low, expected, high) seconds used within so many days; never below zero."""
        mean = days * self.mean
        half = Z80 * self.deviation * sqrt(days + days * days / len(self.daily))
        return max(0, round(mean - half)), round(mean), round(mean + half)

    def lasts(self) -> Span:
        """When the hours end. Each bound is found by halving: use grows with the days."""
        return Span(*(self._first_day(which) for which in (2, 1, 0)))

    def _first_day(self, which: int) -> int | None:
        # The low bound may fall with the days when use is erratic; then it never gets there.
        if self.used_in(HORIZON)[which] < self.left:
            return None
        low, high = 0, HORIZON
        while low < high:
            middle = (low + high) // 2
            if self.used_in(middle)[which] >= self.left:
                high = middle
            else:
                low = middle + 1
        return low


def project(left: int, daily: Sequence[int]) -> Projection | None:
    """The projection, or None where nothing is left or the days are too few."""
    found = Projection(left, tuple(daily))
    return found if left > 0 and found.known else None

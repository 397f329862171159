"""Whether certified time suffices for what calls promise of it. Pure: no Django, no database.

A call's time can be used in its award period only, but in any month of it. Then the promises can
be kept if and only if, for every run of months, what must be used inside it is no more than what
is certified there (Hall's condition for intervals). Months are counted as 12 x year + month - 1.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Promise:
    """`seconds` to be used in the months first..last, both inclusive; None: in any month."""

    seconds: int
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The months first..last (None, None: all there are) where more is promised than certified."""

    certified: int
    promised: int
    first: int | None = None
    last: int | None = None

    @property
    def missing(self) -> int:
        return self.promised - self.certified


def month_of(day: date) -> int:
    return 12 * day.year + day.month - 1


def first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def hardware_seconds(units: int, month: date) -> int:
    """All the time that so many cards or cores have in the month of that day."""
    return units * monthrange(month.year, month.month)[1] * DAY_SECONDS


def shortfall(certified: Mapping[int, int], promises: Iterable[Promise]) -> Shortfall | None:
    """The worst run of months; None where all promises can be kept. k periods take O(k^3)."""
    made = [promise for promise in promises if promise.seconds]
    found = []
    bounded = [
        (promise.first, promise.last, promise.seconds)
        for promise in made
        if promise.first is not None and promise.last is not None
    ]
    for first in sorted({begin for begin, _end, _seconds in bounded}):
        for last in sorted({end for _begin, end, _seconds in bounded if end >= first}):
            inside = sum(n for begin, end, n in bounded if begin >= first and end <= last)
            there = sum(n for month, n in certified.items() if first <= month <= last)
            found.append(Shortfall(there, inside, first, last))
    # Last, so that of two that are as bad the one that names its months is told of.
    found.append(Shortfall(sum(certified.values()), sum(promise.seconds for promise in made)))
    worst = max(found, key=lambda each: each.missing)
    return worst if worst.missing > 0 else None

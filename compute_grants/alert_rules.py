"""Which thresholds a grant is beyond: a pure function of its figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

USED, RUNS_OUT, IDLE = "used", "runs_out", "idle"
Crossing = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """used, seconds: of what is released. idle_days: since it was last used or began.

    runs_out_before_end: at the pace of its recent days.
    """

    used: int
    seconds: int
    idle_days: int
    runs_out_before_end: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """idle_days: 0 for no such alert."""

    percents: Collection[int]
    runs_out: bool
    idle_days: int


def beyond(figures: Figures, wanted: Wanted) -> set[Crossing]:
    """The (kind, threshold) pairs that hold now. Shares are compared as products."""
    found = {
        (USED, percent)
        for percent in wanted.percents
        if figures.used * 100 >= figures.seconds * percent and figures.used > 0
    }
    if wanted.runs_out and figures.runs_out_before_end and figures.used < figures.seconds:
        found.add((RUNS_OUT, 0))
    if wanted.idle_days and figures.idle_days >= wanted.idle_days:
        found.add((IDLE, wanted.idle_days))
    return found

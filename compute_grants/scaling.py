"""Strong scaling: the same work at growing width, measured against the smallest.

With width w0 and time t0 of the smallest, speed-up S = t0 / t and parallel efficiency
E = S * w0 / w (G. M. Amdahl, AFIPS 1967, for the fixed problem size).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One width. speed_up: against the smallest width; efficiency: 1 for perfect scaling."""

    width: int
    milliseconds: int
    speed_up: float
    efficiency: float

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1000

    @property
    def percent(self) -> float:
        return self.efficiency * 100


def curve(points: Iterable[tuple[int, int]]) -> list[Row]:
    """Rows by width of (width, milliseconds), both above zero; empty for no points."""
    ordered = sorted(points)
    if not ordered:
        return []
    smallest, longest = ordered[0]
    return [
        Row(width, time, longest / time, (longest * smallest) / (time * width))
        for width, time in ordered
    ]

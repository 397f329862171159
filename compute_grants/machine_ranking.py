"""Which of a call's machines suit a need best, and why. Pure: no database.

The score is a weighted sum of four parts, each from 0 to 1 against the best that fits: the peak
at the precision, the memory, the hours still free, and the work done for a joule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WEIGHTS = {"precision": 40, "memory": 20, "hours": 20, "energy": 20}  # percent


@dataclass(frozen=True, slots=True)
class Candidate:
    """One resource: gigaflop/s, bytes and watts of one card or core; seconds left in the call."""

    key: int
    label: str
    gigaflops: float
    memory: int
    free_seconds: int
    watts: float

    @property
    def teraflops(self) -> float:
        return self.gigaflops / 1000


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its parts (0 to 1) and score (0 to 100). `lacks`: why it does not fit."""

    candidate: Candidate
    score: float
    parts: dict[str, float]
    lacks: str = ""

    @property
    def fits(self) -> bool:
        return not self.lacks

    @property
    def points(self) -> list[tuple[str, float, int]]:
        """(part, points reached, points to be had)."""
        return [(name, share * WEIGHTS[name], WEIGHTS[name]) for name, share in self.parts.items()]


def rank(candidates: Iterable[Candidate], *, memory: int = 0, seconds: int = 0) -> list[Ranked]:
    """Those that fit, best first, then those that do not. `lacks`: precision, memory or hours."""
    judged = [(each, _lacks(each, memory)) for each in candidates]
    fitting = [each for each, lacks in judged if not lacks]
    best = {
        "precision": max((each.gigaflops for each in fitting), default=0),
        "memory": max((each.memory for each in fitting), default=0),
        "hours": seconds or max((each.free_seconds for each in fitting), default=0),
        "energy": max((_per_watt(each) for each in fitting), default=0),
    }
    ranked = [_ranked(each, best) for each in fitting]
    ranked.sort(key=lambda row: (-row.score, row.candidate.label))
    return ranked + [Ranked(each, 0, {}, lacks) for each, lacks in judged if lacks]


def _lacks(candidate: Candidate, memory: int) -> str:
    if not candidate.gigaflops:
        return "precision"
    if candidate.memory < memory:
        return "memory"
    return "" if candidate.free_seconds > 0 else "hours"


def _per_watt(candidate: Candidate) -> float:
    return candidate.gigaflops / candidate.watts if candidate.watts else 0


def _ranked(candidate: Candidate, best: dict[str, float]) -> Ranked:
    values = {
        "precision": candidate.gigaflops,
        "memory": candidate.memory,
        "hours": candidate.free_seconds,
        "energy": _per_watt(candidate),
    }
    parts = {name: min(1.0, values[name] / best[name]) if best[name] else 0.0 for name in WEIGHTS}
    return Ranked(candidate, sum(parts[name] * WEIGHTS[name] for name in WEIGHTS), parts)

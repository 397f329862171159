"""Why each proposal gets what it gets: the limit that bound it, with its numbers.

Codes rather than sentences: pages and the API word them in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from compute_grants.optimise.limits import Candidate, Limits, Room
from compute_grants.optimise.problem import Fixed, Problem, Solution

CLOSE = 1e-6


class Bound(StrEnum):
    """What can bind."""

    FIXED = "fixed"  # decided before
    TECHNICAL = "technical"  # no machine can run it, or only up to a cap
    THRESHOLD = "threshold"  # merit below the least that is awarded
    MACHINES = "machines"  # on so few machines it cannot get its least share
    TOO_LARGE = "too_large"  # its least share exceeds all there is
    CAPACITY = "capacity"  # of a machine that is given away
    LOWER_MERIT = "lower_merit"  # the same, and all that got time there have more merit
    SIZE = "size"  # the same, and it takes more time for its merit than those that got it
    MIN_SHARE = "min_share"  # what is left is less than its least share
    CAP = "cap"  # the most one proposal may get


@dataclass(frozen=True, slots=True)
class Reason:
    """One limit. machine: where; least, left, merit, other: credits and merits to be named.

    least: the credits it would have to get; left: those it could get; merit: its own; other: of
    the last that was awarded there (LOWER_MERIT), or merit a thousand credits (SIZE, both).
    """

    bound: Bound
    machine: str = ""
    least: float = 0.0
    left: float = 0.0
    merit: float = 0.0
    other: float = 0.0

    def to_data(self) -> dict[str, Any]:
        return asdict(self)


def explain(problem: Problem, solution: Solution) -> dict[str, tuple[Reason, ...]]:
    """By proposal: why it was declined, or got less than it asked. Empty: it got everything."""
    return Explainer(problem, solution).all()


class Explainer:
    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.limits = Limits(problem)
        self.awards = solution.awards
        self.left = self.limits.left(solution.awards)

    def all(self) -> dict[str, tuple[Reason, ...]]:
        return {
            candidate.key: self._less(candidate, self.awards[candidate.key])
            if candidate.key in self.awards
            else self._declined(candidate)
            for candidate in self.limits.candidates
        }

    def _declined(self, candidate: Candidate) -> tuple[Reason, ...]:
        proposal, rules = candidate.proposal, self.limits.rules
        if proposal.fixed == Fixed.DECLINED:
            return (Reason(Bound.FIXED),)
        if not candidate.rooms:
            return (Reason(Bound.TECHNICAL),)
        if proposal.merit < rules.min_merit:
            return (Reason(Bound.THRESHOLD, merit=proposal.merit, other=rules.min_merit),)
        if candidate.reachable + CLOSE < candidate.least:
            return (self._unreachable(candidate),)
        return self._crowded_out(candidate)

    def _unreachable(self, candidate: Candidate) -> Reason:
        """Even with every machine empty it could not get its least share."""
        there = sum(r.credits(min(r.high, r.machine.capacity)) for r in candidate.rooms)
        least, left = candidate.least, candidate.reachable
        if min(candidate.cap, there) + CLOSE >= least:
            return Reason(Bound.MACHINES, least=least, left=left)
        short = max(candidate.rooms, key=lambda r: r.high - r.machine.capacity)
        return Reason(Bound.TOO_LARGE, machine=short.machine.key, least=least, left=left)

    def _crowded_out(self, candidate: Candidate) -> tuple[Reason, ...]:
        """It would have fitted, but others got the time."""
        least, left = candidate.least, self.limits.most(candidate, self.left)
        full = [room for room in candidate.rooms if self.left[room.machine.key] < room.high]
        if not full:
            return (Reason(Bound.MIN_SHARE, least=least, left=left),)
        tight = max(full, key=lambda r: r.credits(r.high - self.left[r.machine.key]))
        key = tight.machine.key
        capacity = Reason(Bound.CAPACITY, machine=key, least=least, left=left)
        return (capacity, *self._beaten(candidate, key))

    def _beaten(self, candidate: Candidate, machine: str) -> tuple[Reason, ...]:
        """How it compares with those that were awarded time of this machine."""
        there = [self.limits.by_key[key] for key, award in self.awards.items() if machine in award]
        if not there:
            return ()
        own = candidate.proposal.merit
        last = min(there, key=lambda c: c.proposal.merit)
        if own < last.proposal.merit:
            other = last.proposal.merit
            return (Reason(Bound.LOWER_MERIT, machine=machine, merit=own, other=other),)
        others = sum(self._density(each) for each in there) / len(there)
        own = self._density(candidate)
        return (Reason(Bound.SIZE, machine=machine, merit=own, other=others),)

    @staticmethod
    def _density(candidate: Candidate) -> float:
        """Merit for a thousand credits asked."""
        return candidate.worth / candidate.asked * 1000

    def _less(self, candidate: Candidate, award: Mapping[str, int]) -> tuple[Reason, ...]:
        """Why it did not get all it asked: the limit of each machine, or of the whole."""
        reasons = []
        given = self.limits.credits(award)
        at_cap = candidate.cap - given < self.limits.rounding(candidate)
        hosts = {self.limits.machines[key].machine for key in award}
        rooms = {room.machine.key: room for room in candidate.rooms}
        for request in candidate.proposal.requests:
            key, got = request.machine, award.get(request.machine, 0)
            room = rooms.get(key)
            if got >= request.asked:
                continue
            if room is None or got >= room.high:
                high = room.credits(room.high) if room else 0.0
                reasons.append(Reason(Bound.TECHNICAL, machine=key, left=high))
            elif at_cap:
                reasons.append(Reason(Bound.CAP, machine=key, left=candidate.cap))
            elif not got and self._no_more_machines(room, hosts):
                reasons.append(Reason(Bound.MACHINES, machine=key))
            else:
                left = room.credits(self.left[key])
                reasons.append(Reason(Bound.CAPACITY, machine=key, left=left))
        return tuple(reasons)

    def _no_more_machines(self, room: Room, hosts: set[str]) -> bool:
        most = self.limits.rules.max_machines
        return len(hosts) >= most and room.machine.machine not in hosts

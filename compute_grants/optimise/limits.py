"""What a proposal can get under the rules, and how awards are counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from compute_grants.optimise.problem import HOUR, Fixed, Machine, Problem, Proposal, Request

Awards = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Room:
    """On one machine: at least `low` seconds where any, at most `high`."""

    request: Request
    machine: Machine
    low: int
    high: int

    def credits(self, seconds: int) -> float:
        return self.machine.credits(seconds)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal with the room it has. Amounts in credits.

    asked: everything it asks. cap: the most it may get. least: what it gets if it gets any.
    reachable: the most it could get on the machines it may have at once.
    """

    proposal: Proposal
    rooms: tuple[Room, ...]
    asked: float
    cap: float
    least: float
    reachable: float

    @property
    def key(self) -> str:
        return self.proposal.key

    @property
    def worth(self) -> float:
        return self.proposal.merit * self.proposal.weight


class Limits:
    """A problem with what follows from its rules."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rules = problem.rules
        self.machines = {machine.key: machine for machine in problem.machines}
        self.candidates = tuple(self._candidate(each) for each in problem.proposals)
        self.by_key = {candidate.key: candidate for candidate in self.candidates}

    def _candidate(self, proposal: Proposal) -> Candidate:
        machines = [self.machines[request.machine] for request in proposal.requests]
        pairs = list(zip(proposal.requests, machines, strict=True))
        asked = sum(machine.credits(request.asked) for request, machine in pairs)
        rooms = tuple(
            room for request, machine in pairs if (room := self._room(request, machine, asked))
        )
        feasible = sum(m.credits(request.ceiling) for request, m in pairs)
        cap = min(feasible, proposal.cap_credits) if proposal.cap_credits else feasible
        reachable = min(cap, self._most(rooms, {m.key: m.capacity for m in machines}))
        return Candidate(proposal, rooms, asked, cap, self.rules.min_share * cap, reachable)

    def _room(self, request: Request, machine: Machine, asked: float) -> Room | None:
        high = request.ceiling
        if not high:
            return None
        share = self.rules.min_machine_share * asked / machine.rate * HOUR
        return Room(request, machine, min(hours_up(share), high), high)

    def _most(self, rooms: Iterable[Room], left: Mapping[str, int]) -> float:
        """Credits to be had with so much left, on as many machines as may be had at once."""
        by_host: dict[str, float] = {}
        for room in rooms:
            seconds = min(room.high, left[room.machine.key])
            if seconds >= room.low:
                host = room.machine.machine
                by_host[host] = by_host.get(host, 0) + room.credits(seconds)
        return sum(islice(sorted(by_host.values(), reverse=True), self.rules.max_machines))

    def most(self, candidate: Candidate, left: Mapping[str, int]) -> float:
        return min(candidate.cap, self._most(candidate.rooms, left))

    def excluded(self, candidate: Candidate) -> bool:
        """Whether no search could award it."""
        if candidate.proposal.fixed == Fixed.DECLINED:
            return True
        if candidate.proposal.fixed == Fixed.AWARDED:
            return False
        return (
            not candidate.rooms
            or candidate.proposal.merit < self.rules.min_merit
            or candidate.reachable + 1e-9 < candidate.least
        )

    def credits(self, award: Mapping[str, int]) -> float:
        return sum(self.machines[key].credits(seconds) for key, seconds in award.items())

    def left(self, awards: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """Seconds of each machine that are not awarded."""
        left = {key: machine.capacity for key, machine in self.machines.items()}
        for award in awards.values():
            for key, seconds in award.items():
                left[key] -= seconds
        return left

    def merit(self, awards: Mapping[str, Mapping[str, int]]) -> float:
        """sum of merit x weight x (alpha + beta x awarded / asked)."""
        return sum(
            self.by_key[key].worth
            * (self.rules.alpha + self.rules.beta * self.credits(award) / self.by_key[key].asked)
            for key, award in awards.items()
        )

    def slack(self, awards: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
        """Credits missing from each floor."""
        given: dict[str, float] = {}
        for key, award in awards.items():
            kind = self.by_key[key].proposal.kind
            given[kind] = given.get(kind, 0) + self.credits(award)
        return {
            floor.kind: max(0.0, floor.credits - given.get(floor.kind, 0))
            for floor in self.problem.floors
        }

    def fit(self, candidate: Candidate, left: Mapping[str, int]) -> dict[str, int]:
        """All of it that fits into what is left, the larger parts first; {} if too little does."""
        if self.most(candidate, left) + 1e-9 < candidate.least:
            return {}
        rooms = sorted(
            candidate.rooms,
            key=lambda room: (-room.credits(min(room.high, left[room.machine.key])), room.low),
        )
        award: dict[str, int] = {}
        hosts: set[str] = set()
        budget = candidate.cap
        for room in rooms:
            host = room.machine.machine
            if host not in hosts and len(hosts) == self.rules.max_machines:
                continue
            affordable = int(budget / room.machine.rate * HOUR + 1e-6)
            seconds = whole(min(room.high, left[room.machine.key], affordable), room.high)
            if seconds and seconds >= room.low:
                award[room.machine.key] = seconds
                hosts.add(host)
                budget -= room.credits(seconds)
        enough = self.credits(award) + self.rounding(candidate) >= candidate.least
        return award if award and enough else {}

    def rounding(self, candidate: Candidate) -> float:
        """Credits that whole hours may cost it: an hour on each of its machines."""
        return sum(room.machine.rate for room in candidate.rooms) + 1e-9

    @cached_property
    def down_the_order(self) -> Awards:
        """Going down the panel's order and giving each proposal all that fits."""
        return self.fill({})

    def fill(self, awards: Mapping[str, Mapping[str, int]]) -> Awards:
        """`awards`, and down the order whatever still fits: first more proposals, then more time.

        What is fixed as awarded comes before all else.
        """
        full = {key: dict(award) for key, award in awards.items()}
        left = self.left(full)
        order = sorted(self.candidates, key=lambda c: c.proposal.fixed != Fixed.AWARDED)
        for candidate in order:
            if candidate.key not in full and not self.excluded(candidate):
                award = self.fit(candidate, left)
                if award:
                    full[candidate.key] = award
                    for key, seconds in award.items():
                        left[key] -= seconds
        for candidate in order:
            if candidate.key in full:
                self._top_up(candidate, full[candidate.key], left)
        return full

    def _top_up(self, candidate: Candidate, award: dict[str, int], left: dict[str, int]) -> None:
        budget = candidate.cap - self.credits(award)
        for room in candidate.rooms:
            key = room.machine.key
            if key not in award:
                continue
            affordable = int(budget / room.machine.rate * HOUR + 1e-6)
            most = award[key] + min(left[key], max(0, affordable))
            seconds = whole(min(room.high, most), room.high)
            if seconds > award[key]:
                left[key] -= seconds - award[key]
                budget -= room.credits(seconds - award[key])
                award[key] = seconds


def hours_up(seconds: float) -> int:
    """To whole hours, upwards."""
    return int(-(-seconds // HOUR)) * HOUR


def whole(seconds: int, high: int) -> int:
    """Downwards to whole hours, unless it is all there is to have."""
    return seconds if seconds == high else seconds // HOUR * HOUR

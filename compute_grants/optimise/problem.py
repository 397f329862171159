"""What the award of time is decided from, and what comes out of it. Pure: no Django, no database.

Times are whole seconds of a machine's own unit (card-seconds or core-seconds), so that limits
are kept exactly; where times of different machines are added up they are changed into credits
by the machine's rate (credits for an hour). Awards are whole hours, or all that may be had.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

HOUR = 3600


class Fixed(StrEnum):
    """What was decided before and shall stay."""

    AWARDED = "awarded"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Machine:
    """One resource. capacity: seconds to be awarded; rate: credits for an hour.

    host: the machine it is part of; cards and cores of one machine count as one machine.
    """

    key: str
    capacity: int
    rate: float = 1.0
    host: str = ""

    @property
    def machine(self) -> str:
        return self.host or self.key

    def credits(self, seconds: int) -> float:
        return seconds / HOUR * self.rate


@dataclass(frozen=True, slots=True)
class Request:
    """Time asked on one machine: `asked` seconds, of which `cap` are feasible there.

    compatible: whether the machine has the accelerator, precision and memory it takes.
    """

    machine: str
    asked: int
    cap: int
    compatible: bool = True

    @property
    def ceiling(self) -> int:
        return min(self.asked, self.cap) if self.compatible else 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """merit: of the panel, above zero. weight: how much it counts beside others of its merit.

    kind: of its institution, for floors. cap_credits: the most all its machines together may
    give it; None for no limit beyond the requests' own. fixed: decided before.
    """

    key: str
    merit: float
    requests: tuple[Request, ...]
    kind: str = ""
    weight: float = 1.0
    cap_credits: float | None = None
    fixed: Fixed | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """So many credits shall go to institutions of one kind, if merit allows."""

    kind: str
    credits: float


@dataclass(frozen=True, slots=True)
class Rules:
    """How awards are weighed and limited.

    alpha: what it counts that a proposal is awarded at all; beta: that it gets all it asked for.
    min_share: of what a proposal could get, the least it is awarded, else nothing.
    min_machine_share: of all it asks, the least on a machine it is awarded time of; a smaller
    request is given whole or not at all. min_merit: proposals below it are not awarded.
    merit_tolerance: the share of the merit that may be given up for floors and for the order.
    seed: of the lot that decides among equals.
    """

    alpha: float = 1.0
    beta: float = 1.0
    min_share: float = 0.5
    min_machine_share: float = 0.1
    max_machines: int = 2
    min_merit: float = 0.0
    merit_tolerance: float = 0.0005
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """proposals: in the panel's order, the best first."""

    machines: tuple[Machine, ...]
    proposals: tuple[Proposal, ...]
    floors: tuple[Floor, ...] = ()
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        """Raises ValueError for what could not be solved rightly."""
        machines = {machine.key for machine in self.machines}
        keys = [proposal.key for proposal in self.proposals]
        if len(set(keys)) != len(keys) or len(machines) != len(self.machines):
            raise ValueError("a machine or a proposal is there twice")
        for proposal in self.proposals:
            asked = [request.machine for request in proposal.requests]
            if len(set(asked)) != len(asked) or not set(asked) <= machines:
                raise ValueError(f"{proposal.key} asks an unknown machine, or one twice")
            if any(request.asked <= 0 or request.cap < 0 for request in proposal.requests):
                raise ValueError(f"{proposal.key} asks for no time")
            if proposal.merit < 0 or proposal.weight <= 0:
                raise ValueError(f"{proposal.key} has a merit below zero")
        if any(machine.capacity < 0 or machine.rate <= 0 for machine in self.machines):
            raise ValueError("a capacity is not negative and a rate above zero")
        if not 0 < self.rules.min_share <= 1 or not 0 <= self.rules.min_machine_share <= 1:
            raise ValueError("a share lies between nothing and all")
        if self.rules.max_machines < 1 or min(self.rules.alpha, self.rules.beta) < 0:
            raise ValueError("at least one machine, and no weight below zero")

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Problem:
        return cls(
            machines=tuple(Machine(**row) for row in data["machines"]),
            proposals=tuple(_proposal(row) for row in data["proposals"]),
            floors=tuple(Floor(**row) for row in data["floors"]),
            rules=Rules(**data["rules"]),
        )

    def sha256(self) -> str:
        """Of its canonical JSON: the same inputs have the same hash."""
        text = json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _proposal(row: Mapping[str, Any]) -> Proposal:
    requests = tuple(Request(**each) for each in row["requests"])
    fixed = Fixed(row["fixed"]) if row["fixed"] else None
    return Proposal(**{**row, "requests": requests, "fixed": fixed})


class Phase(StrEnum):
    """The goals, in the order in which they are met."""

    MERIT = "merit"
    FAIRNESS = "fairness"
    ORDER = "order"
    AMOUNTS = "amounts"


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one phase. value: the best found; bound: what cannot be bettered; gap: between them.

    All three are None until the phase has found something. value is the merit in MERIT and
    AMOUNTS, credits missing from floors in FAIRNESS, decisions unlike the panel's in ORDER.
    """

    phase: Phase
    seconds: float = 0.0
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Solution:
    """awards: seconds by proposal and machine; those not named are declined.

    slack: credits missing from each floor. order_changes: decisions unlike those of going down
    the panel's order while there is time. gap: of the merit, when the search ended.
    """

    awards: Mapping[str, Mapping[str, int]]
    merit: float
    bound: float
    gap: float
    slack: Mapping[str, float]
    order_changes: int
    phases: tuple[Progress, ...] = ()
    solver: str = ""
    seconds: float = 0.0

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Solution:
        phases = tuple(Progress(**{**p, "phase": Phase(p["phase"])}) for p in data["phases"])
        return cls(**{**data, "phases": phases})


class Infeasible(Exception):
    """What is fixed as awarded cannot all be awarded."""

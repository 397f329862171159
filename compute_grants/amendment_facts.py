"""What the rules ask about one grant, as plain values; policies read it, queries fill it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from compute_grants import programme
from compute_grants.models import Allocation, Amendment

Kind = Amendment.Kind
State = Amendment.State
RAISES = frozenset({Kind.SUPPLEMENT, Kind.ADVANCE, Kind.RENEWAL})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask about one grant. past: its requests as giver, oldest first.

    left: seconds unused, not below zero.
    """

    allocation: Allocation
    today: date
    bodies: dict[str, programme.Body]
    past: tuple[Amendment, ...]
    left: int

    def open_of(self, kind: str) -> Amendment | None:
        return next((a for a in self.past if a.kind == kind and a.state in Amendment.OPEN), None)

    @property
    def applied(self) -> list[Amendment]:
        return [a for a in self.past if a.state == State.APPLIED]

    @property
    def awarded_seconds(self) -> int:
        """What the call gave before anything was added on request."""
        added = sum(a.seconds or 0 for a in self.applied if a.kind in RAISES)
        return max(self.allocation.promised_seconds - added, 0)

    @property
    def owed_seconds(self) -> int:
        return sum(a.owed_seconds for a in self.past)

    def added(self, kind: str) -> int:
        """Seconds that requests of one kind have added so far."""
        return sum(a.seconds or 0 for a in self.applied if a.kind == kind)

    @property
    def term_ends_on(self) -> date:
        """The last day of the current term, before its extensions."""
        term = self.allocation.ends_on
        for past in reversed(self.applied):
            if past.kind == Kind.RENEWAL:
                break
            if past.kind == Kind.EXTENSION and past.ended_on_before:
                term = past.ended_on_before
        return term

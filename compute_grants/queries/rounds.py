"""Which round of a call is decided on: each by itself, its own proposals against each other."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from compute_grants.models import Call, CallRound


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds of a call by position, and the one that is looked at.

    A rolling call, and one of one round or none, is decided as a whole: `chosen` is None.
    """

    all: tuple[CallRound, ...]
    chosen: CallRound | None

    @property
    def several(self) -> bool:
        return self.chosen is not None


def rounds_of(call: Call, position: str = "") -> Rounds:
    """position: of the round that was asked for; else the one to be decided. One query."""
    found = tuple(call.rounds.all())
    if len(found) <= 1 or call.rolling:
        return Rounds(found, None)
    asked = [each for each in found if str(each.position) == position]
    return Rounds(found, asked[0] if asked else _latest(call, found))


def round_to_decide(call: Call) -> CallRound | None:
    """The round that closed last, None where the call is decided as a whole. One query."""
    return rounds_of(call).chosen


def _latest(call: Call, found: tuple[CallRound, ...]) -> CallRound:
    now = timezone.now()
    begun = [each for each in found if each.opens_at <= now]
    closed = [each for each in begun if not call.takes_for(each, now)]
    return max(closed, key=lambda each: each.closes_at) if closed else found[0]


def within(call_round: CallRound | None, path: str = "") -> Q:
    """A filter of proposals, or by `path` of what belongs to one, to those of this round.

    Proposals that never were of a round belong to each, so that none is left undecided.
    """
    if call_round is None:
        return Q()
    return Q(**{f"{path}round": call_round}) | Q(**{f"{path}round__isnull": True})

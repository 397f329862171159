"""Who prepares, changes and signs a panel's sets of decisions: nobody to whom one is closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Call, DecisionSet, Proposal
from compute_grants.policies.panel_interests import interests
from compute_grants.policies.reviews import can_rank
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person stands to some proposals of a call: its panel's seat, and what is closed."""

    seat: Decision
    own: frozenset[int]


def seat_of(user: User, call: Call, proposals: Iterable[Proposal]) -> Seat:
    """Two queries."""
    return Seat(can_rank(user, call), interests(user, proposals))


def can_prepare(user: User, call: Call, proposals: Iterable[Proposal] = ()) -> Decision:
    """Put decisions on these proposals into a set of the call."""
    rows = list(proposals)
    place = seat_of(user, call, rows) if rows else Seat(can_rank(user, call), frozenset())
    if not place.seat:
        return place.seat
    if place.own:
        return deny(
            _(
                "One of these proposals is closed to you: you have an interest in it, or an "
                "invitation to review it to answer first. Leave it to the other members of the "
                "panel."
            )
        )
    return ALLOW


def can_change(
    user: User,
    found: DecisionSet,
    proposals: Iterable[Proposal] = (),
    *,
    place: Seat | None = None,
) -> Decision:
    """Change a set, add these proposals, propose it, discard it. Expects found.call loaded."""
    place = place or seat_of(user, found.call, [*_proposals_of(found), *proposals])
    if not place.seat:
        return place.seat
    if place.own:
        return deny(
            _(
                "A proposal of this set is closed to you: you have an interest in it, or an "
                "invitation to review it to answer first. The others of the panel keep the set."
            )
        )
    return ALLOW


def can_sign(user: User, found: DecisionSet, *, place: Seat | None = None) -> Decision:
    """Expects found.call loaded."""
    place = place or seat_of(user, found.call, _proposals_of(found))
    if not place.seat:
        return place.seat
    if place.own:
        return deny(
            _(
                "A proposal of this set is closed to you: you have an interest in it, or an "
                "invitation to review it to answer first. Two others of the panel sign the set, "
                "or move that proposal to a set of its own."
            )
        )
    return ALLOW


def signers_of(found: DecisionSet) -> list[User]:
    """Those of the panel who may sign it. Expects found.call loaded."""
    rows = _proposals_of(found)
    return [
        person
        for person in found.call.panel.all()
        if can_sign(person, found, place=seat_of(person, found.call, rows))
    ]


def _proposals_of(found: DecisionSet) -> list[Proposal]:
    return list(Proposal.objects.filter(decision_items__set=found))

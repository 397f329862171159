"""Who prepares, changes and signs a panel's sets of decisions: nobody with an interest in one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from compute_grants.models import (
    Call,
    DecisionSet,
    Proposal,
    TeamMember,
    interested_institutions,
)
from compute_grants.policies.reviews import can_rank
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def interests(user: User, proposals: Iterable[Proposal]) -> frozenset[int]:
    """Ids of those among the proposals where the person stays out. One query.

    Their own, their team's, and those of their institutions and the related groups of these.
    """
    on_the_team = TeamMember.objects.of_person(user).on_the_team().filter(proposal=OuterRef("pk"))
    own = Q(lead=user) | Q(institution__in=interested_institutions(user)) | Exists(on_the_team)
    rows = Proposal.objects.filter(own, pk__in=[row.pk for row in proposals])
    return frozenset(rows.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person stands to some proposals of a call: its panel's seat, and own interests."""

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
                "You have an interest in one of these proposals, so you stay out of it. Leave it "
                "to the other members of the panel."
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
            _("You have an interest in a proposal of this set, so the others of the panel keep it.")
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
                "You have an interest in a proposal of this set, so two others of the panel sign "
                "it. They may move that proposal to a set of its own."
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

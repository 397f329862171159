"""The waitlist that moves: whoever comes next is proposed to the panel when time comes back."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import decision_sets
from compute_grants.actions.waitlist_places import lowest
from compute_grants.models import (
    Call,
    DecisionSet,
    PanelDecision,
    Proposal,
    ResourceRequest,
    WaitlistPlace,
)
from compute_grants.policies import decision_sets as set_policy
from compute_grants.policies import waitlist as policy
from compute_grants.queries import waitlist as queries
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import Invalid, WrongState
from consortium.models import User

YEAR = timedelta(days=365)
WHOLE = 100


@transaction.atomic
def set_least(place: WaitlistPlace, *, percent: int, by: User) -> WaitlistPlace:
    """The least share of what is asked and feasible that still makes sense to its lead.

    Raises PermissionDenied, WrongState, Invalid.
    """
    rows = WaitlistPlace.objects.select_for_update(of=("self",)).select_related("proposal")
    place = rows.get(pk=place.pk)
    policy.can_set_least(by, place).require()
    if place.proposal.state != Proposal.State.WAITLISTED:
        raise WrongState(
            _("This proposal is not on the waitlist any more. Nothing is left to say.")
        )
    if not 1 <= percent <= WHOLE:
        raise Invalid({"percent": [_("Enter a share from 1 to 100 percent.")]})
    place.least_percent = percent
    place.save(update_fields=["least_percent"])
    audit.record("waitlist.least_set", place.proposal, by=by, percent=percent)
    return place


def sweep() -> int:
    """Propose whoever comes next in every call that has time again. Returns how many.

    Safe to repeat: a place that stands in an open set is left alone, and one that the panel
    took out comes again only once still more time has come back.
    """
    calls = Call.objects.filter(
        pk__in=WaitlistPlace.objects.waiting().values("call"),
        state__in=[Call.State.OPEN, Call.State.IN_REVIEW, Call.State.DECIDED],
    )
    return sum(_move(call) for call in calls.order_by("pk"))


@transaction.atomic
def _move(call: Call) -> int:
    call = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
    left = queries.left_of(call)
    free, choices = dict(left.free), []
    for place in queries.places(call):
        if queries.offered_in(place) is not None:
            continue
        needs = queries.needs_of(place, free)
        fits = bool(needs) and not any(need.missing for need in needs)
        if fits and _came_back(place, left):
            choices.append(_offer(call, place, needs))
            for need in needs:
                free[need.request.resource_id] -= need.offer
            _mark(place, {str(pk): seconds for pk, seconds in left.raw.items()})
        else:
            _mark(place, lowest(place, left.raw))
    if choices:
        _propose(call, choices)
    return len(choices)


def _came_back(place: WaitlistPlace, left: queries.Left) -> bool:
    rows: list[ResourceRequest] = place.proposal.asked  # type: ignore[attr-defined]  # from places
    asked = [request.resource_id for request in rows]
    return any(left.raw.get(pk, 0) > place.low_marks.get(str(pk), 0) for pk in asked)


def _mark(place: WaitlistPlace, marks: dict[str, int]) -> None:
    if marks != place.low_marks:
        place.low_marks = marks
        place.save(update_fields=["low_marks"])


def _offer(call: Call, place: WaitlistPlace, needs: list[queries.Need]) -> decision_sets.Choice:
    today = timezone.localdate()
    starts = max(today, call.awards_from or today)
    ends = call.awards_until
    return decision_sets.Choice(
        place.proposal,
        PanelDecision.Outcome.AWARDED,
        {need.request.pk: need.offer for need in needs},
        starts,
        ends if ends and ends > starts else starts + YEAR,
        _("Time came back to the call, and this proposal came next on its waitlist."),
    )


def _propose(call: Call, choices: list[decision_sets.Choice]) -> None:
    """Into the portal's own draft for the call; the panel reads it and asks for signatures."""
    draft = DecisionSet.objects.filter(
        call=call, state=DecisionSet.State.DRAFT, made_by__isnull=True
    ).first()
    if draft is None:
        note = _("Prepared by the portal: time came back for the waitlist. Nothing is decided.")
        draft = decision_sets.prepare(call, choices=choices, by=None, note=note)
    else:
        decision_sets.put(draft, choices=choices, by=None)
    for choice in choices:
        audit.record("waitlist.offered", choice.proposal, by=None, set=draft.number)
    judges = [person for person in call.panel.all() if set_policy.can_change(person, draft)]
    notify("waitlist.offered", to=judges, about=draft, number=draft.number)

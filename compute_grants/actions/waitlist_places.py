"""Places on a call's waitlist, as steps of the panel's decisions leave them."""

from __future__ import annotations

from collections.abc import Mapping

from compute_grants.models import Call, Proposal, WaitlistPlace
from compute_grants.queries import waitlist as queries
from compute_grants.queries.panel import standings_of


def enter(proposal: Proposal) -> WaitlistPlace:
    """A place for a proposal that the panel waitlists, within that decision's transaction.

    What the call has left then is not time that came back.
    """
    mean = standings_of([proposal])[proposal.pk].mean
    left = queries.left_of(proposal.call).raw
    place, _made = WaitlistPlace.objects.get_or_create(
        proposal=proposal,
        defaults={
            "call": proposal.call,
            "merit": mean,
            "low_marks": {str(pk): seconds for pk, seconds in left.items()},
        },
    )
    return place


def settle(call: Call) -> None:
    """After a set is published: what its awards took is not time that comes back later."""
    raw = queries.left_of(call).raw
    changed = []
    for place in WaitlistPlace.objects.waiting().filter(call=call):
        marks = lowest(place, raw)
        if marks != place.low_marks:
            place.low_marks = marks
            changed.append(place)
    WaitlistPlace.objects.bulk_update(changed, ["low_marks"])


def lowest(place: WaitlistPlace, raw: Mapping[int, int]) -> dict[str, int]:
    """The least seconds that the call has had left since, by resource id."""
    return {
        str(pk): min(place.low_marks.get(str(pk), seconds), seconds) for pk, seconds in raw.items()
    }

"""Taking a place on a call's waitlist: a step of the panel's decision."""

from __future__ import annotations

from compute_grants.models import Proposal, WaitlistPlace
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

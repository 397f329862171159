"""Reviews as the lead answers them."""

from __future__ import annotations

from compute_grants.models import Proposal, RebuttalWindow, Review
from compute_grants.queries.proposals import with_scores


def reviews_to_answer(proposal: Proposal) -> list[Review]:
    """The reviews that count, in an order that tells nothing. Three queries.

    Empty until the office has opened rebuttal. Show neither names nor confidential notes.
    """
    if not RebuttalWindow.objects.filter(proposal=proposal).exists():
        return []
    rows = Review.objects.counted().filter(assignment__proposal=proposal)
    return list(with_scores(rows).order_by("pk"))

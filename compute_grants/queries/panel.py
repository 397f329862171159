"""A panel's board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean

from django.db.models import Prefetch, Q

from compute_grants.models import (
    Call,
    Proposal,
    ResourceRequest,
    ReviewAssignment,
    Score,
    interested_institutions,
)
from consortium.models import User


@dataclass(frozen=True, slots=True)
class Standing:
    """mean: of the reviewers' weighted scores, 0 to 5; spread: highest less lowest."""

    reviews: int = 0
    mean: float | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One proposal. A masked one is of the reader's own side: its number and nothing else."""

    number: str
    masked: bool
    proposal: Proposal | None = None
    rank: int | None = None
    standing: Standing = field(default_factory=Standing)
    asked: list[ResourceRequest] = field(default_factory=list)


def board(call: Call, user: User) -> list[BoardRow]:
    """The call's proposals, best first, those without a review last. Five queries.

    Scores of what the reader still has to review are left out, as the reviews are.
    """
    asked = ResourceRequest.objects.select_related("resource__machine", "technical_review")
    proposals = list(
        call.proposals.judged()
        .select_related("institution", "call")
        .prefetch_related(Prefetch("requests", queryset=asked, to_attr="asked"))
        .order_by("number")
    )
    own = set(interested_institutions(user).values_list("pk", flat=True))
    standings = standings_of(proposals)
    for pk in _still_to_review(call, user):
        standings[pk] = Standing()
    ordered = sorted(proposals, key=lambda p: (-(standings[p.pk].mean or -1), p.number))
    rows, rank = [], 0
    for proposal in ordered:
        if proposal.lead_id == user.pk or proposal.institution_id in own:
            rows.append(BoardRow(proposal.number, masked=True))
            continue
        standing = standings[proposal.pk]
        rank += standing.mean is not None
        rows.append(
            BoardRow(
                proposal.number,
                masked=False,
                proposal=proposal,
                rank=rank if standing.mean is not None else None,
                standing=standing,
                asked=proposal.asked,  # type: ignore[attr-defined]  # prefetched above
            )
        )
    return rows


def _still_to_review(call: Call, user: User) -> list[int]:
    """Ids of the call's judged proposals that wait for this person's own review."""
    waiting = call.proposals.judged().filter(
        assignments__reviewer=user, assignments__state__in=["invited", "confirmed"]
    )
    return list(waiting.values_list("pk", flat=True))


def standings_of(proposals: Iterable[Proposal]) -> dict[int, Standing]:
    """Each proposal's mean and spread, by id. One query.

    A review's score is the sum of value x weight over the rubric; the mean is over reviews.
    """
    ids = [proposal.pk for proposal in proposals]
    totals: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    counted = Q(review__assignment__state__in=ReviewAssignment.IN)
    scores = Score.objects.filter(counted, review__assignment__proposal__in=ids).values_list(
        "review__assignment__proposal", "review", "value", "criterion__weight_percent"
    )
    for proposal, review, value, weight in scores:
        totals[proposal][review] += value * weight / 100
    return {pk: _standing(list(totals[pk].values())) for pk in ids}


def _standing(scores: list[float]) -> Standing:
    if not scores:
        return Standing()
    return Standing(len(scores), fmean(scores), max(scores) - min(scores))

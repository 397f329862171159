"""A panel's board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean

from django.db.models import Exists, OuterRef, Prefetch, Q

from compute_grants.models import (
    Call,
    CallRound,
    Proposal,
    Resource,
    ResourceRequest,
    ReviewAssignment,
    Score,
)
from compute_grants.policies.panel_interests import interests
from compute_grants.queries.calls import Offer
from compute_grants.queries.normalised import Adjusted, adjusted
from compute_grants.queries.rounds import within
from consortium.models import User

UNDECIDED = frozenset(
    {Proposal.State.PEER_REVIEW, Proposal.State.RANKED, Proposal.State.WAITLISTED}
)


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
    adjusted: Adjusted | None = None

    @property
    def undecided(self) -> bool:
        return self.proposal is not None and self.proposal.state in UNDECIDED

    @property
    def is_reviewed(self) -> bool:
        """False where its access type asks for the technical check alone: it has no score."""
        return self.proposal is not None and self.proposal.is_reviewed


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the time asked so far, in seconds of the resource, first exceeds what is left."""

    resource: Resource
    asked: int
    left: int


def board(
    call: Call, user: User, order: str = "mean", call_round: CallRound | None = None
) -> list[BoardRow]:
    """The call's proposals, best first, those without a review last. Six queries.

    Last of all those that nobody is to review: they have no rank, and are not worst.

    call_round: the round whose proposals compete; None for all of the call.
    order: by the reviews' "mean", or by the score "adjusted" for how strict reviewers are.
    Scores of what the reader still has to review are left out, as the reviews are. Masked rows
    come last, by number: where they stand is not for this reader.
    """
    proposals, own, to_review = _judged(call, user, call_round)
    standings, fair = standings_of(proposals), adjusted(call, call_round)
    for pk in to_review:
        standings[pk] = Standing()
        fair.pop(pk, None)
    scores = (
        {pk: found.score for pk, found in fair.items()}
        if order == "adjusted"
        else {pk: standing.mean for pk, standing in standings.items()}
    )
    rows: list[BoardRow] = []
    rank = 0
    last = {p.pk: _place(None, p) for p in proposals if p.pk in own}
    places = {p.pk: last.get(p.pk) or _place(scores.get(p.pk), p) for p in proposals}
    for proposal in sorted(
        proposals, key=lambda p: (p.pk in own, p.pk not in own and not p.is_reviewed, places[p.pk])
    ):
        if proposal.pk in own:
            rows.append(BoardRow(proposal.number, masked=True))
            continue
        scored = scores.get(proposal.pk) is not None
        rank += scored
        rows.append(
            BoardRow(
                proposal.number,
                masked=False,
                proposal=proposal,
                rank=rank if scored else None,
                standing=standings[proposal.pk],
                asked=proposal.asked,  # type: ignore[attr-defined]  # prefetched
                adjusted=fair.get(proposal.pk),
            )
        )
    return rows


def _judged(
    call: Call, user: User, call_round: CallRound | None
) -> tuple[list[Proposal], frozenset[int], set[int]]:
    """The round's proposals with `asked`; ids of the reader's own side, of those to review."""
    asked = ResourceRequest.objects.select_related("resource__machine", "technical_review")
    mine = ReviewAssignment.objects.filter(
        proposal=OuterRef("pk"), reviewer=user, state__in=["invited", "confirmed"]
    )
    rows = (
        call.proposals.judged()
        .filter(within(call_round))
        .select_related("institution", "call", "access_type")
        .annotate(to_review=Exists(mine))
        .prefetch_related(Prefetch("requests", queryset=asked, to_attr="asked"))
        .order_by("number")
    )
    unread = {row.pk for row in rows if row.to_review}  # type: ignore[attr-defined]  # annotated
    return list(rows), interests(user, rows), unread


def _place(score: float | None, proposal: Proposal) -> tuple[bool, float, str]:
    return (score is None, -(score or 0.0), proposal.number)


def feasible_seconds(request: ResourceRequest) -> int:
    """What is asked, or less where the centre found less feasible. No query once loaded."""
    found = getattr(request, "technical_review", None)
    return request.seconds if found is None else min(request.seconds, int(found.ceiling))


def cut_lines(rows: Iterable[BoardRow], offers: Iterable[Offer]) -> dict[str, list[Cut]]:
    """By the number of a proposal: the resources whose time ends with it, going down the rows.

    Counted is what is feasible of proposals that are not decided yet; decided ones have had
    theirs, and masked ones are not counted, so that nothing can be worked out.
    """
    left = {offer.budget.resource_id: offer.left or 0 for offer in offers}
    asked: dict[int, int] = defaultdict(int)
    cuts: dict[str, list[Cut]] = defaultdict(list)
    for row in rows:
        for request in row.asked if row.undecided else []:
            key = request.resource_id
            before, asked[key] = asked[key], asked[key] + feasible_seconds(request)
            if before <= left.get(key, 0) < asked[key]:
                cuts[row.number].append(Cut(request.resource, asked[key], left.get(key, 0)))
    return dict(cuts)


@dataclass(frozen=True, slots=True)
class Demand:
    """Of one resource of a call: seconds offered, left, and asked in the rows not yet decided."""

    resource: Resource
    offered: int
    left: int
    asked: int


def demand(rows: Iterable[BoardRow], offers: Iterable[Offer]) -> list[Demand]:
    asked: dict[int, int] = defaultdict(int)
    for row in rows:
        for request in row.asked if row.undecided else []:
            asked[request.resource_id] += feasible_seconds(request)
    return [
        Demand(
            offer.budget.resource,
            offer.budget.seconds,
            offer.left or 0,
            asked[offer.budget.resource_id],
        )
        for offer in offers
    ]


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

"""A call's scores, adjusted for how strict its reviewers are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import F, Sum

from compute_grants.matching.normalise import Normalised, normalise
from compute_grants.models import Call, Proposal, ReviewAssignment, Score


@dataclass(frozen=True, slots=True)
class Adjusted:
    """score: on the scale of the rubric, 0 to 5, as an average reviewer would have given it.

    error: its standard error. rank_low, rank_high: its rank among the call's reviewed proposals
    lies between them, both inclusive, nine times in ten.
    """

    score: float
    error: float
    rank_low: int
    rank_high: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One call's fit; proposals and reviewers by id, in the order of the fit's entries."""

    proposals: tuple[int, ...]
    reviewers: tuple[int, ...]
    reviews: int
    fit: Normalised


def adjusted(call: Call) -> dict[int, Adjusted]:
    """Every proposal of the call with a review that counts, by id. One query."""
    found = reviewed(call)
    fit = found.fit
    return {
        pk: Adjusted(
            score=float(fit.score[n]),
            error=float(fit.error[n]),
            rank_low=int(fit.rank_low[n]),
            rank_high=int(fit.rank_high[n]),
        )
        for n, pk in enumerate(found.proposals)
    }


def reviewed(call: Call) -> Reviewed:
    """The fit over all reviews that count, of proposals on the panel's board. One query.

    A review's score is the sum of value x weight over the rubric.
    """
    rows = (
        Score.objects.filter(
            review__assignment__state__in=ReviewAssignment.IN,
            review__assignment__proposal__call=call,
            review__assignment__proposal__state__in=Proposal.JUDGED,
        )
        .values("review")
        .annotate(
            proposal=F("review__assignment__proposal"),
            reviewer=F("review__assignment__reviewer"),
            total=Sum(F("value") * F("criterion__weight_percent")),
        )
        .order_by("proposal", "reviewer")
        .values_list("proposal", "reviewer", "total")
    )
    return _fitted(tuple(rows))


@lru_cache(maxsize=32)
def _fitted(rows: tuple[tuple[int, int, int], ...]) -> Reviewed:
    """Kept for the next page that asks with the same reviews."""
    proposals = tuple(dict.fromkeys(proposal for proposal, _reviewer, _total in rows))
    reviewers = tuple(sorted({reviewer for _proposal, reviewer, _total in rows}))
    row_of = {pk: n for n, pk in enumerate(proposals)}
    column_of = {pk: n for n, pk in enumerate(reviewers)}
    fit = normalise(
        [row_of[proposal] for proposal, _reviewer, _total in rows],
        [column_of[reviewer] for _proposal, reviewer, _total in rows],
        [total / 100 for _proposal, _reviewer, total in rows],
    )
    return Reviewed(proposals, reviewers, len(rows), fit)

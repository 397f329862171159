"""A call's scores, adjusted for how strict its reviewers are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from compute_grants.matching.normalise import Normalised, normalise
from compute_grants.models import Call, CallRound, Proposal, ReviewAssignment, Score
from compute_grants.policies.panel_interests import conflicted
from compute_grants.queries.rounds import within
from consortium.models import User


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


def adjusted(call: Call, call_round: CallRound | None = None) -> dict[int, Adjusted]:
    """Every proposal of the round, or the call, with a review that counts, by id. One query."""
    return _adjusted(reviewed(call, call_round))


def _adjusted(found: Reviewed) -> dict[int, Adjusted]:
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


def reviewed(call: Call, call_round: CallRound | None = None) -> Reviewed:
    """The fit over all reviews that count, of proposals on the panel's board. One query.

    call_round: the round whose proposals are compared; None for all of the call.

    A review's score is the sum of value x weight over the rubric.
    """
    rows = (
        Score.objects.filter(
            within(call_round, "review__assignment__proposal__"),
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


# For the page


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One proposal: raw mean and adjusted score, both 0 to 5.

    hidden: why the reader does not see it ("interest" or "own_review"), else "". A hidden row
    holds its number and nothing else.
    """

    number: str
    hidden: str = ""
    proposal: Proposal | None = None
    raw: float = 0.0
    adjusted: Adjusted | None = None
    group: int = 0


@dataclass(frozen=True, slots=True)
class StrictRow:
    """One reviewer: how far above (positive) or below the average reviewer they score."""

    person: User
    strictness: float
    error: float
    reviews: int


def score_rows(call: Call, found: Reviewed, user: User) -> list[ScoreRow]:
    """The best adjusted score first. Three queries.

    Of what the reader has a conflict with, and what they still have to review, only the number:
    these rows come last, since where they stand would tell.
    """
    fit, place = found.fit, {pk: n for n, pk in enumerate(found.proposals)}
    proposals = Proposal.objects.filter(pk__in=place).select_related("institution", "call")
    hidden = _hidden(call, list(proposals), user)
    by_adjusted = sorted(
        proposals,
        key=lambda p: (p.pk in hidden, p.pk not in hidden and -fit.score[place[p.pk]], p.number),
    )
    values = _adjusted(found)
    return [
        ScoreRow(proposal.number, hidden=hidden[proposal.pk])
        if proposal.pk in hidden
        else ScoreRow(
            proposal.number,
            proposal=proposal,
            raw=float(fit.raw[place[proposal.pk]]),
            adjusted=values[proposal.pk],
            group=int(fit.group[place[proposal.pk]]),
        )
        for proposal in by_adjusted
    ]


def _hidden(call: Call, proposals: list[Proposal], user: User) -> dict[int, str]:
    """Two queries."""
    waiting = ReviewAssignment.objects.filter(
        proposal__call=call, reviewer=user, state__in=["invited", "confirmed"]
    )
    found = dict.fromkeys(waiting.values_list("proposal", flat=True), "own_review")
    return found | dict.fromkeys(conflicted(user, proposals), "interest")


def strict_rows(found: Reviewed) -> list[StrictRow]:
    """The strictest first. Two queries."""
    people = User.objects.in_bulk(found.reviewers)
    counts = Counter(
        ReviewAssignment.objects.filter(
            proposal__in=found.proposals, state__in=ReviewAssignment.IN, review__isnull=False
        ).values_list("reviewer", flat=True)
    )
    rows = [
        StrictRow(
            people[pk],
            strictness=float(found.fit.strictness[n]),
            error=float(found.fit.strictness_error[n]),
            reviews=counts[pk],
        )
        for n, pk in enumerate(found.reviewers)
    ]
    return sorted(rows, key=lambda row: (row.strictness, row.person.pk))


def score_chart(rows: list[ScoreRow]) -> dict[str, Any]:
    """Bars from one standard error below to one above; points for adjusted and raw scores."""
    shown = [row for row in rows if row.adjusted is not None]
    kept = [(row, row.adjusted) for row in shown if row.adjusted]
    low = [round(max(0.0, each.score - each.error), 2) for _row, each in kept]
    width = [round(2 * each.error, 2) for _row, each in kept]
    return {
        "xAxis": {"type": "category", "data": [row.number for row in shown]},
        "yAxis": {"type": "value", "min": 0, "max": 5, "name": _("Score")},
        "legend": {"data": [_("Adjusted"), _("Raw mean"), _("Standard error")]},
        "series": [
            {"type": "bar", "stack": "error", "data": low, "silent": True}
            | {"itemStyle": {"opacity": 0}, "name": " "},
            {"type": "bar", "stack": "error", "data": width, "name": _("Standard error")}
            | {"barMaxWidth": 8, "itemStyle": {"opacity": 0.35}},
            {
                "type": "line",
                "name": _("Adjusted"),
                "lineStyle": {"opacity": 0},
                "symbolSize": 8,
                "data": [round(each.score, 2) for _row, each in kept],
            },
            {
                "type": "line",
                "name": _("Raw mean"),
                "lineStyle": {"opacity": 0},
                "symbol": "emptyDiamond",
                "symbolSize": 8,
                "data": [round(row.raw, 2) for row, _each in kept],
            },
        ],
    }

"""Proposals as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Prefetch, QuerySet

from compute_grants.models import Proposal, ResourceRequest, Review, Score
from compute_grants.queries.waivers import waivers_of_review
from consortium import audit
from consortium.models import AuditEvent, User

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a proposal's history, without what the reader must not learn."""

    at: datetime
    label: str
    actor_name: str


def proposal_rows(user: User) -> QuerySet[Proposal]:
    """Proposals this person may see, the last changed first; two queries with requests."""
    requests = ResourceRequest.objects.select_related("resource__machine")
    return (
        Proposal.objects.visible_to(user)
        .select_related("call", "lead", "institution")
        .prefetch_related(Prefetch("requests", queryset=requests, to_attr="asked"))
        .order_by("-saved_at", "-pk")
    )


def requests_of(proposal: Proposal) -> list[ResourceRequest]:
    """What is asked, with the centres' answers and checklists. Two queries."""
    rows = proposal.requests.select_related(
        "resource__machine__centre", "technical_review"
    ).prefetch_related("technical_review__checks")
    return list(rows.order_by("pk"))


def asked_of(proposal: Proposal) -> list[ResourceRequest]:
    """What is asked, without the centres' answers. One query."""
    return list(proposal.requests.select_related("resource__machine").order_by("pk"))


def own_side(proposal: Proposal, user: User) -> bool:
    """Whether the person leads it or is on its team, and so reads it as an applicant."""
    return user.pk == proposal.lead_id or any(
        member.user_id == user.pk for member in proposal.confirmed_team
    )


def history(proposal: Proposal, user: User) -> list[Happened]:
    """What happened, newest first. Applicants read names of their own side only. One query."""
    events: list[AuditEvent] = list(audit.history(proposal)[:SHOWN])
    blind = own_side(proposal, user)
    return [
        Happened(
            event.at,
            event.label,
            "" if blind and event.actor_id != user.pk else event.actor_name,
        )
        for event in events
    ]


def feedback(proposal: Proposal) -> list[Review]:
    """Reviews for the applicant to read after the decision: `review.given` are the scores.

    Show neither names nor confidential notes. Two queries.
    """
    if proposal.state not in Proposal.DECIDED:
        return []
    given = Review.objects.counted()
    return list(with_scores(given.filter(assignment__proposal=proposal)).order_by("pk"))


def with_scores(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """Reviews with their reviewer, the lead's answer, `given` and `waived`.

    given: the scores in the rubric's order; waived: each conflict that a waiver lifts, and why.
    """
    scores = Score.objects.select_related("criterion").order_by("criterion__position")
    return (
        reviews.select_related("assignment__reviewer", "rebuttal")
        .annotate(waived=ArraySubquery(waivers_of_review()))
        .prefetch_related(Prefetch("scores", queryset=scores, to_attr="given"))
    )

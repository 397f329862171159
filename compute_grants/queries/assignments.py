"""Invitations to review, as the office follows them."""

from __future__ import annotations

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Value, When
from django.utils import timezone

from compute_grants.models import Call, Proposal, ReviewAssignment
from compute_grants.policies.conflicts import Reason, conflicts_between
from compute_grants.policies.reviews import internal, suits_depth
from compute_grants.queries.reviews import reviewers_with_load
from consortium.models import User


def _late() -> Q:
    return Q(state__in=ReviewAssignment.WAITING, due_at__lte=timezone.now())


def rows_of_call(call: Call, user: User, state: str = "") -> QuerySet[ReviewAssignment]:
    """The call's invitations that this person sees, the overdue first. One query.

    state: one of ReviewAssignment.State, or "overdue". `late` says whether a row is overdue.
    """
    rows = ReviewAssignment.objects.visible_to(user).filter(proposal__call=call)
    if state == "overdue":
        rows = rows.filter(_late())
    elif state in ReviewAssignment.State.values:
        rows = rows.filter(state=state)
    return (
        rows.select_related("proposal", "reviewer")
        .annotate(
            late=Case(
                When(_late(), then=Value(True)), default=Value(False), output_field=BooleanField()
            ),
            waits=Case(
                When(state__in=ReviewAssignment.WAITING, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
        )
        .order_by("-late", "-waits", "due_at", "pk")
    )


def counts_of_call(call: Call, user: User) -> dict[str, int]:
    """How many are overdue, waiting, in and declined. One query."""
    rows = ReviewAssignment.objects.visible_to(user).filter(proposal__call=call)
    states = ReviewAssignment.State
    found: dict[str, int] = rows.aggregate(
        overdue=Count("pk", filter=_late()),
        waiting=Count("pk", filter=Q(state__in=ReviewAssignment.WAITING)),
        done=Count("pk", filter=Q(state=states.SUBMITTED)),
        declined=Count("pk", filter=Q(state=states.DECLINED)),
    )
    return found


def could_replace(assignment: ReviewAssignment) -> list[User]:
    """Reviewers without a conflict who were not asked for this proposal before."""
    proposal = assignment.proposal
    asked = proposal.assignments.values("reviewer")
    people = list(reviewers_with_load().exclude(pk__in=asked))
    return [person for person, reasons in candidates(proposal, people) if not reasons]


def candidates(proposal: Proposal, people: list[User]) -> list[tuple[User, list[Reason]]]:
    """Those whom its depth of review lets be asked, with the conflicts found.

    Expects the proposal's institution, lead and access type loaded.
    """
    office = internal([proposal], people)
    conflicts = conflicts_between([proposal], people)
    return [
        (person, conflicts.get((proposal.pk, person.pk), []))
        for person in people
        if suits_depth(proposal, person.pk, office)
    ]

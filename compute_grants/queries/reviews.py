"""Reviewers and their work, as pages show them."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from compute_grants.models import Proposal, ReviewAssignment
from consortium.models import User, in_force


def assignment_rows(user: User) -> QuerySet[ReviewAssignment]:
    """This person's own assignments, what waits first, the soonest due first. One query."""
    return (
        ReviewAssignment.objects.filter(reviewer=user)
        .exclude(proposal__state=Proposal.State.WITHDRAWN)
        .select_related("proposal__call", "proposal__institution")
        .order_by("declared_at", "due_at", "pk")
    )


def reviewers_with_load() -> list[User]:
    """Everybody with standing as a reviewer today; `load` counts reviews not yet in. One query."""
    waiting = Q(assignments__state__in=ReviewAssignment.WAITING)
    people = User.objects.filter(in_force(timezone.localdate(), "reviewer__"), is_active=True)
    return list(
        people.select_related("reviewer")
        .annotate(load=Count("assignments", filter=waiting))
        .order_by("load", "name_en", "pk")
    )

"""What waits for reviewers, centres and those who assign."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Proposal,
    ResourceRequest,
    ReviewAssignment,
)
from compute_grants.queries.tasks.words import SHOWN, soon, titled
from consortium.inbox import Task
from consortium.models import Affiliation, User
from consortium.roles import Permission, has, standing

State = Proposal.State


def my_reviews(user: User) -> Iterator[Task]:
    states = ReviewAssignment.State
    rows = ReviewAssignment.objects.filter(
        reviewer=user,
        state__in=[states.INVITED, states.CONFIRMED],
        proposal__state=State.PEER_REVIEW,
    ).select_related("proposal")
    for row in rows.order_by("due_at", "pk")[:SHOWN]:
        invited = row.state == states.INVITED
        page = "review_declare" if invited else "review"
        yield Task(
            verb=_("Answer") if invited else _("Review"),
            title=titled(row.proposal),
            href=reverse(f"compute_grants:{page}", args=[row.pk]),
            why=_("You are invited to review it. Declare whether you have a conflict first.")
            if invited
            else _("You agreed to review it."),
            due=row.due_at,
            tone="warn" if soon(row.due_at, timezone.now()) else "plain",
        )


def technical_reviews(user: User) -> Iterator[Task]:
    centres = standing(user).institutions_as(Affiliation.Role.OPERATOR)
    if not centres:
        return
    rows = ResourceRequest.objects.filter(
        resource__machine__centre__in=centres,
        proposal__state=State.TECHNICAL_REVIEW,
        technical_review__isnull=True,
    ).exclude(proposal__lead=user)
    for row in rows.select_related("proposal", "resource__machine").order_by("pk")[:SHOWN]:
        yield Task(
            verb=_("Judge feasibility"),
            title=titled(row.proposal),
            href=reverse("compute_grants:technical_review", args=[row.proposal.number, row.pk]),
            why=_("It asks for time on %(machine)s.") % {"machine": row.resource.machine.name},
        )


def to_assign(user: User) -> Iterator[Task]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    invited = Count("assignments", filter=~Q(assignments__state="declined"))
    rows = (
        Proposal.objects.filter(state=State.PEER_REVIEW)
        .exclude(lead=user)
        .annotate(invited=invited)
        .filter(invited__lt=F("call__reviewers_per_proposal"))
    )
    for proposal in rows.order_by("submitted_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("Assign reviewers"),
            title=titled(proposal),
            href=reverse("compute_grants:assignment_list", args=[proposal.number]),
            why=_("The centres found it feasible and it lacks reviewers."),
        )

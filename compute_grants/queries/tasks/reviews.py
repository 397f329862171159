"""What waits for reviewers, centres and those who assign."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Proposal,
    RebuttalWindow,
    ResourceRequest,
    Review,
    ReviewAssignment,
    ReviewReminder,
    Waiver,
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
        state__in=ReviewAssignment.WAITING,
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
    gone = Q(assignments__state__in=["declined", "withdrawn"])
    invited = Count("assignments", filter=~gone)
    rows = (
        Proposal.objects.filter(state=State.PEER_REVIEW)
        .not_of(user)
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


def overdue(user: User) -> Iterator[Task]:
    """Reviews that reminders did not bring in: the office extends or replaces."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    rows = ReviewAssignment.objects.visible_to(user).filter(
        state__in=ReviewAssignment.WAITING,
        proposal__state=State.PEER_REVIEW,
        reminders__step=ReviewReminder.Step.ESCALATED,
        reminders__due_at=F("due_at"),
    )
    for row in rows.select_related("proposal", "reviewer").order_by("due_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("See to the review"),
            title=titled(row.proposal),
            href=reverse("compute_grants:assignment", args=[row.pk]),
            why=_("The review by %(name)s is overdue.") % {"name": row.reviewer.name},
            due=row.due_at,
            tone="warn",
        )


def waivers_to_decide(user: User) -> Iterator[Task]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    rows = (
        Waiver.objects.visible_to(user)
        .filter(state=Waiver.State.REQUESTED)
        .exclude(asked_by=user)
        .exclude(reviewer=user)
    )
    for row in rows.select_related("proposal", "reviewer").order_by("asked_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("Decide on the waiver"),
            title=titled(row.proposal),
            href=row.get_absolute_url(),
            why=_("A second person must approve or refuse it for %(name)s.")
            % {"name": row.reviewer.name},
        )


def to_answer(user: User) -> Iterator[Task]:
    """Rebuttal is open on a proposal of one's own."""
    if not has(user, Permission.PROPOSAL_WRITE):
        return
    now = timezone.now()
    unanswered = Review.objects.counted().filter(
        assignment__proposal=OuterRef("proposal"), rebuttal__isnull=True
    )
    rows = RebuttalWindow.objects.open_at(now).filter(Exists(unanswered), proposal__lead=user)
    for row in rows.select_related("proposal").order_by("until", "pk")[:SHOWN]:
        yield Task(
            verb=_("Answer the reviews"),
            title=titled(row.proposal),
            href=reverse("compute_grants:rebuttal", args=[row.proposal.number]),
            why=_("Rebuttal is open. Each review is answered once."),
            due=row.until,
            tone="warn" if soon(row.until, now) else "plain",
        )

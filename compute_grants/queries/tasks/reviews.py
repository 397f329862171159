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
    TieDispute,
    Waiver,
)
from compute_grants.queries.tasks.words import numbered, soon, titled
from consortium.inbox import Facts, Part, Task, named
from consortium.models import Affiliation, User, localized
from consortium.roles import Permission, has, standing

State = Proposal.State


def my_reviews(user: User) -> Iterator[Part[Task]]:
    rows = ReviewAssignment.objects.filter(
        reviewer=user,
        state__in=ReviewAssignment.WAITING,
        proposal__state=State.PEER_REVIEW,
    )
    facts = {**numbered("proposal__"), "pk": "pk", "state": "state", "due_at": "due_at"}
    yield Part(rows.order_by("due_at", "pk"), facts, _to_review)


def _to_review(row: Facts) -> Task:
    invited, due = row.state == ReviewAssignment.State.INVITED, row.moment("due_at")
    page = "review_declare" if invited else "review"
    return Task(
        verb=_("Answer") if invited else _("Review"),
        title=titled(row),
        href=reverse(f"compute_grants:{page}", args=[row.pk]),
        why=_("You are invited to review it. Declare whether you have a conflict first.")
        if invited
        else _("You agreed to review it."),
        due=due,
        tone="warn" if soon(due, timezone.now()) else "plain",
    )


def technical_reviews(user: User) -> Iterator[Part[Task]]:
    centres = standing(user).institutions_as(Affiliation.Role.OPERATOR)
    if not centres:
        return
    rows = ResourceRequest.objects.filter(
        resource__machine__centre__in=centres,
        proposal__state=State.TECHNICAL_REVIEW,
        technical_review__isnull=True,
    ).exclude(proposal__lead=user)
    machine = named("resource__machine__", "name")
    yield Part(rows.order_by("pk"), {**numbered("proposal__"), **machine, "pk": "pk"}, _technical)


def _technical(row: Facts) -> Task:
    return Task(
        verb=_("Judge feasibility"),
        title=titled(row),
        href=reverse("compute_grants:technical_review", args=[row.number, row.pk]),
        why=_("It asks for time on %(machine)s.") % {"machine": localized(row, "name")},
    )


def to_assign(user: User) -> Iterator[Part[Task]]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    gone = Q(assignments__state__in=["declined", "withdrawn"])
    invited = Count("assignments", filter=~gone)
    rows = (
        Proposal.objects.filter(state=State.PEER_REVIEW)
        .not_of(user)
        .with_needed()
        .annotate(invited=invited)
        .filter(invited__lt=F("needed"))
    )
    yield Part(rows.order_by("submitted_at", "pk"), numbered(), _to_assign)


def _to_assign(row: Facts) -> Task:
    return Task(
        verb=_("Assign reviewers"),
        title=titled(row),
        href=reverse("compute_grants:assignment_list", args=[row.number]),
        why=_("The centres found it feasible and it lacks reviewers."),
    )


REVIEWER = {**named("reviewer__", "name"), "mail": "reviewer__email"}


def _name(row: Facts) -> str:
    return localized(row, "name") or str(row.mail)


def overdue(user: User) -> Iterator[Part[Task]]:
    """Reviews that reminders did not bring in: the office extends or replaces."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    rows = ReviewAssignment.objects.visible_to(user).filter(
        state__in=ReviewAssignment.WAITING,
        proposal__state=State.PEER_REVIEW,
        reminders__step=ReviewReminder.Step.ESCALATED,
        reminders__due_at=F("due_at"),
    )
    facts = {**numbered("proposal__"), **REVIEWER, "pk": "pk", "due_at": "due_at"}
    yield Part(rows.order_by("due_at", "pk"), facts, _overdue)


def _overdue(row: Facts) -> Task:
    return Task(
        verb=_("See to the review"),
        title=titled(row),
        href=reverse("compute_grants:assignment", args=[row.pk]),
        why=_("The review by %(name)s is overdue.") % {"name": _name(row)},
        due=row.moment("due_at"),
        tone="warn",
    )


def waivers_to_decide(user: User) -> Iterator[Part[Task]]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    rows = (
        Waiver.objects.visible_to(user)
        .filter(state=Waiver.State.REQUESTED)
        .exclude(asked_by=user)
        .exclude(reviewer=user)
    )
    facts = {**numbered("proposal__"), **REVIEWER, "pk": "pk"}
    yield Part(rows.order_by("asked_at", "pk"), facts, _waiver)


def _waiver(row: Facts) -> Task:
    return Task(
        verb=_("Decide on the waiver"),
        title=titled(row),
        href=reverse("compute_grants:waiver", args=[row.pk]),
        why=_("A second person must approve or refuse it for %(name)s.") % {"name": _name(row)},
    )


def disputes_to_answer(user: User) -> Iterator[Part[Task]]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    bound = Q(tie__person=user) | Q(tie__with_person=user)
    rows = TieDispute.objects.visible_to(user).filter(state=TieDispute.State.OPEN).exclude(bound)
    facts = {**named("raised_by__", "name"), "mail": "raised_by__email", "pk": "pk"}
    yield Part(rows.order_by("raised_at", "pk"), facts, _dispute)


def _dispute(row: Facts) -> Task:
    return Task(
        verb=_("Answer the dispute"),
        title=_name(row),
        href=reverse("compute_grants:tie_dispute_answer", args=[row.pk]),
        why=_("A tie that the portal found is disputed. It counts until you answer."),
    )


def to_answer(user: User) -> Iterator[Part[Task]]:
    """Rebuttal is open on a proposal of one's own."""
    if not has(user, Permission.PROPOSAL_WRITE):
        return
    now = timezone.now()
    unanswered = Review.objects.counted().filter(
        assignment__proposal=OuterRef("proposal"), rebuttal__isnull=True
    )
    rows = RebuttalWindow.objects.open_at(now).filter(Exists(unanswered), proposal__lead=user)
    yield Part(
        rows.order_by("until", "pk"), {**numbered("proposal__"), "until": "until"}, _to_answer
    )


def _to_answer(row: Facts) -> Task:
    until = row.moment("until")
    return Task(
        verb=_("Answer the reviews"),
        title=titled(row),
        href=reverse("compute_grants:rebuttal", args=[row.number]),
        why=_("Rebuttal is open. Each review is answered once."),
        due=until,
        tone="warn" if soon(until, timezone.now()) else "plain",
    )

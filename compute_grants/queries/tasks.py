"""“What needs me” in compute grants, and what is mine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.models import (
    Call,
    Machine,
    Proposal,
    ResourceRequest,
    ReviewAssignment,
    interested_institutions,
)
from compute_grants.queries.my_allocations import allocation_holdings, allocation_tasks
from consortium.inbox import Holding, Task
from consortium.models import Affiliation, ArmAppointment, User
from consortium.roles import Permission, has, standing

State = Proposal.State
SHOWN = 20  # of one kind: a longer list is read on its own page
TONES = {
    State.RETURNED: "warn",
    State.WAITLISTED: "warn",
    State.AWARDED: "seal",
    State.REJECTED: "danger",
}


def tasks_for(user: User) -> list[Task]:
    """Everything of compute grants that waits for this person, soonest due first.

    At most eleven queries, whatever there is; none for roles the person does not have.
    """
    if ArmAppointment.Office.DEPLOYMENT in standing(user).offices:
        return []
    found = [
        *_my_proposals(user),
        *_my_reviews(user),
        *_technical_reviews(user),
        *_office(user),
        *_panel(user),
        *_my_machines(user),
        *allocation_tasks(user),
    ]
    far = timezone.now().replace(year=9999)
    return sorted(found, key=lambda task: task.due or far)


def _my_proposals(user: User) -> Iterator[Task]:
    now = timezone.now()
    alive = Q(state=State.DRAFT, call__closes_at__gt=now) | Q(state=State.RETURNED)
    rows = Proposal.objects.filter(alive, lead=user).select_related("call")
    for proposal in rows.order_by("call__closes_at", "pk")[:SHOWN]:
        returned = proposal.state == State.RETURNED
        yield Task(
            verb=_("Correct") if returned else _("Continue"),
            title=_titled(proposal),
            href=proposal.get_absolute_url(),
            why=proposal.return_reason
            if returned
            else _("Your proposal is a draft until you submit it."),
            due=None if returned else proposal.call.closes_at,
            tone="warn" if returned or _soon(proposal.call.closes_at, now) else "plain",
        )


def _titled(proposal: Proposal) -> str:
    title = proposal.title or _("Without a title")
    return f"{proposal.number} {title}"


def _soon(due: datetime, now: datetime) -> bool:
    return (due - now).days < 3  # noqa: PLR2004  three days


def _my_reviews(user: User) -> Iterator[Task]:
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
            title=_titled(row.proposal),
            href=reverse(f"compute_grants:{page}", args=[row.pk]),
            why=_("You are invited to review it. Declare whether you have a conflict first.")
            if invited
            else _("You agreed to review it."),
            due=row.due_at,
            tone="warn" if _soon(row.due_at, timezone.now()) else "plain",
        )


def _technical_reviews(user: User) -> Iterator[Task]:
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
            title=_titled(row.proposal),
            href=reverse("compute_grants:technical_review", args=[row.proposal.number, row.pk]),
            why=_("It asks for time on %(machine)s.") % {"machine": row.resource.machine.name},
        )


def _office(user: User) -> Iterator[Task]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    yield from _to_check(user)
    yield from _to_assign(user)
    now = timezone.now()
    drafts = Q(state=Call.State.DRAFT)
    for call in Call.objects.filter(drafts).order_by("opens_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("Prepare"),
            title=str(call),
            href=call.get_absolute_url(),
            why=_("The call is a draft until you publish it."),
            due=call.opens_at if call.opens_at > now else None,
        )


def _to_check(user: User) -> Iterator[Task]:
    no = Q(requests__technical_review__verdict="infeasible")
    rows = (
        Proposal.objects.filter(state__in=[State.SUBMITTED, State.TECHNICAL_REVIEW])
        .exclude(lead=user)
        .annotate(refused=Count("requests", filter=no), asked=Count("requests"))
        .filter(Q(state=State.SUBMITTED) | Q(asked__gt=0, refused=F("asked")))
    )
    for proposal in rows.order_by("submitted_at", "pk")[:SHOWN]:
        fresh = proposal.state == State.SUBMITTED
        yield Task(
            verb=_("Check") if fresh else _("Decide"),
            title=_titled(proposal),
            href=proposal.get_absolute_url(),
            why=_("It was submitted. Send it to the centres or return it for correction.")
            if fresh
            else _("No centre can run it."),
        )


def _to_assign(user: User) -> Iterator[Task]:
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
            title=_titled(proposal),
            href=reverse("compute_grants:assignment_list", args=[proposal.number]),
            why=_("The centres found it feasible and it lacks reviewers."),
        )


def _panel(user: User) -> Iterator[Task]:
    if not has(user, Permission.PANEL_DECIDE):
        return
    mine = Call.panel.through.objects.filter(user=user).values("call")
    waiting = (
        Proposal.objects.filter(call__in=mine, state=State.RANKED)
        .exclude(lead=user)
        .exclude(institution__in=interested_institutions(user))
    )
    calls = (
        Call.objects.filter(pk__in=waiting.values("call"))
        .annotate(waiting=Count("proposals", filter=Q(proposals__in=waiting)))
        .order_by("closes_at", "pk")
    )
    for call in calls[:SHOWN]:
        count: int = call.waiting  # type: ignore[attr-defined]  # annotated above
        yield Task(
            verb=_("Decide"),
            title=str(call),
            href=reverse("compute_grants:board", args=[call.code]),
            why=ngettext(
                "%(count)s ranked proposal waits for the panel.",
                "%(count)s ranked proposals wait for the panel.",
                count,
            )
            % {"count": count},
            tone="seal",
        )


def _my_machines(user: User) -> Iterator[Task]:
    if not has(user, Permission.MACHINE_PUBLISH):
        return
    for machine in Machine.objects.run_by(user).filter(state="draft").order_by("pk")[:SHOWN]:
        yield Task(
            verb=_("Publish"),
            title=machine.name,
            href=machine.get_absolute_url(),
            why=_("The machine is a draft that nobody else sees."),
        )


def holdings_for(user: User) -> list[Holding]:
    """My grants in force and my proposals under way. Three queries."""
    if ArmAppointment.Office.DEPLOYMENT in standing(user).offices:
        return []
    return [*allocation_holdings(user), *_proposals_under_way(user)]


def _proposals_under_way(user: User) -> Iterator[Holding]:
    rows = Proposal.objects.filter(lead=user).exclude(state__in=Proposal.OVER)
    for row in rows.select_related("call").order_by("-saved_at", "-pk")[:SHOWN]:
        yield Holding(
            kind=_("Proposal"),
            number=row.number,
            title=row.title or _("Without a title"),
            href=row.get_absolute_url(),
            figure=row.call.code,
            state=row.get_state_display(),
            tone=TONES.get(State(row.state), "info"),
        )

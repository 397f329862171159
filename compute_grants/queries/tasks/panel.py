"""What waits for a panel, and for the leads of what it awarded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.models import (
    Acceptance,
    Call,
    DecisionItem,
    DecisionSet,
    Proposal,
    interested_institutions,
)
from compute_grants.policies.conflicts import team_names
from compute_grants.queries.tasks.words import SHOWN, titled
from consortium.inbox import Task
from consortium.models import User
from consortium.roles import Permission, has

State = Proposal.State


def panel_tasks(user: User) -> Iterator[Task]:
    """Ranked proposals that stand in no open set yet."""
    if not has(user, Permission.PANEL_DECIDE):
        return
    mine = Call.panel.through.objects.filter(user=user).values("call")
    waiting = (
        Proposal.objects.filter(
            ~Exists(DecisionItem.objects.filter(proposal=OuterRef("pk"), is_open=True)),
            call__in=mine,
            state=State.RANKED,
        )
        .not_of(user)
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


def to_sign(user: User) -> Iterator[Task]:
    """Sets that wait for this person's signature, and what the portal proposes to the panel.

    None with a proposal of their own side.
    """
    if not has(user, Permission.PANEL_DECIDE):
        return
    mine = Call.panel.through.objects.filter(user=user).values("call")
    own = DecisionItem.objects.filter(
        Q(proposal__lead=user) | Q(proposal__institution__in=interested_institutions(user)),
        set=OuterRef("pk"),
    )
    proposed = Q(state=DecisionSet.State.PROPOSED)
    from_the_portal = Q(state=DecisionSet.State.DRAFT, made_by__isnull=True)
    rows = DecisionSet.objects.filter(
        proposed | from_the_portal, ~Exists(own), call__in=mine
    ).exclude(signatures__by=user)
    rows = rows.select_related("call").prefetch_related("items").order_by("proposed_at", "pk")
    found = list(rows[:SHOWN])
    teams = team_names([item.proposal_id for row in found for item in row.items.all()])
    for row in found:
        if any(user.pk in teams.get(item.proposal_id, {}) for item in row.items.all()):
            continue
        draft = row.state == DecisionSet.State.DRAFT
        yield Task(
            verb=_("Read") if draft else _("Sign"),
            title=f"{row.number} {row.call.title}",
            href=row.get_absolute_url(),
            why=_("Time came back for the waitlist. Ask for signatures, or discard the set.")
            if draft
            else _("Decisions of the panel wait for two signatures; yours may be one."),
            tone="plain" if draft else "seal",
        )


def to_accept(user: User) -> Iterator[Task]:
    """Awards that wait for this person as their lead."""
    if not has(user, Permission.PROPOSAL_WRITE):
        return
    rows = Acceptance.objects.open().filter(decision__proposal__lead=user)
    for row in rows.select_related("decision__proposal").order_by("due_on", "pk")[:SHOWN]:
        yield Task(
            verb=_("Accept"),
            title=titled(row.decision.proposal),
            href=row.get_absolute_url(),
            why=_("The panel awarded time. Without an answer it goes back to the call."),
            due=end_of(row.due_on),
            tone="seal",
        )


def end_of(day: date) -> datetime:
    """The last moment of a day here."""
    return timezone.make_aware(datetime.combine(day, time.max))

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
)
from compute_grants.queries.tasks.words import numbered, titled
from consortium.inbox import Facts, Part, Task, named
from consortium.models import User, localized
from consortium.roles import Permission, has

State = Proposal.State


def panel_tasks(user: User) -> Iterator[Part[Task]]:
    """Ranked proposals that stand in no open set yet."""
    if not has(user, Permission.PANEL_DECIDE):
        return
    waiting = Proposal.objects.judged_by(user).filter(
        ~Exists(DecisionItem.objects.filter(proposal=OuterRef("pk"), is_open=True)),
        state=State.RANKED,
    )
    calls = (
        Call.objects.filter(pk__in=waiting.values("call"))
        .annotate(waiting=Count("proposals", filter=Q(proposals__in=waiting)))
        .order_by("closes_at", "pk")
    )
    facts = {**named("", "title", "code"), "waiting": "waiting"}
    yield Part(calls, facts, _to_decide)


def _to_decide(row: Facts) -> Task:
    return Task(
        verb=_("Decide"),
        title=f"{row.code} {localized(row, 'title')}",
        href=reverse("compute_grants:board", args=[row.code]),
        why=ngettext(
            "%(count)s ranked proposal waits for the panel.",
            "%(count)s ranked proposals wait for the panel.",
            row.waiting,
        )
        % {"count": row.waiting},
        tone="seal",
    )


def to_sign(user: User) -> Iterator[Part[Task]]:
    """Sets that wait for this person's signature, and what the portal proposes to the panel.

    None with a proposal that is closed to them.
    """
    if not has(user, Permission.PANEL_DECIDE):
        return
    mine = Call.panel.through.objects.filter(user=user).values("call")
    closed = Proposal.objects.filter(call__in=mine).closed_to(user)
    own = DecisionItem.objects.filter(proposal__in=closed.values("pk"), set=OuterRef("pk"))
    proposed = Q(state=DecisionSet.State.PROPOSED)
    from_the_portal = Q(state=DecisionSet.State.DRAFT, made_by__isnull=True)
    rows = DecisionSet.objects.filter(
        proposed | from_the_portal, ~Exists(own), call__in=mine
    ).exclude(signatures__by=user)
    facts = {**named("call__", "title"), "number": "number", "state": "state"}
    yield Part(rows.order_by("proposed_at", "pk"), facts, _to_sign)


def _to_sign(row: Facts) -> Task:
    draft = row.state == DecisionSet.State.DRAFT
    return Task(
        verb=_("Read") if draft else _("Sign"),
        title=f"{row.number} {localized(row, 'title')}",
        href=reverse("compute_grants:decision_set", args=[row.number]),
        why=_("Time came back for the waitlist. Ask for signatures, or discard the set.")
        if draft
        else _("Decisions of the panel wait for two signatures; yours may be one."),
        tone="plain" if draft else "seal",
    )


def to_accept(user: User) -> Iterator[Part[Task]]:
    """Awards that wait for this person as their lead."""
    if not has(user, Permission.PROPOSAL_WRITE):
        return
    rows = Acceptance.objects.open().filter(decision__proposal__lead=user)
    facts = {**numbered("decision__proposal__"), "due_on": "due_on"}
    yield Part(rows.order_by("due_on", "pk"), facts, _to_accept)


def _to_accept(row: Facts) -> Task:
    return Task(
        verb=_("Accept"),
        title=titled(row),
        href=reverse("compute_grants:acceptance", args=[row.number]),
        why=_("The panel awarded time. Without an answer it goes back to the call."),
        due=end_of(row.day("due_on")),
        tone="seal",
    )


def end_of(day: date) -> datetime:
    """The last moment of a day here."""
    return timezone.make_aware(datetime.combine(day, time.max))

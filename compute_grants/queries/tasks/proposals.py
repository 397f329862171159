"""What waits for an applicant and for the office that checks proposals."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Proposal,
)
from compute_grants.queries.tasks.words import numbered, soon, titled
from compute_grants.queries.team import team_invitations
from consortium.inbox import Facts, Holding, Part, Task
from consortium.models import User, localized
from consortium.roles import Permission, has

State = Proposal.State
TONES = {
    State.RETURNED: "warn",
    State.WAITLISTED: "warn",
    State.AWARDED: "seal",
    State.REJECTED: "danger",
}


def my_proposals(user: User) -> Iterator[Part[Task]]:
    """One's drafts, and the teams one is asked onto."""
    yield from team_invitations(user)
    alive = Q(state=State.DRAFT, call__closes_at__gt=timezone.now()) | Q(state=State.RETURNED)
    yield Part(
        Proposal.objects.filter(alive, lead=user).order_by("call__closes_at", "pk"),
        {
            **numbered(),
            "state": "state",
            "return_reason": "return_reason",
            "closes_at": "call__closes_at",
        },
        _mine,
    )


def _mine(row: Facts) -> Task:
    returned, closes_at = row.state == State.RETURNED, row.moment("closes_at")
    return Task(
        verb=_("Correct") if returned else _("Continue"),
        title=titled(row),
        href=reverse("compute_grants:proposal", args=[row.number]),
        why=row.return_reason if returned else _("Your proposal is a draft until you submit it."),
        due=None if returned else closes_at,
        tone="warn" if returned or soon(closes_at, timezone.now()) else "plain",
    )


def to_check(user: User) -> Iterator[Part[Task]]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    no = Q(requests__technical_review__verdict="infeasible")
    rows = (
        Proposal.objects.filter(state__in=[State.SUBMITTED, State.TECHNICAL_REVIEW])
        .not_of(user)
        .annotate(refused=Count("requests", filter=no), asked=Count("requests"))
        .filter(Q(state=State.SUBMITTED) | Q(asked__gt=0, refused=F("asked")))
    )
    yield Part(rows.order_by("submitted_at", "pk"), {**numbered(), "state": "state"}, _to_check)


def _to_check(row: Facts) -> Task:
    fresh = row.state == State.SUBMITTED
    return Task(
        verb=_("Check") if fresh else _("Decide"),
        title=titled(row),
        href=reverse("compute_grants:proposal", args=[row.number]),
        why=_("It was submitted. Send it to the centres or return it for correction.")
        if fresh
        else _("No centre can run it."),
    )


def proposals_under_way(user: User) -> Iterator[Part[Holding]]:
    rows = Proposal.objects.of(user).exclude(state__in=Proposal.OVER).order_by("-saved_at", "-pk")
    yield Part(rows, {**numbered(), "call": "call__code", "state": "state"}, _under_way)


def _under_way(row: Facts) -> Holding:
    state = State(row.state)
    return Holding(
        kind=_("Proposal"),
        number=row.number,
        title=localized(row, "title") or _("Without a title"),
        href=reverse("compute_grants:proposal", args=[row.number]),
        figure=row.call,
        state=str(state.label),
        tone=TONES.get(state, "info"),
    )

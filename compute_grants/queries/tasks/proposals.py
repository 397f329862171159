"""What waits for an applicant and for the office that checks proposals."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Proposal,
)
from compute_grants.queries.tasks.words import SHOWN, soon, titled
from compute_grants.queries.team import team_invitations
from consortium.inbox import Holding, Task
from consortium.models import User
from consortium.roles import Permission, has

State = Proposal.State
TONES = {
    State.RETURNED: "warn",
    State.WAITLISTED: "warn",
    State.AWARDED: "seal",
    State.REJECTED: "danger",
}


def my_proposals(user: User) -> Iterator[Task]:
    """One's drafts, and the teams one is asked onto."""
    yield from team_invitations(user)
    now = timezone.now()
    alive = Q(state=State.DRAFT, call__closes_at__gt=now) | Q(state=State.RETURNED)
    rows = Proposal.objects.filter(alive, lead=user).select_related("call")
    for proposal in rows.order_by("call__closes_at", "pk")[:SHOWN]:
        returned = proposal.state == State.RETURNED
        yield Task(
            verb=_("Correct") if returned else _("Continue"),
            title=titled(proposal),
            href=proposal.get_absolute_url(),
            why=proposal.return_reason
            if returned
            else _("Your proposal is a draft until you submit it."),
            due=None if returned else proposal.call.closes_at,
            tone="warn" if returned or soon(proposal.call.closes_at, now) else "plain",
        )


def to_check(user: User) -> Iterator[Task]:
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    no = Q(requests__technical_review__verdict="infeasible")
    rows = (
        Proposal.objects.filter(state__in=[State.SUBMITTED, State.TECHNICAL_REVIEW])
        .not_of(user)
        .annotate(refused=Count("requests", filter=no), asked=Count("requests"))
        .filter(Q(state=State.SUBMITTED) | Q(asked__gt=0, refused=F("asked")))
    )
    for proposal in rows.order_by("submitted_at", "pk")[:SHOWN]:
        fresh = proposal.state == State.SUBMITTED
        yield Task(
            verb=_("Check") if fresh else _("Decide"),
            title=titled(proposal),
            href=proposal.get_absolute_url(),
            why=_("It was submitted. Send it to the centres or return it for correction.")
            if fresh
            else _("No centre can run it."),
        )


def proposals_under_way(user: User) -> Iterator[Holding]:
    rows = Proposal.objects.of(user).exclude(state__in=Proposal.OVER)
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

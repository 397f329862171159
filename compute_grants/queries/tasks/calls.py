"""What waits for the office that prepares calls."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Call,
)
from compute_grants.queries.tasks.words import SHOWN
from consortium.inbox import Task
from consortium.models import User
from consortium.roles import Permission, has


def drafts(user: User) -> Iterator[Task]:
    """Calls that wait for their publication."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    now = timezone.now()
    for call in Call.objects.filter(state=Call.State.DRAFT).order_by("opens_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("Prepare"),
            title=str(call),
            href=call.get_absolute_url(),
            why=_("The call is a draft until you publish it."),
            due=call.opens_at if call.opens_at > now else None,
        )

"""What waits for the office that prepares calls."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Call
from consortium.inbox import Facts, Part, Task, named
from consortium.models import User, localized
from consortium.roles import Permission, has


def drafts(user: User) -> Iterator[Part[Task]]:
    """Calls that wait for their publication."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return
    rows = Call.objects.filter(state=Call.State.DRAFT).order_by("opens_at", "pk")
    yield Part(rows, named("", "title", "code", "opens_at"), _draft)


def _draft(row: Facts) -> Task:
    opens_at = row.moment("opens_at")
    return Task(
        verb=_("Prepare"),
        title=f"{row.code} {localized(row, 'title')}",
        href=reverse("compute_grants:call", args=[row.code]),
        why=_("The call is a draft until you publish it."),
        due=opens_at if opens_at > timezone.now() else None,
    )

"""What waits for those who ask for changes of grants and those who decide on them."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Amendment
from compute_grants.queries.amendments import end_of, to_decide
from compute_grants.queries.tasks.words import SHOWN, soon
from consortium.inbox import Task
from consortium.models import User
from consortium.roles import Permission, has


def requests_to_decide(user: User) -> Iterator[Task]:
    if not has(user, Permission.ALLOCATION_MANAGE):
        return
    now = timezone.now()
    for row in to_decide(user).order_by("due_on", "pk")[:SHOWN]:
        due = end_of(row.due_on) if row.due_on else None
        yield Task(
            verb=_("Decide"),
            title=_titled(row),
            href=reverse("compute_grants:amendment_decide", args=[row.number]),
            why=_("%(name)s asks for it; your word is needed.") % {"name": row.asked_by.name},
            due=due,
            tone="warn" if due and soon(due, now) else "plain",
        )


def drafts_of_mine(user: User) -> Iterator[Task]:
    if not has(user, Permission.ALLOCATION_MEMBERS):
        return
    rows = Amendment.objects.filter(state=Amendment.State.DRAFT, asked_by=user)
    for row in rows.visible_to(user).shown().order_by("asked_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("Check and hand in"),
            title=_titled(row),
            href=reverse("compute_grants:amendment_check", args=[row.number]),
            why=_("Your request is a draft until you hand it in."),
        )


def _titled(row: Amendment) -> str:
    return f"{row.number} {row.get_kind_display()}: {row.allocation.title}"

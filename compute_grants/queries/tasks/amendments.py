"""What waits for those who ask for changes of grants and those who decide on them."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Amendment
from compute_grants.queries.amendments import end_of, to_decide
from compute_grants.queries.tasks.words import soon
from consortium.inbox import Facts, Part, Task, named
from consortium.models import User, localized
from consortium.roles import Permission, has

FACTS = {"number": "number", "kind": "kind", **named("allocation__proposal__", "title")}


def requests_to_decide(user: User) -> Iterator[Part[Task]]:
    if not has(user, Permission.ALLOCATION_MANAGE):
        return
    asker = {**named("asked_by__", "name"), "mail": "asked_by__email"}
    rows = to_decide(user).order_by("due_on", "pk")
    yield Part(rows, {**FACTS, **asker, "due_on": "due_on"}, _to_decide)


def _to_decide(row: Facts) -> Task:
    due = end_of(row.day("due_on")) if row.due_on else None
    return Task(
        verb=_("Decide"),
        title=_titled(row),
        href=reverse("compute_grants:amendment_decide", args=[row.number]),
        why=_("%(name)s asks for it; your word is needed.")
        % {"name": localized(row, "name") or row.mail},
        due=due,
        tone="warn" if due and soon(due, timezone.now()) else "plain",
    )


def drafts_of_mine(user: User) -> Iterator[Part[Task]]:
    if not has(user, Permission.ALLOCATION_MEMBERS):
        return
    rows = Amendment.objects.filter(state=Amendment.State.DRAFT, asked_by=user)
    yield Part(rows.visible_to(user).order_by("asked_at", "pk"), FACTS, _draft)


def _draft(row: Facts) -> Task:
    return Task(
        verb=_("Check and hand in"),
        title=_titled(row),
        href=reverse("compute_grants:amendment_check", args=[row.number]),
        why=_("Your request is a draft until you hand it in."),
    )


def _titled(row: Facts) -> str:
    kind = Amendment.Kind(row.kind).label
    return f"{row.number} {kind}: {localized(row, 'title')}"

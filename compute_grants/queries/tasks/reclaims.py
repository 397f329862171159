"""What use it or lose it asks of the lead of a grant and of the office."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.models import Reclaim
from compute_grants.queries.amendments import end_of
from compute_grants.queries.tasks.words import SHOWN
from consortium.inbox import Task
from consortium.models import ArmAppointment, User
from consortium.roles import Permission, has, standing

State = Reclaim.State


def coming(user: User) -> Iterator[Task]:
    """To the lead: hours that go back unless they are used or exempted."""
    if not has(user, Permission.ALLOCATION_MEMBERS):
        return
    rows = Reclaim.objects.filter(state=State.NOTICED, allocation__proposal__lead=user)
    today = timezone.localdate()
    for row in rows.shown().order_by("due_on", "pk")[:SHOWN]:
        asking = row.may_ask_on(today) and row.decided_at is None
        yield Task(
            verb=_("Use them or ask for an exemption") if asking else _("Look at"),
            title=f"{row.allocation.number} {row.allocation.title}".strip(),
            href=row.get_absolute_url(),
            why=_("%(hours)s unused hours go back to the call.")
            % {"hours": f"{row.seconds // 3600:,}"},
            due=end_of(row.ask_until if asking else row.due_on),
            tone="warn",
        )


def rounds(user: User) -> Iterator[Task]:
    """To the office: notices to give, exemptions to decide, hours to take. One query, or two."""
    if ArmAppointment.Office.RESEARCH not in standing(user).offices:
        return
    today = timezone.localdate()
    counts = Reclaim.objects.aggregate(
        planned=Count("pk", filter=Q(state=State.PLANNED)),
        ripe=Count("pk", filter=Q(state=State.NOTICED, due_on__lte=today)),
    )
    if counts["planned"]:
        yield Task(
            verb=_("Give notice"),
            title=_("Use it or lose it"),
            href=reverse("compute_grants:reclaim_notices"),
            why=ngettext(
                "%(count)s grant loses hours by the rule, and nobody was told.",
                "%(count)s grants lose hours by the rule, and nobody was told.",
                counts["planned"],
            )
            % {"count": counts["planned"]},
        )
    if counts["ripe"]:
        yield Task(
            verb=_("Take back"),
            title=_("Use it or lose it"),
            href=reverse("compute_grants:reclaim_apply"),
            why=ngettext(
                "The notice of %(count)s grant is over.",
                "The notices of %(count)s grants are over.",
                counts["ripe"],
            )
            % {"count": counts["ripe"]},
        )
    yield from _exemptions(user)


def _exemptions(user: User) -> Iterator[Task]:
    rows = Reclaim.objects.filter(state=State.ASKED).exclude(allocation__proposal__lead=user)
    for row in rows.shown().order_by("due_on", "pk")[:SHOWN]:
        yield Task(
            verb=_("Decide on the exemption"),
            title=f"{row.number} {row.allocation.title}".strip(),
            href=row.get_absolute_url(),
            why=row.exemption_reason[:200],
            due=end_of(row.due_on),
            tone="warn",
        )

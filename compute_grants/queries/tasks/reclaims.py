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
from consortium.inbox import Facts, Part, Task, named
from consortium.models import ArmAppointment, User, localized
from consortium.roles import Permission, has, standing

State = Reclaim.State


def coming(user: User) -> Iterator[Part[Task]]:
    """To the lead: hours that go back unless they are used or exempted."""
    if not has(user, Permission.ALLOCATION_MEMBERS):
        return
    rows = Reclaim.objects.filter(state=State.NOTICED, allocation__proposal__lead=user)
    columns = ("number", "seconds", "decided_at", "ask_until", "due_on")
    facts = {name: name for name in columns} | named("allocation__proposal__", "title")
    yield Part(rows.order_by("due_on", "pk"), {**facts, "grant": "allocation__number"}, _coming)


def _coming(row: Facts) -> Task:
    until = row.day("ask_until")
    asking = timezone.localdate() <= until and row.decided_at is None
    return Task(
        verb=_("Use them or ask for an exemption") if asking else _("Look at"),
        title=f"{row.grant} {localized(row, 'title')}".strip(),
        href=reverse("compute_grants:reclaim", args=[row.number]),
        why=_("%(hours)s unused hours go back to the call.")
        % {"hours": f"{row.seconds // 3600:,}"},
        due=end_of(until if asking else row.day("due_on")),
        tone="warn",
    )


def rounds(user: User) -> Iterator[Task]:
    """To the office: notices to give, hours to take. One query."""
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


def exemptions(user: User) -> Iterator[Part[Task]]:
    """To the office: exemptions that leads ask for."""
    if ArmAppointment.Office.RESEARCH not in standing(user).offices:
        return
    rows = Reclaim.objects.filter(state=State.ASKED).exclude(allocation__proposal__lead=user)
    columns = {name: name for name in ("number", "exemption_reason", "due_on")}
    facts = columns | named("allocation__proposal__", "title")
    yield Part(rows.order_by("due_on", "pk"), facts, _exemption)


def _exemption(row: Facts) -> Task:
    return Task(
        verb=_("Decide on the exemption"),
        title=f"{row.number} {localized(row, 'title')}".strip(),
        href=reverse("compute_grants:reclaim", args=[row.number]),
        why=row.exemption_reason[:200],
        due=end_of(row.day("due_on")),
        tone="warn",
    )

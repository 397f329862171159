"""What waits for a panel."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.models import (
    Call,
    Proposal,
    interested_institutions,
)
from compute_grants.queries.tasks.words import SHOWN
from consortium.inbox import Task
from consortium.models import User
from consortium.roles import Permission, has

State = Proposal.State


def panel_tasks(user: User) -> Iterator[Task]:
    if not has(user, Permission.PANEL_DECIDE):
        return
    mine = Call.panel.through.objects.filter(user=user).values("call")
    waiting = (
        Proposal.objects.filter(call__in=mine, state=State.RANKED)
        .exclude(lead=user)
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

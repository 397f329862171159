"""Machines and where they differ from what their grants want, for those who look after them."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from compute_grants.models import Drift, Machine
from consortium.models import Affiliation, ArmAppointment, User
from consortium.roles import standing


def compared_machines(user: User) -> list[Machine]:
    """Those with accounts of grants that one looks after, each with `differences`. One query."""
    rows = Machine.objects.exclude(state=Machine.State.DRAFT)
    who = standing(user)
    if ArmAppointment.Office.RESEARCH not in who.offices:
        rows = rows.filter(centre__in=who.institutions_as(Affiliation.Role.OPERATOR))
    count = Count("drifts", filter=~Q(drifts__state=Drift.State.GONE))
    return list(rows.annotate(differences=count).select_related("centre").order_by("pk"))


def listed(user: User, machine: str = "", *, gone: bool = False) -> QuerySet[Drift]:
    """What differs now, or what did and does no more; the newest first."""
    rows = Drift.objects.visible_to(user)
    rows = rows.filter(state=Drift.State.GONE) if gone else rows.standing()
    if machine:
        rows = rows.filter(machine__code=machine)
    return rows.select_related("machine", "allocation").order_by("-found_at", "-pk")

"""Planned stops of machines as pages show them, and whom they concern."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compute_grants.models import Allocation, AllocationMember, Machine, MaintenanceWindow
from consortium.models import User


def people_with_time(machine: Machine) -> QuerySet[User]:
    """Leads and members of grants that may run jobs on `machine` now. One query."""
    here = Allocation.objects.live().filter(resource__machine=machine)
    members = AllocationMember.objects.filter(
        Q(until__isnull=True) | Q(until__gte=timezone.localdate()),
        user=OuterRef("pk"),
        allocation__in=here,
    )
    leads = here.filter(proposal__lead=OuterRef("pk"))
    return User.objects.filter(Exists(members) | Exists(leads), is_active=True).order_by("pk")


def next_windows(machine_ids: Collection[int]) -> dict[int, MaintenanceWindow]:
    """By machine, the stop that is under way or comes next. One query."""
    rows = MaintenanceWindow.objects.filter(
        machine__in=machine_ids, state__in=MaintenanceWindow.STANDING
    ).order_by("machine", "starts_at")
    return {row.machine_id: row for row in rows.distinct("machine")}


def windows_of(machine: Machine, *, past: int) -> list[MaintenanceWindow]:
    """Stops ahead, the next first, then the last `past` that are over. Two queries."""
    over = machine.windows.exclude(state__in=MaintenanceWindow.STANDING).order_by("-starts_at")
    return [*machine.windows.ahead(), *over[:past]]


def window_rows(user: object, *, over: bool) -> QuerySet[MaintenanceWindow]:
    """Stops of machines this person sees: those ahead, or those that are over, newest first."""
    rows = MaintenanceWindow.objects.visible_to(user).select_related("machine__centre")
    if over:
        return rows.exclude(state__in=MaintenanceWindow.STANDING).order_by("-starts_at", "-pk")
    return rows.ahead()

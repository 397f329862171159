"""What a centre certified month by month, and which calls it is set aside for."""

from __future__ import annotations

from dataclasses import dataclass

from compute_grants.capacity import hardware_seconds
from compute_grants.models import Call, CallBudget, Capacity, Machine, Resource


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One certified month, beside what the hardware has in it; times in the resource's unit."""

    capacity: Capacity
    hardware: int

    @property
    def percent(self) -> float:
        return 100 * self.capacity.seconds / self.hardware if self.hardware else 0.0


@dataclass(frozen=True, slots=True)
class CertifiedRow:
    """One resource: its months, the latest first, and the budgets of calls that are out."""

    resource: Resource
    months: list[MonthRow]
    budgets: list[CallBudget]


def certified_rows(machine: Machine) -> list[CertifiedRow]:
    """Every resource of a machine. Three queries."""
    resources = list(machine.resources.order_by("-tres"))
    months: dict[int, list[MonthRow]] = {resource.pk: [] for resource in resources}
    budgets: dict[int, list[CallBudget]] = {resource.pk: [] for resource in resources}
    by_pk = {resource.pk: resource for resource in resources}
    for capacity in Capacity.objects.filter(resource__in=resources).order_by("-month"):
        capacity.resource = by_pk[capacity.resource_id]
        whole = hardware_seconds(machine.units_of(capacity.resource.tres), capacity.month)
        months[capacity.resource_id].append(MonthRow(capacity, whole))
    set_aside = CallBudget.objects.filter(resource__in=resources).exclude(
        call__state__in=[Call.State.DRAFT, Call.State.CLOSED]
    )
    for budget in set_aside.select_related("call").order_by("call__awards_from", "call_id"):
        budgets[budget.resource_id].append(budget)
    return [CertifiedRow(each, months[each.pk], budgets[each.pk]) for each in resources]

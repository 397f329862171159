"""Machines as pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest

from compute_grants.models import (
    Allocation,
    Call,
    CallBudget,
    Capacity,
    Machine,
    Partition,
    PeakRate,
    Precision,
    Resource,
)


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One machine of the catalogue. petaflops: peak of the whole machine by precision."""

    machine: Machine
    petaflops: dict[str, float]

    @property
    def best(self) -> tuple[str, float] | None:
        """The precision with the highest peak, and that peak."""
        return max(self.petaflops.items(), key=lambda pair: pair[1], default=None)


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """One partition; `peaks` in TFLOPS per card or node, one for each column, None for none."""

    partition: Partition
    peaks: list[float | None]


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """Time of one resource, in its unit: certified, set aside by calls, awarded."""

    resource: Resource
    certified: int
    set_aside: int
    awarded: int

    @property
    def free(self) -> int:
        return max(self.certified - self.set_aside, 0)


def machine_rows(machines: Iterable[Machine]) -> list[MachineRow]:
    """Rows of the catalogue; one query besides the machines' own (with their centres)."""
    rows = list(machines)
    per_partition = F("partition__nodes") * Greatest(F("partition__accelerators_per_node"), 1)
    peaks: dict[int, dict[str, float]] = defaultdict(dict)
    totals = (
        PeakRate.objects.filter(partition__machine__in=[row.pk for row in rows])
        .values("partition__machine", "precision")
        .annotate(total=Sum(F("gigaflops") * per_partition))
        .order_by("precision")
    )
    for total in totals:
        peaks[total["partition__machine"]][total["precision"]] = total["total"] / 1e6
    return [MachineRow(row, peaks[row.pk]) for row in rows]


def machines_overview() -> list[MachineRow]:
    """Machines in service, the largest first: for the public home. Two queries."""
    return machine_rows(
        Machine.objects.in_service().select_related("centre").order_by("-cards", "-cores", "pk")
    )


def partition_rows(machine: Machine) -> tuple[list[Precision], list[PartitionRow]]:
    """The columns of the peak table, and a row per partition. Two queries."""
    partitions = list(machine.partitions.prefetch_related("peaks").order_by("pk"))
    stated = {peak.precision for part in partitions for peak in part.peaks.all()}
    columns = [precision for precision in Precision if precision.value in stated]
    rows = []
    for part in partitions:
        rates = {peak.precision: peak.gigaflops / 1000 for peak in part.peaks.all()}
        rows.append(PartitionRow(part, [rates.get(column.value) for column in columns]))
    return columns, rows


def resource_rows(machine: Machine) -> list[ResourceRow]:
    """What can be had of a machine. One query."""
    certified = _sum(Capacity.objects.filter(resource=OuterRef("pk")))
    promised = CallBudget.objects.filter(resource=OuterRef("pk")).exclude(
        call__state__in=[Call.State.DRAFT, Call.State.CLOSED]
    )
    awarded = _sum(Allocation.objects.filter(resource=OuterRef("pk")))
    resources = (
        machine.resources.select_related("machine")
        .annotate(certified=certified, set_aside=_sum(promised), awarded=awarded)
        .order_by("-tres")
    )
    return [ResourceRow(r, r.certified, r.set_aside, r.awarded) for r in resources]


def _sum(rows: QuerySet[Capacity] | QuerySet[CallBudget] | QuerySet[Allocation]) -> Coalesce:
    totals = rows.order_by().values("resource").annotate(total=Sum("seconds")).values("total")
    return Coalesce(Subquery(totals), 0)

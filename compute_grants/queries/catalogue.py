"""The catalogue of machines: filtered, with what stands in each and what each can do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from compute_grants.models import (
    Machine,
    MaintenanceWindow,
    Partition,
    PeakRate,
    Precision,
)
from compute_grants.queries.machines import machine_rows
from compute_grants.queries.maintenance import next_windows

NodeType = Partition.NodeType


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; "" for any."""

    kind: str = ""
    node_type: str = ""
    precision: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One machine of the catalogue.

    petaflops: peak of the whole machine by precision. memory_bytes: as stated, else that of the
    nodes of its partitions together; None where neither is known. window: the maintenance that
    is under way or comes next.
    """

    machine: Machine
    petaflops: dict[str, float]
    node_types: list[str]
    accelerators: list[str]
    memory_bytes: int | None
    window: MaintenanceWindow | None

    @property
    def best(self) -> tuple[str, float] | None:
        """The precision with the highest peak, and that peak."""
        return max(self.petaflops.items(), key=lambda pair: pair[1], default=None)

    @property
    def by_precision(self) -> list[float | None]:
        """The peak at each precision, in their order."""
        return [self.petaflops.get(precision.value) for precision in Precision]


def catalogue(user: object, wish: Wish) -> QuerySet[Machine]:
    """Machines this person sees that fit the wish, the largest first. Values that no machine
    could have are taken for any.
    """
    machines = Machine.objects.visible_to(user).select_related("centre")
    if wish.kind in Machine.Kind.values:
        machines = machines.filter(kind=wish.kind)
    if wish.state in Machine.State.values:
        machines = machines.filter(state=wish.state)
    partitions = Partition.objects.filter(machine=OuterRef("pk"))
    if wish.node_type in NodeType.values:
        machines = machines.filter(Exists(partitions.filter(node_type=wish.node_type)))
    if wish.precision in Precision.values:
        peaks = PeakRate.objects.filter(partition__machine=OuterRef("pk"), precision=wish.precision)
        machines = machines.filter(Exists(peaks))
    return machines.order_by("-cards", "-cores", "pk")


def catalogue_rows(machines: Iterable[Machine]) -> list[CatalogueRow]:
    """Three queries besides the machines' own."""
    peaks = machine_rows(machines)
    ids = [row.machine.pk for row in peaks]
    parts: dict[int, list[Partition]] = defaultdict(list)
    for part in Partition.objects.filter(machine__in=ids).order_by("pk"):
        parts[part.machine_id].append(part)
    windows = next_windows(ids)
    return [
        CatalogueRow(
            row.machine,
            row.petaflops,
            node_types=_once(str(part.get_node_type_display()) for part in parts[row.machine.pk]),
            accelerators=_once(part.accelerator for part in parts[row.machine.pk]),
            memory_bytes=memory_of(row.machine, parts[row.machine.pk]),
            window=windows.get(row.machine.pk),
        )
        for row in peaks
    ]


def memory_of(machine: Machine, partitions: Iterable[Partition]) -> int | None:
    """Main memory of the whole machine in bytes: as stated, else its nodes' together."""
    nodes = sum(part.nodes * part.memory_bytes_per_node for part in partitions)
    return machine.memory_bytes or nodes or None


def _once(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]


def whole_peaks(machine: Machine) -> list[tuple[str, float]]:
    """The machine's peak in PFLOPS at each precision it states, in their order. One query."""
    stated = machine_rows([machine])[0].petaflops
    return [(each.label, stated[each.value]) for each in Precision if each.value in stated]

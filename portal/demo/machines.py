"""Machines: each centre's operator describes, certifies and publishes them."""

from datetime import date

from compute_grants.actions import machines
from compute_grants.models import Machine, Resource
from consortium.models import Institution
from portal.demo import clock
from portal.demo.content_machines import DAY, GIB, MACHINES, MachineRow
from portal.demo.people import person

HOUR = 3600
MONTHS_BACK, MONTHS_AHEAD = 6, 6


def load() -> None:
    with clock.at(clock.days(-460)):
        for row in MACHINES:
            _describe(row)


def resource(code: str, tres: str) -> Resource:
    return Resource.objects.select_related("machine").get(machine__code=code, tres=tres)


def _describe(row: MachineRow) -> None:
    by = person(row.operator)
    machine = machines.create(
        centre=Institution.objects.get(slug=row.centre),
        by=by,
        code=row.code,
        kind=row.kind,
        cluster=row.cluster,
        backend=Machine.Backend.MEMORY,
        name_en=row.name_en,
        name_zh=row.name_zh,
        description_en=row.description_en,
        description_zh=row.description_zh,
        power_watts=row.power_kw * 1_000,
        nodes=sum(p.nodes for p in row.partitions),
        cards=sum(p.nodes * p.cards_per_node for p in row.partitions),
        cores=sum(p.nodes * p.cores_per_node for p in row.partitions),
        source=row.source,
    )
    for part in row.partitions:
        partition = machines.add_partition(
            machine,
            by=by,
            name=part.name,
            nodes=part.nodes,
            accelerator=part.accelerator,
            accelerators_per_node=part.cards_per_node,
            cores_per_node=part.cores_per_node,
            memory_bytes_per_node=part.memory_gib * GIB,
            max_wall_seconds=part.max_wall_days * DAY,
        )
        for precision, teraflops in part.peaks.items():
            machines.set_peak(partition, precision=precision, gigaflops=teraflops * 1_000, by=by)
    for tres in row.resources:
        offered = machines.add_resource(machine, tres=tres, by=by)
        for month in _months():
            seconds = row.monthly_hours[tres] * HOUR
            machines.certify(offered, month=month, seconds=seconds, by=by)
    machines.publish(machine, by=by)


def _months() -> list[date]:
    """The first days of the months around today that the centres have certified."""
    first = clock.days(0).date()
    index = first.year * 12 + first.month - 1
    return [
        date(n // 12, n % 12 + 1, 1) for n in range(index - MONTHS_BACK, index + MONTHS_AHEAD + 1)
    ]

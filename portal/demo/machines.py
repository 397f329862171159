"""Machines: each centre's operator describes, certifies and publishes them."""

from datetime import date, timedelta

from django.utils import timezone

from compute_grants.actions import machines, maintenance, rates
from compute_grants.models import Machine, Resource
from consortium.models import Institution
from portal.demo import clock
from portal.demo.content_machines import DAY, GIB, MACHINES, WINDOWS, MachineRow
from portal.demo.people import person

HOUR = 3600
OFFICE = "shen.ruolan"
MONTHS_BACK, MONTHS_AHEAD = 6, 6


def load() -> None:
    with clock.at(clock.days(-460)):
        for row in MACHINES:
            _describe(row)
    for row in MACHINES:
        _set_rates(row)


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
        stages=list(row.stages),
        fabric=row.fabric,
        fabric_bits_per_second=row.fabric_gbit * 10**9,
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
            node_type=part.node_type,
            accelerator_vendor=part.vendor,
            accelerator_origin=part.origin,
            accelerator_memory_bytes=part.card_gib and part.card_gib * GIB,
            max_nodes_per_job=part.widest,
        )
        for precision, teraflops in part.peaks.items():
            machines.set_peak(partition, precision=precision, gigaflops=teraflops * 1_000, by=by)
    for tres in row.resources:
        offered = machines.add_resource(machine, tres=tres, by=by)
        for month in _months():
            seconds = row.monthly_hours[tres] * HOUR
            machines.certify(offered, month=month, seconds=seconds, by=by)
        if charging := row.charging.get(tres):
            cores, gib = charging
            rates.state_charging(
                offered,
                since=timezone.localdate(),
                cores_per_card=cores,
                memory_bytes_per_unit=gib * GIB,
                by=by,
            )
    machines.publish(machine, by=by)


def _set_rates(row: MachineRow) -> None:
    """Each rate on its first day, by the R&D office."""
    for tres, credits_, first, last in row.rates:
        with clock.at(clock.days(first)):
            rates.set_rate(
                resource(row.code, tres),
                since=timezone.localdate(),
                until=None if last is None else clock.days(last).date(),
                parts_per_million=round(credits_ * 1_000_000),
                reason="Agreed with the centres.",
                by=person(OFFICE),
            )


def plan_maintenance() -> None:
    """Stops that are over, ahead, and called off; once grants know of the machines."""
    for row in WINDOWS:
        machine = Machine.objects.get(code=row.machine)
        by = person(next(each.operator for each in MACHINES if each.code == row.machine))
        starts_at = clock.days(row.starts)
        ends_at = starts_at + timedelta(hours=row.hours)
        with clock.at(min(starts_at - timedelta(days=10), clock.days(-1))):
            window = maintenance.plan(
                machine,
                starts_at=starts_at,
                ends_at=ends_at,
                note_en=row.note_en,
                note_zh=row.note_zh,
                by=by,
            )
            if row.cancelled:
                maintenance.cancel(window, by=by)
        if ends_at < clock.days(0):
            for moment in (starts_at, ends_at):
                with clock.at(moment + timedelta(minutes=1)):
                    maintenance.follow_the_clock()


def _months() -> list[date]:
    """The first days of the months around today that the centres have certified."""
    first = clock.days(0).date()
    index = first.year * 12 + first.month - 1
    return [
        date(n // 12, n % 12 + 1, 1) for n in range(index - MONTHS_BACK, index + MONTHS_AHEAD + 1)
    ]

"""The checks of what a proposal asks, and the machines that would suit it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils import timezone

from compute_grants import machine_ranking, request_checks
from compute_grants.grid import factor_on
from compute_grants.models import Call, Machine, Partition, Proposal, Resource, ResourceRequest
from compute_grants.queries.access_types import size_errors
from compute_grants.queries.calls import offers
from compute_grants.request_checks import Check, Level, Part, Site, Wanted


@dataclass(frozen=True, slots=True)
class Checked:
    """One request and what the checks say of it."""

    request: ResourceRequest
    checks: list[Check]

    @property
    def worst(self) -> Level:
        levels = {check.level for check in self.checks}
        return next(
            level for level in (Level.ERROR, Level.WARN, Level.OK) if level in {*levels, Level.OK}
        )


def checks_of(proposal: Proposal, requests: Iterable[ResourceRequest]) -> list[Checked]:
    """The checks of each request, in order. Three queries. Expects resource.machine loaded."""
    rows = list(requests)
    sites = _sites([row.resource for row in rows])
    left = {offer.budget.resource_id: offer.left for offer in offers(proposal.call)}
    factor = factor_on(timezone.localdate())
    return [
        Checked(
            row,
            list(
                request_checks.all_checks(
                    wanted(row),
                    sites[row.resource_id],
                    left=left.get(row.resource_id),
                    factor=factor,
                )
            ),
        )
        for row in rows
    ]


def wanted(request: ResourceRequest) -> Wanted:
    return Wanted(
        seconds=request.seconds,
        width=request.cards,
        precision=request.precision,
        runs=request.runs,
        run_seconds=request.run_seconds,
        memory=request.memory_bytes,
    )


def blocking(proposal: Proposal, checked: list[Checked] | None = None) -> list[str]:
    """What the checks and the kind of access refuse, in sentences; submission waits for it.

    `checked`: the checks of all requests, where they are known. Eight queries at most.
    """
    if checked is None:
        rows = list(proposal.requests.select_related("resource__machine"))
        checked = checks_of(proposal, rows)
    found = [
        check.message for each in checked for check in each.checks if check.level == Level.ERROR
    ]
    if proposal.access_type is None:
        return found
    lines = [(each.request.resource, each.request.seconds) for each in checked]
    return found + size_errors(proposal.access_type, lines, timezone.localdate())


def ranking(
    call: Call, precision: str, *, memory: int = 0, seconds: int = 0
) -> list[machine_ranking.Ranked]:
    """The call's resources by how well they suit, with the score's parts. Three queries."""
    given = offers(call)
    sites = _sites([offer.budget.resource for offer in given])
    candidates = [
        _candidate(
            offer.budget.resource,
            sites[offer.budget.resource_id],
            precision,
            offer.budget.seconds if offer.left is None else offer.left,
        )
        for offer in given
    ]
    return machine_ranking.rank(candidates, memory=memory, seconds=seconds)


def _candidate(
    resource: Resource, site: Site, precision: str, free: int
) -> machine_ranking.Candidate:
    return machine_ranking.Candidate(
        key=resource.pk,
        label=resource.label,
        gigaflops=site.peak(precision),
        memory=site.memory(),
        free_seconds=free,
        watts=site.power_watts / site.units if site.units else 0,
    )


def _sites(resources: Iterable[Resource]) -> dict[int, Site]:
    """By resource id. Two queries."""
    wanted_rows = list(resources)
    parts = Partition.objects.prefetch_related("peaks")
    machines = Machine.objects.filter(pk__in={row.machine_id for row in wanted_rows})
    known = {
        machine.pk: machine
        for machine in machines.prefetch_related(Prefetch("partitions", queryset=parts))
    }
    return {row.pk: _site(row, known[row.machine_id]) for row in wanted_rows}


def _site(resource: Resource, machine: Machine) -> Site:
    on_cards = resource.tres == Resource.Tres.CARDS
    rows = list(machine.partitions.all())
    fitting = [row for row in rows if bool(row.accelerators_per_node) == on_cards]
    if not fitting and not on_cards:
        fitting = rows
    return Site(
        name=machine.name,
        on_cards=on_cards,
        units=machine.cards if on_cards else machine.cores,
        power_watts=machine.power_watts,
        parts=tuple(_part(row) for row in fitting),
    )


def _part(row: Partition) -> Part:
    return Part(
        nodes=row.nodes,
        cards_per_node=row.accelerators_per_node,
        cores_per_node=row.cores_per_node,
        node_memory=row.memory_bytes_per_node,
        card_memory=row.accelerator_memory_bytes,
        max_wall_seconds=row.max_wall_seconds,
        max_nodes=row.max_nodes_per_job,
        peaks={peak.precision: peak.gigaflops for peak in row.peaks.all()},
    )

"""The checks of what a proposal asks, and the machines that would suit it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from compute_grants import machine_ranking, request_checks
from compute_grants.grid import factor_on
from compute_grants.models import (
    Call,
    ExchangeRate,
    Partition,
    PeakRate,
    Proposal,
    Resource,
    ResourceRequest,
)
from compute_grants.queries.access_types import counts_credits, size_errors
from compute_grants.queries.calls import Offer, offers
from compute_grants.queries.rates import NoRate, in_force_of, last_rates
from compute_grants.request_checks import Check, Level, Part, Site, Wanted


@dataclass(frozen=True, slots=True)
class Checked:
    """One request and what the checks say of it.

    rate: credits for one hour today, where the kind of access counts in credits and there is one.
    """

    request: ResourceRequest
    checks: list[Check]
    rate: Decimal | None = None

    @property
    def worst(self) -> Level:
        levels = {check.level for check in self.checks}
        return next(
            level for level in (Level.ERROR, Level.WARN, Level.OK) if level in {*levels, Level.OK}
        )


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a call offers, and by resource id what the machines are like."""

    offers: list[Offer]
    sites: Mapping[int, Site]


def grounds_of(call: Call, requests: Iterable[ResourceRequest] = ()) -> Grounds:
    """Of all that the call offers and these ask for. Two queries. Expects resource.machine."""
    given = offers(call)
    resources = [offer.budget.resource for offer in given]
    return Grounds(given, _sites([*resources, *(row.resource for row in requests)]))


def checks_of(
    proposal: Proposal, requests: Iterable[ResourceRequest], known: Grounds | None = None
) -> list[Checked]:
    """The checks of each request, in order. Three queries at most, two fewer where `known`.

    Expects resource.machine loaded.
    """
    rows, day = list(requests), timezone.localdate()
    known = known or grounds_of(proposal.call, rows)
    left = {offer.budget.resource_id: offer.left for offer in known.offers}
    factor = factor_on(day)
    in_credits = counts_credits(proposal.access_type)
    rates = last_rates([row.resource_id for row in rows], day) if in_credits else {}
    found = []
    for row in rows:
        checks = request_checks.all_checks(
            wanted(row), known.sites[row.resource_id], left=left.get(row.resource_id), factor=factor
        )
        rate, refused = _rate(rates, row, day) if in_credits else (None, [])
        found.append(Checked(row, [*checks, *refused], rate))
    return found


def _rate(
    rates: Mapping[int, ExchangeRate], row: ResourceRequest, day: date
) -> tuple[Decimal | None, list[Check]]:
    """What an hour is worth on `day`; or else the check that says that it has no rate."""
    try:
        return in_force_of(rates, row.resource, day).rate, []
    except NoRate as error:
        return None, [Check("rate", Level.ERROR, str(error))]


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

    The sum in credits is held against its limit once every resource has a rate. `checked`: the
    checks of all requests, where they are known. Five queries at most.
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
    rates = {each.request.resource_id: each.rate for each in checked if each.rate is not None}
    return found + size_errors(proposal.access_type, lines, rates)


def ranking(
    call: Call,
    precision: str,
    *,
    memory: int = 0,
    seconds: int = 0,
    known: Grounds | None = None,
) -> list[machine_ranking.Ranked]:
    """The call's resources by how well they suit, with the score's parts.

    Two queries, none where `known`.
    """
    known = known or grounds_of(call)
    candidates = [
        _candidate(
            offer.budget.resource,
            known.sites[offer.budget.resource_id],
            precision,
            offer.budget.seconds if offer.left is None else offer.left,
        )
        for offer in known.offers
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
    """By resource id. One query. Expects each one's machine loaded."""
    rows = {row.pk: row for row in resources}
    peaks = PeakRate.objects.filter(partition=OuterRef("pk")).values(
        found=JSONObject(precision="precision", gigaflops="gigaflops")
    )
    parts: dict[int, list[Partition]] = defaultdict(list)
    machines = {row.machine_id for row in rows.values()}
    for part in Partition.objects.filter(machine__in=machines).annotate(
        stated=ArraySubquery(peaks)
    ):
        parts[part.machine_id].append(part)
    return {pk: _site(row, parts[row.machine_id]) for pk, row in rows.items()}


def _site(resource: Resource, parts: list[Partition]) -> Site:
    machine, on_cards = resource.machine, resource.tres == Resource.Tres.CARDS
    fitting = [row for row in parts if bool(row.accelerators_per_node) == on_cards]
    if not fitting and not on_cards:
        fitting = parts
    return Site(
        name=machine.name,
        on_cards=on_cards,
        units=machine.cards if on_cards else machine.cores,
        power_watts=machine.power_watts,
        parts=tuple(_part(row) for row in fitting),
    )


def _part(row: Partition) -> Part:
    stated: list[dict[str, Any]] = row.stated  # type: ignore[attr-defined]  # annotated
    return Part(
        nodes=row.nodes,
        cards_per_node=row.accelerators_per_node,
        cores_per_node=row.cores_per_node,
        node_memory=row.memory_bytes_per_node,
        card_memory=row.accelerator_memory_bytes,
        max_wall_seconds=row.max_wall_seconds,
        max_nodes=row.max_nodes_per_job,
        peaks={peak["precision"]: peak["gigaflops"] for peak in stated},
    )

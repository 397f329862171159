"""Why a job run was charged what it was: its shares by the rule, and its postings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from compute_grants.models import Resource, UsageRecord
from consortium.models import Transfer


@dataclass(frozen=True, slots=True)
class Share:
    """of: "cards", "cores" or "memory". given: what the job had of it (memory: bytes).

    per_unit: so much of it counts as one card or core; counts: as many as that makes.
    """

    of: str
    given: int
    per_unit: int
    counts: int
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """The run's part of one posting. seconds: negative where time was given back."""

    key: UUID
    code: str
    seconds: int
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Charge:
    shares: list[Share]
    lines: list[Line]


def charge_of(run: UsageRecord) -> Charge:
    """One query; the run comes with its allocation's resource and its rule."""
    return Charge(shares_of(run), lines_of(run))


def shares_of(run: UsageRecord) -> list[Share]:
    """Every share that counts under the rule the run was charged by. No query."""
    assert run.allocation is not None
    rule = run.charging_rule
    by_cards = run.allocation.resource.tres == Resource.Tres.CARDS
    found = [("cards", run.given_cards, 1) if by_cards else ("cores", run.given_cores, 1)]
    if rule is not None and by_cards and rule.cores_per_card:
        found.append(("cores", run.given_cores, rule.cores_per_card))
    if rule is not None and rule.memory_bytes_per_unit:
        found.append(("memory", run.memory_bytes, rule.memory_bytes_per_unit))
    counted = [(of, given, per, -(-given // per)) for of, given, per in found]
    most = max(counts for *_, counts in counted)
    return [Share(*share, decides=share[-1] == most) for share in counted]


def lines_of(run: UsageRecord) -> list[Line]:
    """In the order they were posted. One query."""
    rows = {row.pk: row for row in Transfer.objects.filter(pk__in=run.transfers)}
    return [
        Line(key, rows[key].code, amount, rows[key].created)
        for key, amount in zip(run.transfers, run.amounts, strict=True)
        if key in rows
    ]

"""A call's waitlist: who stands where, and what each of them waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import BigIntegerField, OuterRef, Prefetch, Subquery, Sum

from compute_grants.models import (
    Call,
    DecisionItem,
    DecisionItemLine,
    DecisionSet,
    Resource,
    ResourceRequest,
    WaitlistPlace,
)
from compute_grants.policies.panel_interests import interests
from compute_grants.queries.decision_sets import ceiling
from consortium.models import User

HOUR = 3600
WHOLE = 100


@dataclass(frozen=True, slots=True)
class Left:
    """Seconds of a call by resource id. raw: in its accounts; free: less what open sets want."""

    raw: Mapping[int, int]
    free: Mapping[int, int]


def left_of(call: Call) -> Left:
    """One query."""
    lines = DecisionItemLine.objects.filter(
        item__set__call=OuterRef("call"),
        item__is_open=True,
        request__resource=OuterRef("resource"),
    )
    sums = lines.order_by().values("request__resource").annotate(all=Sum("seconds")).values("all")
    wanted = Subquery(sums, output_field=BigIntegerField())
    rows = call.budgets.filter(account__isnull=False).annotate(wanted=wanted)
    found = list(rows.values_list("resource", "account__available", "wanted"))
    return Left(
        raw={pk: left for pk, left, _wanted in found},
        free={pk: left - int(taken or 0) for pk, left, taken in found},
    )


@dataclass(frozen=True, slots=True)
class Need:
    """What one request waits for, in its resource's unit. least: what would do; whole hours up."""

    request: ResourceRequest
    most: int
    least: int
    free: int

    @property
    def missing(self) -> int:
        return max(self.least - self.free, 0)

    @property
    def offer(self) -> int:
        """What could be awarded now: whole hours, no more than asked and feasible."""
        return min(self.most, max(self.free, 0) // HOUR * HOUR)

    @property
    def resource(self) -> Resource:
        return self.request.resource


def needs_of(place: WaitlistPlace, free: Mapping[int, int]) -> list[Need]:
    """Of every feasible request. Expects place.proposal.asked, from `places`."""
    found = []
    for request in place.proposal.asked:  # type: ignore[attr-defined]  # prefetched by places
        most = ceiling(request)
        least = -(-most * place.least_percent // (WHOLE * HOUR)) * HOUR
        if most:
            left = free.get(request.resource_id, 0)
            found.append(Need(request, most, min(least, most), left))
    return found


def places(call: Call) -> list[WaitlistPlace]:
    """Who waits, in order, with what they asked and the open set they stand in. Four queries."""
    asked = ResourceRequest.objects.select_related("resource__machine", "technical_review")
    offers = DecisionItem.objects.filter(is_open=True).select_related("set")
    rows = WaitlistPlace.objects.waiting().in_order().filter(call=call)
    return list(
        rows.select_related("proposal__institution", "proposal__lead").prefetch_related(
            Prefetch("proposal__requests", queryset=asked.order_by("pk"), to_attr="asked"),
            Prefetch("proposal__decision_items", queryset=offers, to_attr="offers"),
        )
    )


def offered_in(place: WaitlistPlace) -> DecisionSet | None:
    """The open set that this place stands in. Expects it from `places`."""
    items: list[DecisionItem] = place.proposal.offers  # type: ignore[attr-defined]
    return items[0].set if items else None


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One place. A masked one is closed to the reader: its number and nothing else.

    position: among those shown. None of a masked one, whose place would tell its merit.
    """

    position: int | None
    number: str
    masked: bool
    place: WaitlistPlace | None = None
    needs: list[Need] = field(default_factory=list)
    offered: DecisionSet | None = None

    @property
    def fits(self) -> bool:
        return bool(self.needs) and not any(need.missing for need in self.needs)


def waitlist(call: Call, user: User) -> list[WaitRow]:
    """Everybody who waits, as this reader may see it; masked ones last. Eight queries."""
    rows = places(call)
    own = interests(user, [row.proposal for row in rows])
    free = left_of(call).free
    shown = [place for place in rows if place.proposal_id not in own]
    hidden = sorted(place.proposal.number for place in rows if place.proposal_id in own)
    return [
        *(
            WaitRow(
                n,
                place.proposal.number,
                masked=False,
                place=place,
                needs=needs_of(place, free),
                offered=offered_in(place),
            )
            for n, place in enumerate(shown, start=1)
        ),
        *(WaitRow(None, number, masked=True) for number in hidden),
    ]


def positions(calls: Iterable[int]) -> dict[int, tuple[int, int]]:
    """{proposal id: (position, how many wait)} over these calls. One query."""
    rows = WaitlistPlace.objects.waiting().in_order().filter(call__in=calls)
    by_call: dict[int, list[int]] = defaultdict(list)
    for call, proposal in rows.values_list("call", "proposal"):
        by_call[call].append(proposal)
    return {
        proposal: (n, len(ids)) for ids in by_call.values() for n, proposal in enumerate(ids, 1)
    }

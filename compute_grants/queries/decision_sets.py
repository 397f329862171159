"""Sets of decisions as pages and the API show them. What is a reader's own is masked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet

from compute_grants.models import (
    Call,
    CallRound,
    DecisionItem,
    DecisionItemLine,
    DecisionSet,
    DecisionSignature,
    Proposal,
    Resource,
    ResourceRequest,
)
from compute_grants.policies.decision_sets import Seat, seat_of
from compute_grants.policies.panel_interests import interests
from compute_grants.queries import calls as call_queries
from compute_grants.queries.award_reasons import Limit, Telling, limits
from compute_grants.queries.decision_content import sha256_of
from compute_grants.queries.panel import Standing, standings_of
from compute_grants.queries.rounds import within
from consortium.models import User


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One decision. A masked one is of the reader's own side: its number and nothing else.

    limits: what bound it in the award run.
    """

    number: str
    masked: bool
    item: DecisionItem | None = None
    lines: list[DecisionItemLine] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)

    @property
    def tone(self) -> str:
        """Of the outcome's tag: the seal stands on what is published only."""
        tones = {"awarded": "ok", "rejected": "danger", "waitlisted": "warn"}
        return tones[self.item.outcome] if self.item else "neutral"


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """Time of one resource, in its unit. wanted, after: None where they would tell a masked item.

    after: what is left once an open set is published.
    """

    resource: Resource
    left: int
    wanted: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class SetView:
    """A set as one reader sees it. sha256: of all that it says, masked items included."""

    found: DecisionSet
    rows: list[ItemRow]
    budget: list[BudgetRow]
    signatures: list[DecisionSignature]
    sha256: str
    place: Seat

    @property
    def hidden(self) -> bool:
        return any(row.masked for row in self.rows)


def set_rows(user: User, call: Call | None = None) -> QuerySet[DecisionSet]:
    """The sets this person may see, the newest first, with `size` and `signed`. One query."""
    rows = DecisionSet.objects.visible_to(user).select_related("call", "made_by", "round")
    if call is not None:
        rows = rows.filter(call=call)
    return rows.annotate(
        size=Count("items", distinct=True), signed=Count("signatures", distinct=True)
    ).order_by("-pk")


def set_view(found: DecisionSet, user: User) -> SetView:
    """Six queries. Expects found.call loaded."""
    lines = DecisionItemLine.objects.select_related("request__resource__machine")
    items = list(
        found.items.select_related("proposal__institution", "proposal__lead")
        .prefetch_related(Prefetch("lines", queryset=lines.order_by("request_id")))
        .order_by("position")
    )
    place = seat_of(user, found.call, [item.proposal for item in items])
    offers = call_queries.offers(found.call)
    resources = {str(offer.budget.resource_id): offer.budget.resource for offer in offers}
    return SetView(
        found=found,
        rows=[_row(item, place, resources) for item in items],
        budget=_budget(found, items, offers, hidden=bool(place.own)),
        signatures=list(found.signatures.select_related("by")),
        sha256=sha256_of(found, items),
        place=place,
    )


def _row(item: DecisionItem, place: Seat, resources: Mapping[str, Resource]) -> ItemRow:
    if item.proposal_id in place.own:
        return ItemRow(item.proposal.number, masked=True)
    telling = Telling.PLAIN if place.own else Telling.ALL
    return ItemRow(
        item.proposal.number,
        masked=False,
        item=item,
        lines=list(item.lines.all()),
        limits=limits(item.binding, resources, telling),
    )


def _budget(
    found: DecisionSet,
    items: Iterable[DecisionItem],
    offers: Iterable[call_queries.Offer],
    *,
    hidden: bool,
) -> list[BudgetRow]:
    wanted: dict[int, int] = defaultdict(int)
    for item in items:
        for line in item.lines.all():
            wanted[line.request.resource_id] += line.seconds
    waiting = found.state in DecisionSet.OPEN
    rows = []
    for offer in offers:
        left, takes = offer.left or 0, wanted[offer.budget.resource_id]
        rows.append(
            BudgetRow(
                offer.budget.resource,
                left,
                None if hidden else takes,
                None if hidden else left - takes if waiting else left,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal that may be put into a set, with what is asked and feasible."""

    proposal: Proposal
    standing: Standing
    asked: list[ResourceRequest]


def candidates(call: Call, user: User, call_round: CallRound | None = None) -> list[Candidate]:
    """What waits for a decision and stands in no open set, best first. Six queries.

    call_round: of this round only; None for all of the call.
    """
    asked = ResourceRequest.objects.select_related("resource__machine", "technical_review")
    taken = DecisionItem.objects.filter(proposal=OuterRef("pk"), is_open=True)
    rows = list(
        call.proposals.filter(
            within(call_round),
            ~Exists(taken),
            state__in=[Proposal.State.RANKED, Proposal.State.WAITLISTED],
        )
        .select_related("institution", "access_type")
        .prefetch_related(Prefetch("requests", queryset=asked, to_attr="asked"))
        .order_by("number")
    )
    own = interests(user, rows)
    standings = standings_of(rows)
    free = [row for row in rows if row.pk not in own]
    free.sort(key=lambda row: (-(standings[row.pk].mean or -1), row.number))
    return [
        Candidate(row, standings[row.pk], row.asked)  # type: ignore[attr-defined]  # prefetched
        for row in free
    ]


def ceiling(request: ResourceRequest) -> int:
    """The most seconds that are asked and feasible. Expects request.technical_review loaded."""
    request.technical_review.request = request
    return min(request.seconds, request.technical_review.ceiling)

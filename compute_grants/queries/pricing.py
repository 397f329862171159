"""Exchange rates and charging rules as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compute_grants.charging import units
from compute_grants.models import ChargingRule, ExchangeRate, Machine, Resource
from compute_grants.queries.rates import priced, shares
from consortium.models import Affiliation, User, in_force

GIB = 1024**3
HOLDS, EXPIRED, NONE = "holds", "expired", "none"
STANDINGS: list[tuple[str, str | Promise]] = [
    (HOLDS, _("in force")),
    (EXPIRED, _("expired")),
    (NONE, _("not set")),
]


@dataclass(frozen=True, slots=True)
class RateRow:
    """One resource and its rates, the newest first. standing: holds, expired or none today."""

    resource: Resource
    standing: str
    rates: list[ExchangeRate]

    @property
    def now(self) -> ExchangeRate | None:
        """The rate in force today, or the last one that was."""
        today = timezone.localdate()
        return next((rate for rate in self.rates if rate.since <= today), None)

    @property
    def label(self) -> str:
        return str(dict(STANDINGS)[self.standing])

    @property
    def tone(self) -> str:
        return {HOLDS: "ok", EXPIRED: "danger"}.get(self.standing, "neutral")


def priced_resources(user: object, standing: str = "") -> QuerySet[Resource]:
    """Resources this person sees with their rates; only those of one standing, if it is named."""
    today = timezone.localdate()
    begun = ExchangeRate.objects.filter(resource=OuterRef("pk"), since__lte=today)
    holds = Exists(begun.filter(Q(until__isnull=True) | Q(until__gte=today)))
    rows = priced(user)
    if standing == HOLDS:
        return rows.filter(holds)
    if standing == EXPIRED:
        return rows.filter(~holds, Exists(begun))
    return rows.filter(~Exists(begun)) if standing == NONE else rows


def rate_rows(resources: list[Resource]) -> list[RateRow]:
    """Rows of the page; no query."""
    today = timezone.localdate()
    return [_row(resource, today) for resource in resources]


def _row(resource: Resource, today: date) -> RateRow:
    rates: list[ExchangeRate] = resource.rates  # type: ignore[attr-defined]  # of `priced`
    begun = [rate for rate in rates if rate.since <= today]
    holds = any(rate.until is None or rate.until >= today for rate in begun)
    return RateRow(resource, HOLDS if holds else EXPIRED if begun else NONE, rates)


@dataclass(frozen=True, slots=True)
class Example:
    """A job of an hour, and how many cards or cores it counts as."""

    cards: int
    cores: int
    memory_bytes: int
    counts: int


@dataclass(frozen=True, slots=True)
class ChargingRow:
    """How one resource charges: its rules, the newest first, and what jobs cost today."""

    resource: Resource
    rules: list[ChargingRule]
    current: ChargingRule | None
    examples: list[Example]


JOBS = {
    Resource.Tres.CARDS: (
        (1, 8, 64 * GIB),
        (1, 64, 64 * GIB),
        (1, 8, 512 * GIB),
        (8, 64, 512 * GIB),
    ),
    Resource.Tres.CORES: ((0, 16, 32 * GIB), (0, 1, 64 * GIB), (0, 64, 64 * GIB)),
}


def charging_rows(machine: Machine) -> list[ChargingRow]:
    """How the machine's resources charge, cards first. Two queries."""
    rules = ChargingRule.objects.select_related("stated_by").order_by("-since")
    resources = machine.resources.select_related("machine").prefetch_related(
        Prefetch("charging_rules", rules, to_attr="stated")
    )
    return [_charging(resource) for resource in resources.order_by("-tres")]


def _charging(resource: Resource) -> ChargingRow:
    rules: list[ChargingRule] = resource.stated  # type: ignore[attr-defined]  # prefetched above
    today = timezone.localdate()
    current = next((rule for rule in rules if rule.since <= today), None)
    rule = shares(resource, current)
    jobs = JOBS[Resource.Tres(resource.tres)]
    examples = [Example(*job, counts=units(rule, *job)) for job in jobs]
    return ChargingRow(resource, rules, current, examples)


def operators_of(machine: Machine) -> QuerySet[User]:
    """Those who run the machine: operators of its centre today. One query."""
    mine = Affiliation.objects.filter(
        in_force(timezone.localdate()),
        user=OuterRef("pk"),
        institution=machine.centre_id,
        role=Affiliation.Role.OPERATOR,
    )
    return User.objects.filter(Exists(mine), is_active=True).order_by("pk")

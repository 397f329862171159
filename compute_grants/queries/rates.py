"""What an hour is worth on a day, and how it is charged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from compute_grants.charging import Shares
from compute_grants.models import ChargingRule, ExchangeRate, Machine, Resource
from consortium.errors import DomainError
from consortium.models import in_force


class NoRate(DomainError):
    """No exchange rate of the resource holds on that day: none yet, or the last has expired."""


def rate_on(resource: Resource, day: date) -> Decimal:
    """Credits for one hour of `resource` on `day`, exact to six decimals. One query.

    Raises NoRate where there is none.
    """
    found = resource.exchange_rates.filter(in_force(day)).first()
    if found is None:
        raise _no_rate(resource, day)
    return found.rate


def rates_on(resources: Iterable[Resource], day: date) -> dict[int, Decimal]:
    """The rate of each of these resources on `day`, by its id. Raises NoRate. One query."""
    wanted = list(resources)
    rows = ExchangeRate.objects.filter(in_force(day), resource__in=wanted)
    found = {row.resource_id: row.rate for row in rows}
    for resource in wanted:
        if resource.pk not in found:
            raise _no_rate(resource, day)
    return found


def _no_rate(resource: Resource, day: date) -> NoRate:
    machine = resource.machine.name
    last = resource.exchange_rates.filter(until__lt=day).first()
    values = {"machine": machine, "unit": resource.hours_unit, "day": day.isoformat()}
    if last is None:
        message = _(
            "%(machine)s has no exchange rate for %(unit)s on %(day)s. "
            "Ask the R&D office to set one."
        )
        return NoRate(message % values)
    message = _(
        "The exchange rate of %(machine)s for %(unit)s expired on %(end)s, so there is none on "
        "%(day)s. Ask the R&D office to set the next one."
    )
    assert last.until is not None, "it ended before that day"
    return NoRate(message % (values | {"end": last.until.isoformat()}))


def credit_seconds(seconds: int, rate: Decimal) -> int:
    """What so much time is worth at `rate`, in whole credit-seconds, rounded down."""
    return int(Fraction(rate) * seconds)


def exchanged(seconds: int, given: Decimal, taken: Decimal) -> int:
    """How much time at rate `taken` is worth `seconds` at rate `given`, rounded down.

    What the rounding leaves over is less than one second of the resource that is taken.
    """
    return int(Fraction(given) * seconds / Fraction(taken))


def rule_on(resource: Resource, day: date) -> Shares:
    """How `resource` charges on `day`; what was allocated, where no rule says more. One query."""
    found = resource.charging_rules.filter(since__lte=day).order_by("-since").first()
    return shares(resource, found)


def shares(resource: Resource, rule: ChargingRule | None) -> Shares:
    """A stored rule as charging.charge reads it."""
    cards = resource.tres == Resource.Tres.CARDS
    if rule is None:
        return Shares(cards)
    return Shares(cards, rule.cores_per_card, rule.memory_bytes_per_unit)


def priced(user: object) -> QuerySet[Resource]:
    """Resources this person sees, each with all its rates (`rates`), the newest first.

    Two queries.
    """
    rates = ExchangeRate.objects.select_related("set_by").order_by("-since")
    return (
        Resource.objects.filter(machine__in=Machine.objects.visible_to(user))
        .select_related("machine__centre")
        .prefetch_related(Prefetch("exchange_rates", rates, to_attr="rates"))
        .order_by("machine__code", "-tres")
    )

"""What an hour is worth on a day, and how it is charged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Prefetch, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.charging import Shares
from compute_grants.models import ChargingRule, ExchangeRate, Machine, Resource
from consortium.errors import DomainError


class NoRate(DomainError):
    """No exchange rate of the resource holds on that day."""


class RateExpired(NoRate):
    """The last one ended before that day."""


def last_rates(resource_ids: Collection[int], day: date) -> dict[int, ExchangeRate]:
    """By resource, the rate in force on `day`, or else the last one before it. One query."""
    rows = ExchangeRate.objects.filter(resource__in=resource_ids, since__lte=day)
    return {
        row.resource_id: row for row in rows.order_by("resource", "-since").distinct("resource")
    }


def in_force_of(rates: Mapping[int, ExchangeRate], resource: Resource, day: date) -> ExchangeRate:
    """Of `last_rates`, that of `resource`. Raises NoRate, RateExpired. No query."""
    found = rates.get(resource.pk)
    values = {
        "machine": resource.machine.name,
        "unit": resource.hours_unit,
        "day": date_format(day),
    }
    if found is None:
        message = _(
            "%(machine)s has no exchange rate for %(unit)s on %(day)s. "
            "Ask the R&D office to set one."
        )
        raise NoRate(message % values)
    if found.until is not None and found.until < day:
        message = _(
            "The exchange rate of %(machine)s for %(unit)s expired on %(end)s, so there is none on "
            "%(day)s. Ask the R&D office to set the next one."
        )
        raise RateExpired(message % (values | {"end": date_format(found.until)}))
    return found


def rate_on(resource: Resource, day: date) -> Decimal:
    """Credits for one hour of `resource` on `day`, exact to six decimals. One query.

    Raises NoRate, RateExpired.
    """
    return rates_on([resource], day)[resource.pk]


def rates_on(resources: Iterable[Resource], day: date) -> dict[int, Decimal]:
    """The rate of each of these resources on `day`, by its id. One query.

    Raises NoRate, RateExpired.
    """
    wanted = list(resources)
    rates = last_rates({resource.pk for resource in wanted}, day)
    return {resource.pk: in_force_of(rates, resource, day).rate for resource in wanted}


def credit_seconds(seconds: int, rate: Decimal) -> int:
    """What so much time is worth at `rate`, in whole credit-seconds, rounded down."""
    return int(Fraction(rate) * seconds)


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

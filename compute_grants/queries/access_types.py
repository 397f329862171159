"""Access types as pages show them, and what they let be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from compute_grants.models import AccessType, AccessTypeLimit, Resource
from compute_grants.queries.rates import credit_seconds

HOUR = 3600


def current() -> QuerySet[AccessType]:
    """The newest version of each, with its limits. Two queries."""
    return AccessType.objects.filter(current=True).prefetch_related(_limits()).order_by("pk")


def with_limits(rows: QuerySet[AccessType]) -> QuerySet[AccessType]:
    return rows.prefetch_related(_limits())


def _limits() -> Prefetch[str, QuerySet[AccessTypeLimit], str]:
    return Prefetch(
        "limits", AccessTypeLimit.objects.select_related("resource__machine").order_by("pk")
    )


def counts_credits(access_type: AccessType | None) -> bool:
    """Whether it limits the sum of what is asked."""
    return access_type is not None and (
        access_type.min_credit_seconds is not None or access_type.max_credit_seconds is not None
    )


def size_errors(
    access_type: AccessType, lines: Iterable[tuple[Resource, int]], rates: Mapping[int, Decimal]
) -> list[str]:
    """What is against asking for these (resource, seconds) under `access_type`, in sentences.

    A machine's own limit goes before the one in credits, which is on the sum at `rates`, by
    resource id, once every resource has one. One query.
    """
    asked = list(lines)
    limits = {limit.resource_id: limit for limit in access_type.limits.all()}
    errors = [
        sentence
        for resource, seconds in asked
        if resource.pk in limits
        for sentence in _against(limits[resource.pk], resource, seconds)
    ]
    if not counts_credits(access_type) or any(row.pk not in rates for row, _seconds in asked):
        return errors
    total = sum(credit_seconds(seconds, rates[resource.pk]) for resource, seconds in asked)
    return errors + _against_credits(access_type, total)


def _against(limit: AccessTypeLimit, resource: Resource, seconds: int) -> list[str]:
    values = {"machine": resource.machine.name, "unit": resource.hours_unit}
    if seconds > limit.max_seconds:
        message = _(
            "This access type allows at most %(most)s %(unit)s on %(machine)s. Ask for less, or "
            "choose a larger access type."
        )
        return [message % (values | {"most": _hours(limit.max_seconds)})]
    if seconds < limit.min_seconds:
        message = _(
            "This access type begins at %(least)s %(unit)s on %(machine)s. Choose a smaller "
            "access type for less."
        )
        return [message % (values | {"least": _hours(limit.min_seconds)})]
    return []


def _against_credits(access_type: AccessType, total: int) -> list[str]:
    least, most = access_type.min_credit_seconds, access_type.max_credit_seconds
    values = {"asked": _hours(total)}
    if most is not None and total > most:
        message = _(
            "The request is worth %(asked)s credits; this access type allows at most %(most)s. "
            "Ask for less, or choose a larger access type."
        )
        return [message % (values | {"most": _hours(most)})]
    if least is not None and total < least:
        message = _(
            "The request is worth %(asked)s credits; this access type begins at %(least)s. "
            "Choose a smaller access type."
        )
        return [message % (values | {"least": _hours(least)})]
    return []


def _hours(seconds: int) -> str:
    return f"{Decimal(seconds) / HOUR:,.1f}".removesuffix(".0")

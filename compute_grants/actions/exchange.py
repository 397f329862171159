"""Quoting and keeping to a rate of exchange."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.exchange import DatedRate, Exchange, change
from compute_grants.models import Allocation, Amendment
from compute_grants.queries import exchange as queries
from consortium.errors import DomainError


class NoRate(DomainError):
    """A resource has no rate, so that its time is worth nothing that can be compared."""


class RateExpired(DomainError):
    """The rate is not in force on the day."""


def quote(giver: Allocation, receiver: Allocation, *, seconds: int, day: date) -> Exchange:
    """What `seconds` of one grant become on another at the rates of `day`. One query.

    Raises NoRate, RateExpired.
    """
    if giver.resource_id == receiver.resource_id:
        return Exchange(seconds, seconds, 0)
    rates = queries.rates_on({giver.resource_id, receiver.resource_id}, day)
    gives, takes = (_rate(rates, grant, day) for grant in (giver, receiver))
    return change(seconds, gives.credits_per_hour, takes.credits_per_hour)


def require_still_valid(amendment: Amendment, *, day: date) -> None:
    """A transfer is made at the rates it was asked at, while they hold.

    Raises NoRate, RateExpired; also where a new rate has replaced the one that was quoted.
    """
    assert amendment.other is not None
    assert amendment.quoted_on is not None
    giver, receiver = amendment.allocation, amendment.other
    if giver.resource_id == receiver.resource_id:
        return
    ids = {giver.resource_id, receiver.resource_id}
    then, now = queries.rates_on(ids, amendment.quoted_on), queries.rates_on(ids, day)
    for grant in (giver, receiver):
        rate = _rate(now, grant, day)
        if then.get(grant.resource_id) != rate:
            message = _(
                "The rate of %(machine)s was quoted on %(quoted)s, and another holds since "
                "%(since)s. Refuse this request; the lead can ask again at the new rate."
            )
            raise RateExpired(
                message
                % {
                    "machine": grant.resource.machine.name,
                    "quoted": date_format(amendment.quoted_on),
                    "since": date_format(rate.since),
                }
            )


def _rate(rates: dict[int, DatedRate], grant: Allocation, day: date) -> DatedRate:
    rate = rates.get(grant.resource_id)
    machine = grant.resource.machine.name
    if rate is None:
        message = _("%(machine)s has no rate of exchange. Ask its centre to publish one.")
        raise NoRate(message % {"machine": machine})
    if not rate.in_force(day):
        message = _(
            "The rate of %(machine)s held from %(since)s to %(until)s. Ask its centre for a new "
            "one, then ask for the transfer again."
        )
        until = rate.until or rate.since
        raise RateExpired(
            message
            % {
                "machine": machine,
                "since": date_format(rate.since),
                "until": date_format(until),
            }
        )
    return rate

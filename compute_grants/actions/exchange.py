"""Quoting and keeping to a rate of exchange."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.exchange import Exchange, change
from compute_grants.models import Allocation, Amendment
from compute_grants.queries.rates import NoRate, RateExpired, in_force_of, last_rates

__all__ = ["NoRate", "RateExpired", "quote", "require_still_valid"]


def quote(giver: Allocation, receiver: Allocation, *, seconds: int, day: date) -> Exchange:
    """What `seconds` of one grant become on another at the rates of `day`. One query.

    Raises NoRate, RateExpired.
    """
    if giver.resource_id == receiver.resource_id:
        return Exchange(seconds, seconds, 0)
    rates = last_rates({giver.resource_id, receiver.resource_id}, day)
    gives, takes = (in_force_of(rates, grant.resource, day) for grant in (giver, receiver))
    return change(seconds, Fraction(gives.parts_per_million), Fraction(takes.parts_per_million))


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
    then, now = last_rates(ids, amendment.quoted_on), last_rates(ids, day)
    for grant in (giver, receiver):
        rate = in_force_of(now, grant.resource, day)
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

"""Charging rules by a machine's centre, exchange rates by the R&D office."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import ChargingRule, ExchangeRate, Resource
from compute_grants.policies import rates as policy
from compute_grants.queries.maintenance import people_with_time
from compute_grants.queries.pricing import operators_of
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import User


class InThePast(DomainError):
    """What was charged or exchanged is settled: rules and rates change from today on."""


class RatesOverlap(DomainError):
    """A resource has one rate a day."""


def _locked(resource: Resource) -> Resource:
    return (
        Resource.objects.select_for_update(of=("self",))
        .select_related("machine")
        .get(pk=resource.pk)
    )


@transaction.atomic
def state_charging(
    resource: Resource,
    *,
    since: date,
    cores_per_card: int | None,
    memory_bytes_per_unit: int | None,
    by: User,
) -> ChargingRule:
    """State how `resource` charges from `since` on; both None: just what was allocated.

    Raises PermissionDenied, InThePast before today, or Invalid.
    """
    resource = _locked(resource)
    policy.can_state_charging(by, resource).require()
    if since < timezone.localdate():
        raise InThePast(_("A charging rule begins today or later: what was charged stays so."))
    if cores_per_card and resource.tres != Resource.Tres.CARDS:
        raise Invalid({"cores_per_card": [_("Only cards have cores that go with them.")]})
    if resource.charging_rules.filter(since=since).exists():
        raise Invalid({"since": [_("Another rule begins on that day. Choose another day.")]})
    rule = ChargingRule.objects.create(
        resource=resource,
        since=since,
        cores_per_card=cores_per_card,
        memory_bytes_per_unit=memory_bytes_per_unit,
        stated_by=by,
    )
    audit.record(
        "machine.charging_stated",
        resource.machine,
        by=by,
        tres=resource.tres,
        since=since.isoformat(),
        cores_per_card=cores_per_card,
        memory_bytes_per_unit=memory_bytes_per_unit,
    )
    _tell(
        "machine.charging_stated",
        resource,
        to=people_with_time(resource.machine),
        href=reverse("compute_grants:charging", args=[resource.machine.code]),
        by=by,
        since_on=since,
    )
    return rule


def _tell(
    code: str, resource: Resource, *, to: Iterable[User], href: str, by: User, **days: date
) -> None:
    machine = resource.machine
    notify(
        code,
        to=to,
        about=machine,
        href=href,
        besides=by,
        machine_en=machine.name_en,
        machine_zh=machine.name_zh,
        **{name: day.isoformat() for name, day in days.items()},
    )


def _tell_centre(code: str, resource: Resource, *, by: User, **days: date) -> None:
    to = operators_of(resource.machine)
    _tell(code, resource, to=to, href=reverse("compute_grants:rate_list"), by=by, **days)


@transaction.atomic
def set_rate(
    resource: Resource,
    *,
    since: date,
    until: date | None,
    parts_per_million: int,
    reason: str,
    by: User,
) -> ExchangeRate:
    """Set what an hour is worth from `since` through `until` (None: until it is ended).

    Raises PermissionDenied, InThePast before today, RatesOverlap naming the other, or Invalid.
    """
    policy.can_set_rates(by).require()
    resource = _locked(resource)
    if since < timezone.localdate():
        raise InThePast(_("An exchange rate begins today or later: what was exchanged stays so."))
    if until is not None and until < since:
        raise Invalid({"until": [_("A rate ends on the day it begins, or later.")]})
    _refuse_overlap(resource, since, until)
    rate = ExchangeRate.objects.create(
        resource=resource,
        since=since,
        until=until,
        parts_per_million=parts_per_million,
        reason=reason,
        set_by=by,
    )
    audit.record(
        "machine.rate_set",
        resource.machine,
        by=by,
        tres=resource.tres,
        since=since.isoformat(),
        until=until and until.isoformat(),
        parts_per_million=parts_per_million,
    )
    _tell_centre("machine.rate_set", resource, by=by, since_on=since)
    return rate


def _refuse_overlap(resource: Resource, since: date, until: date | None) -> None:
    others = resource.exchange_rates.filter(Q(until__isnull=True) | Q(until__gte=since))
    if until is not None:
        others = others.filter(since__lte=until)
    other = others.first()
    if other is None:
        return
    if other.until is None:
        message = _(
            "A rate without an end holds from %(since)s on. End it first, then set this one."
        )
    else:
        message = _("Another rate holds from %(since)s through %(until)s. Choose other days.")
    raise RatesOverlap(message % {"since": other.since, "until": other.until})


@transaction.atomic
def end_rate(rate: ExchangeRate, *, until: date, by: User) -> ExchangeRate:
    """Let a rate hold no longer than through `until`, today at the earliest.

    Raises PermissionDenied, InThePast, or Invalid where it would hold longer than it does.
    """
    policy.can_set_rates(by).require()
    _locked(rate.resource)
    rate = (
        ExchangeRate.objects.select_for_update(of=("self",))
        .select_related("resource__machine")
        .get(pk=rate.pk)
    )
    if until < max(timezone.localdate(), rate.since):
        raise InThePast(_("A rate ends today at the earliest, and not before it begins."))
    if rate.until is not None and until > rate.until:
        raise Invalid({"until": [_("It ends before that day already. Set the next rate instead.")]})
    if until != rate.until:
        rate.until = until
        rate.save(update_fields=["until"])
        audit.record(
            "machine.rate_ended",
            rate.resource.machine,
            by=by,
            tres=rate.resource.tres,
            since=rate.since.isoformat(),
            until=until.isoformat(),
        )
        _tell_centre("machine.rate_ended", rate.resource, by=by, until_on=until)
    return rate

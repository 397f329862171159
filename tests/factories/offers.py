"""Access types, rounds, rules and rates."""

from datetime import timedelta

from django.utils import timezone

from compute_grants.models import AccessType, ChargingRule, ExchangeRate, Resource
from consortium.models import User
from tests.factories.compute_grants import HOUR, operator_of
from tests.factories.consortium import research_officer

_CODES = iter(range(10**9))


def access_type(**fields) -> AccessType:
    """A current type that peers review, without limits."""
    n = next(_CODES)
    given = {
        "code": f"regular-{n}",
        "name_en": f"Regular {n}",
        "name_zh": f"常规{n}",
        "depth": "peer",
        "reviewers": 3,
        "months": 12,
        "made_by": research_officer(),
    }
    made: AccessType = AccessType.objects.create(**given | fields)
    return made


def rate(resource: Resource, ppm: int = 1_000_000, **fields) -> ExchangeRate:
    """A rate from a year ago on, without an end."""
    given = {"since": timezone.localdate() - timedelta(days=365), "set_by": research_officer()}
    made: ExchangeRate = ExchangeRate.objects.create(
        resource=resource, parts_per_million=ppm, **given | fields
    )
    return made


def charging(resource: Resource, **fields) -> ChargingRule:
    """A rule of a year ago that counts memory and, on cards, cores."""
    given = {
        "since": timezone.localdate() - timedelta(days=365),
        "memory_bytes_per_unit": 64 * 10**9,
        "stated_by": operator_of(resource.machine.centre),
    }
    if resource.tres == Resource.Tres.CARDS:
        given["cores_per_card"] = 8
    made: ChargingRule = ChargingRule.objects.create(resource=resource, **given | fields)
    return made


def lead_until(lead: User, days: int) -> None:
    """Let the person's affiliations end in so many days."""
    lead.affiliations.update(until=timezone.localdate() + timedelta(days=days))


__all__ = ["HOUR", "access_type", "charging", "lead_until", "rate"]

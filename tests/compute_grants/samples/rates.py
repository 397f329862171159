"""Samples of exchange rates and charging rules."""

from tests.factories import compute_grants as make
from tests.factories import offers
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    machine = make.machine()
    resource = machine.resources.get()
    operator = make.operator_of(machine.centre)
    rate, rule = offers.rate(resource), offers.charging(resource)
    return {
        "compute_grants:rate_list": ({}, office),
        "compute_grants:rate_set": ({}, office),
        "compute_grants:rate_end": ({"pk": rate.pk}, office),
        "compute_grants:charging": ({"code": machine.code}, operator),
        "api:exchangerate-detail": ({"pk": rate.pk}, office),
        "api:exchangerate-end": ({"pk": rate.pk}, office),
        "api:chargingrule-detail": ({"pk": rule.pk}, operator),
    }

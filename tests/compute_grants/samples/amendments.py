"""Samples of requests to change grants."""

from datetime import timedelta

from django.utils import timezone

from compute_grants.actions import amendments
from tests.factories import allocations as grants
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    today = timezone.localdate()
    grant = grants.active(starts_on=today - timedelta(days=300), ends_on=today + timedelta(days=20))
    lead = grant.proposal.lead
    wish = amendments.Wish(reason="A second data set.", seconds=HOUR)
    draft = amendments.ask(grant, kind="supplement", wish=wish, by=lead)
    later = amendments.Wish(reason="Late.", ends_on=today + timedelta(days=60))
    asked = amendments.ask(grant, kind="extension", wish=later, by=lead)
    asked = amendments.submit(asked, by=lead)
    office = research_officer()
    operator = grants.operator_for(grant)
    number, own = {"number": asked.number}, {"number": draft.number}
    grant_number = {"number": grant.number}
    return {
        "compute_grants:amendment_list": ({}, lead),
        "compute_grants:amendment": (number, lead),
        "compute_grants:amendment_kinds": (grant_number, lead),
        "compute_grants:amendment_ask": (grant_number | {"kind": "renewal"}, lead),
        "compute_grants:amendment_change": (own, lead),
        "compute_grants:amendment_check": (own, lead),
        "compute_grants:amendment_withdraw": (number, lead),
        "compute_grants:amendment_take_up": (number, operator),
        "compute_grants:amendment_decide": (number, operator),
        "api:amendment-detail": (number, lead),
        "api:amendment-revise": (own, lead),
        "api:amendment-submit": (own, lead),
        "api:amendment-withdraw": (number, lead),
        "api:amendment-take-up": (number, office),
        "api:amendment-decide": (number, office),
    }

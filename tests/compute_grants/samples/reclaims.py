"""Samples of use it or lose it."""

from tests.factories import reclaims as make
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    make.idle()
    make.planned()
    make.ripe()
    told, asked = make.noticed(), make.asked()
    lead = told.allocation.proposal.lead
    number, waiting = {"number": told.number}, {"number": asked.number}
    return {
        "compute_grants:reclaim_list": ({}, office),
        "compute_grants:reclaim_dry_run": ({}, office),
        "compute_grants:reclaim_notices": ({}, office),
        "compute_grants:reclaim_apply": ({}, office),
        "compute_grants:reclaim": (number, lead),
        "compute_grants:reclaim_ask": (number, lead),
        "compute_grants:reclaim_decide": (waiting, office),
        "compute_grants:reclaim_cancel": (number, office),
        "api:reclaim-detail": (number, lead),
        "api:reclaim-ask": (number, lead),
        "api:reclaim-decide": (waiting, office),
        "api:reclaim-cancel": (number, office),
    }

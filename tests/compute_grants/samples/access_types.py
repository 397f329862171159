"""Samples of access types."""

from tests.factories import offers
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    code = {"code": offers.access_type().code}
    office = research_officer()
    return {
        "compute_grants:access_type_list": ({}, None),
        "compute_grants:access_type": (code, None),
        "compute_grants:access_type_create": ({}, office),
        "compute_grants:access_type_revise": (code, office),
        "api:accesstype-detail": (code, office),
    }

"""Samples of calls."""

from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    code = {"code": make.call_with(state="draft").code}
    running = {"code": make.call_with().code}
    return {
        "compute_grants:call_list": ({}, None),
        "compute_grants:call_create": ({}, office),
        "compute_grants:call": (running, None),
        "compute_grants:call_edit": (code, office),
        "compute_grants:call_rubric": (code, office),
        "compute_grants:call_budget": (code, office),
        "compute_grants:call_panel": (code, office),
        "compute_grants:call_publish": (code, office),
        "compute_grants:call_state": (code, office),
        "compute_grants:call_apply": (running, make.principal()),
    }

"""Samples of what the office sets about a call, and of following one."""

from tests.factories import compute_grants as make
from tests.factories import offers
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    draft = {"code": make.call_with(state="draft").code}
    running = {"code": make.call_with().code}
    offers.access_type()
    pages = {
        "compute_grants:call_rounds": (draft, office),
        "compute_grants:call_eligibility": (draft, office),
        "compute_grants:call_access": (draft, office),
        "compute_grants:call_round_add": (running, office),
        "compute_grants:call_extend": (running | {"position": 1}, office),
        "compute_grants:call_raise": (running, office),
        "compute_grants:call_follow": (running, make.principal()),
    }
    acts = ("add-round", "extend", "raise-budget", "follow", "unfollow")
    return pages | {f"api:call-{act}": (running, office) for act in acts}

"""Samples of the waitlist."""

from compute_grants.actions import panel
from tests.factories import compute_grants as make
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with(state="in_review", hours=50)
    judge = make.panellist(call)
    waiting = make.proposal_for(call, state="ranked")
    make.review_of(waiting)
    own = make.proposal_for(call, state="ranked", lead=judge)
    other = make.panellist(call)
    for proposal in (waiting, own):
        panel.waitlist(proposal, reason="Later.", by=other)
    number = {"number": waiting.number}
    return {
        "compute_grants:waitlist": ({"code": call.code}, judge),
        "compute_grants:waitlist_place": (number, waiting.lead),
        "api:waitlist-detail": (number, waiting.lead),
        "api:waitlist-set-least": (number, waiting.lead),
    }

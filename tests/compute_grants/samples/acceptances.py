"""Samples of awards that wait for their leads."""

from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with(state="in_review")
    proposal = make.proposal_for(call, state="ranked")
    first, second = (make.panellist(call) for _ in range(2))
    sets.published(first, second, sets.choice(proposal))
    at = ({"number": proposal.number}, proposal.lead)
    names = ("api:acceptance-detail", "api:acceptance-accept", "api:acceptance-decline")
    return {"compute_grants:acceptance": at} | dict.fromkeys(names, at)

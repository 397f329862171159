"""Samples of adjusted scores: two groups of reviews, one proposal of the reader's own side."""

from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer, reviewer
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with(state="in_review")
    office, strict, mild = research_officer(), reviewer(), reviewer()
    for people in ((strict, mild), (reviewer(),)):
        for values in ((2, 3, 2), (4, 4, 5)):
            proposal = make.proposal_for(call, state="peer_review")
            for person in people:
                make.review_of(proposal, values, by=person)
    make.review_of(make.proposal_for(call, state="peer_review", lead=office))
    code = ({"code": call.code}, office)
    return {
        "compute_grants:normalisation": code,
        "compute_grants:normalisation_csv": code,
        "api:normalisation-detail": code,
    }

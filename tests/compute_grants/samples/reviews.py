"""Samples of reviews."""

from compute_grants.models import Proposal
from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer, reviewer
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with()
    proposal: Proposal = make.proposal_for(call, state="peer_review")
    invited = make.AssignmentFactory.create(proposal=proposal)
    confirmed = make.AssignmentFactory.create(proposal=proposal, confirmed=True)
    technical = make.proposal_for(call, state="technical_review")
    asked = technical.requests.select_related("resource__machine__centre").get()
    return {
        "compute_grants:technical_review": (
            {"number": technical.number, "pk": asked.pk},
            make.operator_of(asked.resource.machine.centre),
        ),
        "compute_grants:assignment_list": ({"number": proposal.number}, research_officer()),
        "compute_grants:review_list": ({}, reviewer()),
        "compute_grants:review": ({"pk": confirmed.pk}, confirmed.reviewer),
        "compute_grants:review_declare": ({"pk": invited.pk}, invited.reviewer),
    }

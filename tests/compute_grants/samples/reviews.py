"""Samples of reviews."""

from compute_grants.models import Proposal
from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer, reviewer
from tests.factories.reviews import RebuttalWindowFactory
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with()
    office = research_officer()
    proposal: Proposal = make.proposal_for(call, state="peer_review")
    invited = make.AssignmentFactory.create(proposal=proposal)
    confirmed = make.AssignmentFactory.create(proposal=proposal, confirmed=True)
    reopened = make.review_of(proposal).assignment
    reopened.state = "reopened"
    reopened.save()
    answered: Proposal = make.proposal_for(call, state="peer_review")
    review = make.review_of(answered)
    window = RebuttalWindowFactory.create(proposal=answered)
    technical = make.proposal_for(call, state="technical_review")
    asked = technical.requests.select_related("resource__machine__centre").get()
    number = {"number": proposal.number}
    mine = ({"pk": confirmed.pk}, confirmed.reviewer)
    return {
        "compute_grants:technical_review": (
            {"number": technical.number, "pk": asked.pk},
            make.operator_of(asked.resource.machine.centre),
        ),
        "compute_grants:assignment_list": (number, office),
        "compute_grants:call_reviews": ({"code": call.code}, office),
        "compute_grants:assignment": ({"pk": invited.pk}, office),
        "compute_grants:rebuttal_open": (number, office),
        "compute_grants:rebuttal": ({"number": answered.number}, answered.lead),
        "compute_grants:review_list": ({}, reviewer()),
        "compute_grants:review": mine,
        "compute_grants:review_declare": ({"pk": invited.pk}, invited.reviewer),
        "compute_grants:review_decline": ({"pk": invited.pk}, invited.reviewer),
        "compute_grants:review_keep": ({"pk": reopened.pk}, reopened.reviewer),
        "compute_grants:review_revise": (
            {"pk": review.assignment.pk},
            review.assignment.reviewer,
        ),
        "api:rebuttal-detail": ({"pk": window.pk}, answered.lead),
        "api:rebuttal-reviews": ({"pk": window.pk}, answered.lead),
        "api:rebuttal-answer": ({"pk": window.pk}, answered.lead),
        "api:rebuttal-open": ({}, office),
    }

"""Samples of proposals."""

from compute_grants.models import Call
from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    call: Call = make.call_with()
    office = research_officer()
    draft = make.proposal_for(call)
    submitted = make.proposal_for(call, state="submitted")
    technical = make.proposal_for(call, state="technical_review")
    own: dict[str, str] = {"number": draft.number}
    row = own | {"pk": draft.requests.get().pk}
    handed_in = {"number": submitted.number}
    return {
        "compute_grants:proposal_list": ({}, office),
        "compute_grants:proposal": (handed_in, office),
        "compute_grants:proposal_sections": (own, draft.lead),
        "compute_grants:proposal_edit": (own | {"section": "summary"}, draft.lead),
        "compute_grants:proposal_resources": (own, draft.lead),
        "compute_grants:proposal_resource_remove": (row, draft.lead),
        "compute_grants:proposal_access": (own, draft.lead),
        "compute_grants:proposal_check": (own, draft.lead),
        "compute_grants:proposal_withdraw": (own, draft.lead),
        "compute_grants:proposal_receipt": (handed_in, submitted.lead),
        "compute_grants:proposal_receipt_pdf": (handed_in, submitted.lead),
        "compute_grants:proposal_versions": (handed_in, submitted.lead),
        "compute_grants:proposal_clone": (handed_in, submitted.lead),
        "compute_grants:proposal_return": (handed_in, office),
        "compute_grants:proposal_send_on": (handed_in, office),
        "compute_grants:proposal_infeasible": ({"number": technical.number}, office),
    }

"""Samples of letters about decisions."""

from compute_grants.models import DecisionLetter
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with(state="in_review")
    proposal = make.proposal_for(call, state="ranked")
    first, second = (make.panellist(call) for _ in range(2))
    sets.published(first, second, sets.choice(proposal))
    letter = DecisionLetter.objects.get(decision__proposal=proposal)
    number = {"number": proposal.number}
    return {
        "compute_grants:decision_letter": (number, proposal.lead),
        "compute_grants:decision_letter_pdf": (number, proposal.lead),
        "compute_grants:letter_check": ({"sha256": letter.sha256}, None),
        "api:decisionletter-detail": ({"number": letter.number}, proposal.lead),
    }

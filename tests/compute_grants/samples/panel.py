"""Samples of panel."""

from tests.factories import compute_grants as make
from tests.samples import Samples


def samples() -> Samples:
    deciding = make.call_with(state="in_review")
    judge = make.panellist(deciding)
    ranked = make.proposal_for(deciding, state="ranked")
    make.review_of(ranked)
    make.proposal_for(deciding, state="peer_review")
    make.proposal_for(deciding, state="ranked", lead=judge)
    rejected = make.proposal_for(deciding, state="rejected")
    make.decision_on(rejected)
    code = {"code": deciding.code}
    return {
        "compute_grants:board": (code, judge),
        "compute_grants:board_csv": (code, judge),
        "compute_grants:call_rank": (code, judge),
        "compute_grants:panel_conflict": ({"number": ranked.number}, judge),
        "api:proposal-declare-conflict": ({"number": ranked.number}, judge),
        "compute_grants:decision_receipt": ({"number": rejected.number}, rejected.lead),
        "api:proposal-decision": ({"number": rejected.number}, rejected.lead),
        "api:call-board": (code, judge),
        "api:call-rank": (code, judge),
    }

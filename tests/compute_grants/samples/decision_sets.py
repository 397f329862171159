"""Samples of sets of decisions."""

from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with(state="in_review")
    judge = make.panellist(call)
    first, second, third, free = (make.proposal_for(call, state="ranked") for _ in range(4))
    draft = sets.draft(judge, sets.choice(first), sets.choice(second, "rejected"))
    asked = sets.proposed(judge, sets.choice(third))
    code, number = {"code": call.code}, {"number": draft.number}
    return {
        "compute_grants:decide": ({"number": free.number}, judge),
        "compute_grants:decision_set_list": (code, judge),
        "compute_grants:decision_set_choose": (code, judge),
        "compute_grants:decision_set": ({"number": asked.number}, judge),
        "compute_grants:decision_set_propose": (number, judge),
        "compute_grants:decision_set_discard": (number, judge),
        "compute_grants:decision_set_item_remove": (number | {"proposal": first.number}, judge),
        "compute_grants:decision_set_sign": ({"number": asked.number}, judge),
        "api:proposal-decide": ({"number": free.number}, judge),
        "api:decisionset-detail": (number, judge),
        "api:decisionset-put": (number, judge),
        "api:decisionset-remove": (number, judge),
        "api:decisionset-propose": (number, judge),
        "api:decisionset-discard": (number, judge),
        "api:decisionset-sign": ({"number": asked.number}, judge),
    }

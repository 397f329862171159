"""Samples of the award optimiser's runs."""

from tests.factories import compute_grants as make
from tests.factories.awards import award_run
from tests.samples import Samples


def samples() -> Samples:
    call = make.call_with(state="in_review")
    judge = make.panellist(call)
    for hours, score in ((6_000, 5), (6_000, 4), (9_000, 2)):
        proposal = make.proposal_for(call, state="ranked", hours=hours)
        make.review_of(proposal, (score, score, score))
    own = make.proposal_for(call, state="ranked", lead=judge)
    make.review_of(own)
    done = award_run(call, by=judge)
    code, run = {"code": call.code}, {"pk": done.pk}
    return {
        "compute_grants:award_run_list": (code, judge),
        "compute_grants:award_run_create": (code, judge),
        "compute_grants:award_run_compare": (code, judge),
        "compute_grants:award_run": (run, judge),
        "compute_grants:award_run_progress": (run, judge),
        "compute_grants:award_run_stop": (run, judge),
        "compute_grants:award_run_adopt": (run, judge),
        "compute_grants:award_run_csv": (run, judge),
        "api:awardrun-detail": (run, judge),
        "api:awardrun-result": (run, judge),
        "api:awardrun-compare": (run, judge),
        "api:awardrun-adopt": (run, judge),
        "api:awardrun-stop": (run, judge),
    }

"""Samples of plans of reviewers."""

from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer, reviewer
from tests.factories.matching import ExpertiseFactory, PairFactory, PlanFactory
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    pair = PairFactory.create(plan__asked_by=office)
    plan, proposal = pair.plan, pair.proposal
    lonely = make.proposal_for(plan.call, state="peer_review")
    plan.short = [
        {"proposal": lonely.pk, "missing": 2, "fit": 1, "houses": 1, "cause": "fit"},
    ]
    plan.save()
    spare = ExpertiseFactory.create(person=reviewer()).person
    live = PlanFactory.create(call=plan.call, asked_by=office)
    done = ({"pk": plan.pk}, office)
    return {
        "compute_grants:matching": ({"code": plan.call.code}, office),
        "compute_grants:reviewer_pool": ({"code": plan.call.code}, office),
        "compute_grants:assignment_plan": done,
        "compute_grants:plan_csv": done,
        "compute_grants:plan_apply": done,
        "compute_grants:plan_again": done,
        "compute_grants:plan_proposal": ({"pk": plan.pk, "number": proposal.number}, office),
        "compute_grants:plan_stop": ({"pk": live.pk}, office),
        "api:plan-detail": done,
        "api:plan-pairs": done,
        "api:plan-stop": ({"pk": live.pk}, office),
        **{f"api:plan-{act}": done for act in ("add", "remove", "swap", "lock", "apply")},
        "api:plan-preview": ({}, office),
        "api:expertise-detail": ({"person": spare.pk}, spare),
    }

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import panel
from compute_grants.models import Allocation, AwardLine, PanelDecision, Proposal, TechnicalReview
from consortium.actions import ledger
from consortium.errors import Invalid, WrongState
from consortium.models import AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    InstitutionFactory,
    deployment_officer,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
)

HOUR = make.HOUR
START = date(2027, 1, 1)
DATES = {"starts_on": START, "ends_on": START + timedelta(days=180)}
OUTSIDERS = [member, principal, operator, research_officer, deployment_officer, make.panellist]


@pytest.fixture
def ranked(call) -> Proposal:
    return make.proposal_for(call, state="ranked", hours=600)


def award(proposal, by, hours=400, **changes) -> PanelDecision:
    seconds = {request.pk: hours * HOUR for request in proposal.requests.all()}
    return panel.award(
        proposal, **{"seconds": seconds, "reason": "Excellent.", "by": by} | DATES | changes
    )


def budget_left(call) -> int:
    return ledger.balance(call.budgets.get().account).available


def events(prefix: str = "") -> list[str]:
    found = AuditEvent.objects.filter(action__startswith=prefix).order_by("pk")
    return list(found.values_list("action", flat=True))


# Ranking


def test_rank_what_has_all_its_reviews(call, judge):
    ready = make.proposal_for(call, state="peer_review")
    short = make.proposal_for(call, state="peer_review")
    waiting = make.proposal_for(call, state="peer_review")
    for proposal, count in ((ready, 2), (short, 1), (waiting, 2)):
        for _ in range(count):
            make.review_of(proposal)
    make.AssignmentFactory.create(proposal=waiting, confirmed=True)
    make.AssignmentFactory.create(proposal=ready, declined=True)
    assert panel.rank(call, by=judge) == 1
    states = [Proposal.objects.get(pk=p.pk).state for p in (ready, short, waiting)]
    assert states == ["ranked", "peer_review", "peer_review"]
    with pytest.raises(panel.NothingToRank):
        panel.rank(call, by=judge)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_only_the_calls_panel_ranks(call, who):
    with pytest.raises(PermissionDenied, match="panel of this call"):
        panel.rank(call, by=who())


@pytest.mark.parametrize("state", ["published", "open", "decided", "closed"])
def test_only_while_in_review(db, state):
    call = make.call_with(state=state)
    with pytest.raises(panel.NotYetDeciding):
        panel.rank(call, by=make.panellist(call))


def test_a_rolling_call_ranks_while_open(db):
    call = make.call_with(state="open", rolling=True)
    proposal = make.proposal_for(call, state="peer_review")
    for _ in range(2):
        make.review_of(proposal)
    assert panel.rank(call, by=make.panellist(call)) == 1


# Awarding


def test_award_moves_the_time_and_says_who_did_it(ranked, judge, call):
    decision = award(ranked, judge)
    ranked.refresh_from_db()
    allocation = Allocation.objects.get()
    assert ranked.state == "awarded"
    assert (allocation.seconds, allocation.proposal) == (400 * HOUR, ranked)
    assert AwardLine.objects.get().seconds == 400 * HOUR
    assert budget_left(call) == 600 * HOUR
    assert ledger.balance(allocation.account).available == 400 * HOUR
    event = AuditEvent.objects.get(action="proposal.awarded")
    assert (event.actor_id, event.detail) == (judge.pk, {"decision": decision.pk})


def test_twice_is_refused(ranked, judge, call):
    award(ranked, judge)
    with pytest.raises(WrongState):
        award(ranked, judge)
    assert budget_left(call) == 600 * HOUR


def test_never_above_the_budget(call, judge):
    first, second = (make.proposal_for(call, state="ranked", hours=600) for _ in range(2))
    award(first, judge, hours=600)
    with pytest.raises(panel.NotEnoughBudget, match="has 400 hours left"):
        award(second, judge, hours=401)
    second.refresh_from_db()
    assert second.state == "ranked"
    assert PanelDecision.objects.count() == Allocation.objects.count() == 1
    award(second, judge, hours=400)
    assert budget_left(call) == 0


def test_all_or_nothing_over_several_machines(db):
    plenty, scarce = make.machine().resources.get(), make.machine().resources.get()
    call = make.CallFactory.create(in_review=True)
    make.funded(call, plenty, 1_000)
    make.funded(call, scarce, 10)
    proposal = make.proposal_for(call, state="ranked", hours=50)
    with pytest.raises(panel.NotEnoughBudget):
        award(proposal, make.panellist(call), hours=50)
    assert not Allocation.objects.exists()
    left = {b.resource_id: ledger.balance(b.account).available for b in call.budgets.all()}
    assert left == {plenty.pk: 1_000 * HOUR, scarce.pk: 10 * HOUR}


def test_not_above_what_was_asked(ranked, judge):
    with pytest.raises(panel.AboveCap, match="at most 600 hours"):
        award(ranked, judge, hours=601)


def test_not_above_what_the_centre_found_feasible(ranked, judge):
    TechnicalReview.objects.update(verdict="partly", cap_seconds=100 * HOUR)
    with pytest.raises(panel.AboveCap, match="at most 100 hours"):
        award(ranked, judge, hours=101)
    assert award(ranked, judge, hours=100).pk


def test_nothing_of_what_is_infeasible(ranked, judge):
    TechnicalReview.objects.update(verdict="infeasible")
    with pytest.raises(panel.AboveCap, match="at most 0 hours"):
        award(ranked, judge, hours=1)


@pytest.mark.parametrize("seconds", [{}, {0: 5}])
def test_an_award_gives_something_that_was_asked(ranked, judge, seconds):
    with pytest.raises(Invalid, match="at least one"):
        award(ranked, judge, seconds=seconds)


def test_an_award_ends_after_it_starts(ranked, judge):
    with pytest.raises(Invalid) as caught:
        award(ranked, judge, ends_on=START)
    assert "ends_on" in caught.value.errors


ACTS = {
    "award": award,
    "reject": lambda p, by: panel.reject(p, reason="No.", by=by),
    "waitlist": lambda p, by: panel.waitlist(p, reason="Later.", by=by),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", OUTSIDERS)
def test_only_the_calls_panel_decides(ranked, act, who):
    with pytest.raises(PermissionDenied, match="panel of this call"):
        ACTS[act](ranked, who())
    assert not events()


@pytest.mark.parametrize("act", ACTS)
def test_nobody_decides_on_their_own_proposal(call, act):
    lead = make.panellist(call)
    own = make.proposal_for(call, state="ranked", lead=lead)
    with pytest.raises(PermissionDenied, match="your own"):
        ACTS[act](own, lead)


@pytest.mark.parametrize("act", ACTS)
def test_nobody_decides_for_their_own_house(ranked, act):
    colleague = reviewer(ranked.institution, panellist=True)
    ranked.call.panel.add(colleague)
    with pytest.raises(PermissionDenied, match="so you stay out"):
        ACTS[act](ranked, colleague)


@pytest.mark.parametrize("act", ACTS)
def test_nor_for_a_related_one(call, act):
    house, sister = InstitutionFactory.create_batch(2, related_group="north")
    proposal = make.proposal_for(call, state="ranked", institution=house)
    judge = reviewer(sister, panellist=True)
    call.panel.add(judge)
    with pytest.raises(PermissionDenied, match="so you stay out"):
        ACTS[act](proposal, judge)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", ["submitted", "technical_review", "peer_review", "withdrawn"])
def test_only_what_is_ranked(call, judge, act, state):
    proposal = make.proposal_for(call, state=state, feasible=True)
    with pytest.raises(WrongState):
        ACTS[act](proposal, judge)


def test_the_waitlist_moves_even_after_the_call_is_decided(call, judge, ranked):
    panel.waitlist(ranked, reason="If time comes back.", by=judge)
    call.state = "decided"
    call.save()
    award(ranked, judge)
    assert events("proposal") == ["proposal.waitlisted", "proposal.awarded"]
    assert [d.outcome for d in ranked.decisions.all()] == ["awarded", "waitlisted"]


def test_the_last_of_the_waitlist_are_rejected(judge, ranked):
    panel.waitlist(ranked, reason="Later.", by=judge)
    panel.reject(ranked, reason="No time came back.", by=judge)
    ranked.refresh_from_db()
    assert ranked.state == "rejected"


def test_the_office_turns_down_what_no_centre_can_run(call):
    proposal = make.proposal_for(call, state="technical_review", feasible=True)
    office = research_officer()
    with pytest.raises(panel.StillFeasible):
        panel.reject_infeasible(proposal, reason="No.", by=office)
    TechnicalReview.objects.update(verdict="infeasible")
    with pytest.raises(PermissionDenied):
        panel.reject_infeasible(proposal, reason="No.", by=make.panellist(call))
    assert panel.reject_infeasible(proposal, reason="No.", by=office).outcome == "rejected"


def test_lead_and_team_are_told_why_nothing_can_run(call):
    proposal = make.proposal_for(call, state="technical_review", feasible=True)
    joined, asked, office = member(), member(), research_officer()
    for person, state in ((joined, "confirmed"), (asked, "invited")):
        proposal.team.create(
            user=person,
            email=person.email,
            state=state,
            invited_by=proposal.lead,
            answered_at=timezone.now() if state == "confirmed" else None,
        )
    TechnicalReview.objects.update(verdict="infeasible")
    decision = panel.reject_infeasible(proposal, reason="It needs more memory.", by=office)
    told = Notification.objects.filter(code="proposal.rejected_infeasible")
    assert set(told.values_list("person", flat=True)) == {proposal.lead_id, joined.pk}
    content = decision.letter.content
    assert (content["office"], content["reason"]) == (True, "It needs more memory.")
    assert [row["name_en"] for row in content["signed"]] == [office.name_en]

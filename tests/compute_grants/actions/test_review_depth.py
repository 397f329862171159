"""How deeply a proposal is reviewed: as its access type says."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from compute_grants.actions import decision_sets, panel, rebuttals, reviews, technical
from compute_grants.actions.decision_sets import Choice
from compute_grants.actions.rebuttals import ReviewsMissing
from compute_grants.forms.decision_sets import BulkForm
from compute_grants.queries.award_runs import unreviewed
from compute_grants.queries.decision_sets import candidates
from compute_grants.queries.matching import Wish, situation
from compute_grants.queries.panel import board
from compute_grants.queries.tasks.reviews import to_assign
from consortium.errors import Invalid
from consortium.models import ArmAppointment, AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories.consortium import SINCE, research_officer, reviewer
from tests.factories.offers import access_type

HOUR = make.HOUR


def proposal_of(call, depth, state="technical_review", **fields):
    fields.setdefault("reviewers", 0 if depth == "technical" else 1)
    return make.proposal_for(
        call, state=state, hours=100, access_type=access_type(depth=depth, **fields)
    )


def judged(proposal):
    asked = proposal.requests.select_related("resource__machine__centre").get()
    by = make.operator_of(asked.resource.machine.centre)
    technical.judge_feasibility(asked, verdict="feasible", reason="It runs.", by=by)
    proposal.refresh_from_db()
    return proposal


def due():
    return timezone.now() + timedelta(days=10)


def office_reviewer():
    person = reviewer()
    ArmAppointment.objects.create(user=person, office="research", since=SINCE)
    return person


@pytest.mark.parametrize(
    ("depth", "state", "event"),
    [
        ("peer", "peer_review", "proposal.in_peer_review"),
        ("internal", "peer_review", "proposal.in_internal_review"),
        ("technical", "ranked", "proposal.ranked_unreviewed"),
    ],
)
def test_after_the_centres_it_goes_where_its_access_type_says(call, depth, state, event):
    proposal = judged(proposal_of(call, depth))
    assert proposal.state == state
    assert AuditEvent.objects.filter(action=event).exists()
    assert Notification.objects.filter(person=proposal.lead, code=event).exists()


def test_the_panel_decides_on_what_nobody_reviews(call):
    proposal = judged(proposal_of(call, "technical"))
    decision = panel.reject(proposal, reason="No time is left.", by=make.panellist(call))
    assert decision.outcome == "rejected"


def test_without_an_access_type_the_call_says_how_many(call):
    proposal = make.proposal_for(call, state="peer_review")
    assert proposal.reviewers_needed == call.reviewers_per_proposal
    assert type(proposal).objects.with_needed().get().needed == call.reviewers_per_proposal


@pytest.mark.parametrize("depth", ["peer", "internal", "technical"])
def test_the_database_counts_as_the_object_does(call, depth):
    proposal = proposal_of(call, depth, reviewers=0 if depth == "technical" else 3)
    assert type(proposal).objects.with_needed().get().needed == proposal.reviewers_needed


def reviewed(proposal, person):
    made = reviews.assign(proposal, reviewer=person, due_at=due(), by=research_officer())
    made.state, made.declared_at = "submitted", timezone.now()
    made.save()


def test_ranked_once_as_many_reviews_are_in_as_its_access_type_asks(call):
    one = proposal_of(call, "peer", state="peer_review", reviewers=1)
    two = proposal_of(call, "peer", state="peer_review", reviewers=2)
    for proposal in (one, two):
        reviewed(proposal, reviewer())
    assert panel.rank(call, by=make.panellist(call)) == 1
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("ranked", "peer_review")


def test_rebuttal_waits_for_as_many_as_its_access_type_asks(call):
    office = research_officer()
    two = proposal_of(call, "peer", state="peer_review", reviewers=2)
    reviewed(two, reviewer())
    with pytest.raises(ReviewsMissing):
        rebuttals.open_window(two, until=due(), by=office)
    reviewed(two, reviewer())
    assert rebuttals.open_window(two, until=due(), by=office)


def test_the_office_is_asked_for_reviewers_until_there_are_as_many(call):
    office = research_officer()
    one = proposal_of(call, "peer", state="peer_review", reviewers=1)
    three = proposal_of(call, "peer", state="peer_review", reviewers=3)
    for proposal in (one, three):
        reviews.assign(proposal, reviewer=reviewer(), due_at=due(), by=office)
    numbers = {row["number"] for part in to_assign(office) for row in part.rows.values("number")}
    assert numbers == {three.number}


def test_a_plan_gives_each_its_own_number(call):
    call_says = make.proposal_for(call, state="peer_review")
    own = proposal_of(call, "peer", state="peer_review", reviewers=3)
    found = situation(call, Wish(per_proposal=2, most=5))
    wanted = dict(zip([p.pk for p in found.proposals], found.problem.wanted, strict=True))
    assert (wanted[call_says.pk], wanted[own.pk]) == (2, 3)


def test_internal_review_is_by_the_office_alone(call):
    proposal = proposal_of(call, "internal", state="peer_review")
    by = research_officer()
    outside, inside = reviewer(), office_reviewer()
    with pytest.raises(reviews.Conflict, match="R&D office"):
        reviews.assign(proposal, reviewer=outside, due_at=due(), by=by)
    assert reviews.assign(proposal, reviewer=inside, due_at=due(), by=by).pk


def test_a_plan_leaves_internal_review_to_the_office(call):
    outside, inside = reviewer(), office_reviewer()
    proposal_of(call, "internal", state="peer_review")
    found = situation(call, Wish(per_proposal=2, most=5))
    closed = dict(zip([p.pk for p in found.people], found.problem.forbidden[0], strict=True))
    assert (closed[outside.pk], closed[inside.pk]) == (True, False)


def test_the_board_gives_no_rank_to_what_nobody_reviews(call):
    unread = proposal_of(call, "technical", state="ranked")
    waits = proposal_of(call, "peer", state="peer_review")
    rows = board(call, make.panellist(call))
    assert [row.number for row in rows] == [waits.number, unread.number]
    assert (rows[-1].rank, rows[-1].standing.mean, rows[-1].is_reviewed) == (None, None, False)


def test_runs_name_what_they_cannot_weigh(call):
    proposal = proposal_of(call, "technical", state="ranked")
    proposal_of(call, "peer", state="ranked")
    assert unreviewed(call, make.panellist(call)) == [proposal]


# For how long time is given

START = date(2027, 1, 1)


def award(proposal, ends_on, by):
    seconds = {request.pk: HOUR for request in proposal.requests.all()}
    terms = {"starts_on": START, "ends_on": ends_on, "reason": "Good.", "by": by}
    return panel.award(proposal, seconds=seconds, **terms)


def test_no_award_is_longer_than_its_access_type_gives(call):
    judge = make.panellist(call)
    proposal = proposal_of(call, "technical", state="ranked", months=3)
    with pytest.raises(Invalid) as caught:
        award(proposal, date(2027, 4, 1), judge)
    assert "ends_on" in caught.value.errors
    assert award(proposal, date(2027, 3, 31), judge).ends_on == date(2027, 3, 31)


def test_nothing_longer_is_put_into_a_set(call):
    judge = make.panellist(call)
    proposal = proposal_of(call, "technical", state="ranked", months=3)
    choice = Choice(
        proposal,
        "awarded",
        seconds={request.pk: HOUR for request in proposal.requests.all()},
        starts_on=START,
        ends_on=date(2027, 4, 1),
        reason="Good.",
    )
    with pytest.raises(Invalid):
        decision_sets.prepare(call, choices=[choice], by=judge)
    shorter = replace(choice, ends_on=date(2027, 3, 31))
    assert decision_sets.prepare(call, choices=[shorter], by=judge).items.count() == 1


def test_many_at_once_each_end_with_their_access_type(call):
    short = proposal_of(call, "technical", state="ranked", months=3)
    free = make.proposal_for(call, state="ranked", hours=100)
    judge = make.panellist(call)
    data = {
        "proposals": [short.number, free.number],
        "outcome": "awarded",
        "percent": 100,
        "starts_on": "2027-01-01",
        "ends_on": "2027-12-31",
        "reason": "Good.",
    }
    form = BulkForm(data, offered=candidates(call, judge))
    assert form.is_valid(), form.errors
    ends = {choice.proposal.number: choice.ends_on for choice in form.choices()}
    assert ends == {short.number: date(2027, 3, 31), free.number: date(2027, 12, 31)}

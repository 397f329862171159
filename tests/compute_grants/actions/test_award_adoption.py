"""A run becomes a draft of decisions; people sign it, and say why where they depart from it."""

from dataclasses import replace
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from compute_grants.actions import decision_sets
from compute_grants.actions.award_adoption import AdoptedAlready, NothingToAdopt, Terms, adopt
from compute_grants.actions.panel import NotEnoughBudget
from compute_grants.models import Allocation, AwardRun, DecisionSet, Proposal
from consortium.errors import Invalid
from consortium.models import AuditEvent
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.awards import award_run
from tests.factories.consortium import research_officer

HOUR = make.HOUR
TERMS = Terms(
    date(2027, 1, 1), date(2027, 12, 31), "Among the best.", "Above the time.", "rejected"
)


@pytest.fixture
def call(db):
    return make.call_with(hours=1_000, state="in_review")


@pytest.fixture
def judge(call):
    return make.panellist(call)


def ranked(call, score=4, hours=600, **fields):
    proposal = make.proposal_for(call, state="ranked", hours=hours, **fields)
    make.review_of(proposal, (score,) * 3)
    return proposal


@pytest.fixture
def pair(call):
    return ranked(call, 5, hours=900), ranked(call, 3, hours=800)


@pytest.fixture
def run(call, judge, pair):
    return award_run(call, by=judge, min_share_percent=100)


def outcomes(found):
    return [(item.proposal_id, item.outcome, item.reason) for item in found.items.all()]


def test_a_run_becomes_a_draft(run, judge, pair):
    found = adopt(run, terms=TERMS, by=judge)
    assert (found.state, found.run_pk) == ("draft", run.pk)
    assert outcomes(found) == [
        (pair[0].pk, "awarded", "Among the best."),
        (pair[1].pk, "rejected", "Above the time."),
    ]
    assert found.items.first().lines.get().seconds == 900 * HOUR
    assert AuditEvent.objects.filter(action="award_run.adopted").count() == 1


def test_published_it_awards_what_the_run_gave(call, run, judge, pair):
    found = decision_sets.propose(adopt(run, terms=TERMS, by=judge), by=judge)
    for person in (judge, make.panellist(call)):
        sets.sign(DecisionSet.objects.get(), person)
    assert Allocation.objects.get().proposal == pair[0]
    assert Proposal.objects.get(pk=pair[1].pk).state == "rejected"
    assert DecisionSet.objects.get(pk=found.pk).state == "published"


def test_departing_from_it_needs_a_reason(run, judge, pair):
    found = adopt(run, terms=TERMS, by=judge)
    other = sets.choice(pair[0], hours=500)
    with pytest.raises(Invalid):
        decision_sets.put(found, choices=[other], by=judge)
    decision_sets.put(found, choices=[replace(other, override_reason="A pilot first.")], by=judge)


def test_declines_may_be_left_or_waitlisted(run, judge, pair):
    found = adopt(run, terms=replace(TERMS, declined=""), by=judge)
    assert [row[0] for row in outcomes(found)] == [pair[0].pk]
    decision_sets.discard(found, reason="Again.", by=judge)
    found = adopt(run, terms=replace(TERMS, declined="waitlisted"), by=judge)
    assert outcomes(found)[1][:2] == (pair[1].pk, "waitlisted")


def test_once(run, judge):
    adopt(run, terms=TERMS, by=judge)
    with pytest.raises(AdoptedAlready):
        adopt(run, terms=TERMS, by=judge)


def test_only_the_panel(run):
    with pytest.raises(PermissionDenied):
        adopt(run, terms=TERMS, by=research_officer())


def test_the_own_side_is_left_out(call, judge, pair):
    own = ranked(call, 4, hours=50, lead=judge)
    run = award_run(call, by=make.panellist(call), min_share_percent=100)
    found = adopt(run, terms=TERMS, by=judge)
    assert own.pk not in {row[0] for row in outcomes(found)}


def test_what_was_decided_since_is_left_out(run, judge, pair):
    Proposal.objects.filter(pk=pair[0].pk).update(state="withdrawn")
    assert [row[0] for row in outcomes(adopt(run, terms=TERMS, by=judge))] == [pair[1].pk]


def test_nothing_left(run, judge):
    Proposal.objects.update(state="withdrawn")
    with pytest.raises(NothingToAdopt):
        adopt(run, terms=TERMS, by=judge)


def test_a_run_without_a_result(run, judge):
    AwardRun.objects.update(state="stopped", result=None)
    run.refresh_from_db()
    with pytest.raises(NothingToAdopt):
        adopt(run, terms=TERMS, by=judge)


def test_a_what_if_beyond_the_budget(call, judge, pair):
    resource = str(call.budgets.get().resource_id)
    run = award_run(call, by=judge, budgets={resource: 2_000 * HOUR})
    with pytest.raises(NotEnoughBudget, match="1,000 left"):
        adopt(run, terms=TERMS, by=judge)
    assert not DecisionSet.objects.exists()


def test_page_and_api(run, judge, client, pair):
    client.force_login(judge)
    address = reverse("compute_grants:award_run_adopt", args=[run.pk])
    assert pair[0].number in client.get(address).content.decode()
    assert client.post(address, {"starts_on": "2027-01-01"}).status_code == 422
    sent = {
        "starts_on": "2027-01-01",
        "ends_on": "2027-12-31",
        "award_reason": "Good.",
        "declined": "rejected",
    }
    assert client.post(address, sent).status_code == 422  # without a reason for declines
    api = f"/api/v1/award-runs/{run.pk}/adopt/"
    body = sent | {"decline_reason": "Below."}
    answer = client.post(api, body, content_type="application/json")
    assert answer.status_code == 201 and answer.json()["set"] == DecisionSet.objects.get().number
    answer = client.post(address, body)
    assert answer.status_code == 409

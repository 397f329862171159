"""Pages of a panel's decisions: one, several, the set, the signature."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compute_grants.models import Allocation, DecisionItem, DecisionSet, PanelDecision, Proposal
from compute_grants.queries.decision_content import sha256_of
from compute_grants.queries.tasks import tasks_for
from consortium.models import User
from tests.compute_grants.proving import prove, with_password
from tests.compute_grants.views.person import HOUR, Person, text
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import member, operator, research_officer


@pytest.fixture
def call(db):
    return make.call_with(state="in_review", hours=1_000)


@pytest.fixture
def judge(call):
    return Person(make.panellist(call))


@pytest.fixture
def ranked(call) -> Proposal:
    proposal = make.proposal_for(call, state="ranked")
    make.review_of(proposal)
    return proposal


def award_fields(proposal, hours=80, **changes):
    return {
        "outcome": "awarded",
        f"hours_{proposal.requests.get().pk}": hours,
        "starts_on": "2027-01-01",
        "ends_on": "2027-12-31",
        "reason": "Excellent.",
    } | changes


def test_a_decision_goes_into_a_set_and_is_not_made_yet(ranked, judge):
    sent = judge.send("decide", ranked.number, **award_fields(ranked))
    found = DecisionSet.objects.get()
    assert sent.url == found.get_absolute_url()
    assert not PanelDecision.objects.exists()
    page = text(judge.get("decision_set", found.number))
    assert "80" in page and "920" in page and "Excellent." in page
    again = text(judge.get("decide", ranked.number))
    assert found.number in again and 'value="80"' in again
    judge.send("decide", ranked.number, outcome="rejected", reason="Weaker than we thought.")
    assert DecisionItem.objects.get().outcome == "rejected"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"hours": 101}, 409, "at most 100 hours"),
        ({"ends_on": "2026-12-31"}, 422, "end after it starts"),
        ({"ends_on": ""}, 422, "a first and a last day"),
        ({"hours": ""}, 422, "at least one"),
    ],
)
def test_an_award_that_cannot_be(ranked, judge, changes, status, words):
    response = judge.send("decide", ranked.number, **award_fields(ranked, **changes))
    assert response.status_code == status
    assert words in text(response) and "Excellent." in text(response)
    assert not DecisionSet.objects.exists()


def test_signing_takes_proof_the_text_and_two_people(ranked, judge, call):
    found = sets.proposed(judge.user, sets.choice(ranked, hours=80))
    second = Person(with_password(make.panellist(call)))
    assert "/accounts/" in second.get("decision_set_sign", found.number).url
    for person in (judge, second):
        prove(person.client, person.user)
    page = text(judge.get("decision_set_sign", found.number))
    assert sha256_of(found) in page and "first signature" in page
    unread = judge.send("decision_set_sign", found.number, content_sha256=sha256_of(found))
    assert unread.status_code == 422
    stale = judge.send("decision_set_sign", found.number, content_sha256="0" * 64, read="on")
    assert stale.status_code == 409 and "changed since you read it" in text(stale)
    fields = {"content_sha256": sha256_of(found), "read": "on"}
    assert judge.send("decision_set_sign", found.number, **fields).status_code == 302
    assert judge.send("decision_set_sign", found.number, **fields).status_code == 409
    assert "publishes every decision below" in text(second.get("decision_set_sign", found.number))
    second.send("decision_set_sign", found.number, **fields)
    assert Allocation.objects.get().seconds == 80 * HOUR
    receipt = text(judge.get("decision_set", found.number))
    assert "Signed by two" in receipt and second.user.name in receipt
    lead = text(Person(ranked.lead).get("decision_receipt", ranked.number))
    assert "Sound." in lead and judge.user.name not in lead and second.user.name not in lead
    notices = Person(ranked.lead).client.get(reverse("consortium:notice_list"))
    assert f"awarded time to {ranked.number}" in text(notices)


def test_several_at_once_are_listed_before_they_become_a_draft(call, judge):
    first, second, third = (make.proposal_for(call, state="ranked") for _ in range(3))
    page = text(judge.get("decision_set_choose", call.code))
    assert all(p.number in page for p in (first, second, third))
    fields = {
        "proposals": [first.number, third.number],
        "outcome": "awarded",
        "percent": 55,
        "starts_on": "2027-01-01",
        "ends_on": "2027-06-30",
        "reason": "Above the line.",
    }
    none = judge.send("decision_set_choose", call.code, **fields | {"proposals": []})
    assert none.status_code == 422 and "Tick at least one" in text(none)
    check = text(judge.send("decision_set_choose", call.code, **fields))
    assert first.number in check and third.number in check and second.number not in check
    assert "55" in check and not DecisionSet.objects.exists()
    kept = text(judge.send("decision_set_choose", call.code, **fields, change="1"))
    assert kept.count(" checked") >= 2
    made = judge.send("decision_set_choose", call.code, **fields, confirmed="1")
    found = DecisionSet.objects.get()
    assert made.url == found.get_absolute_url()
    assert {line.seconds for item in found.items.all() for line in item.lines.all()} == {55 * HOUR}
    left = text(judge.get("decision_set_choose", call.code))
    assert second.number in left and first.number not in left


def test_propose_take_out_and_discard(call, judge, ranked):
    other = make.proposal_for(call, state="ranked")
    found = sets.draft(judge.user, sets.choice(ranked), sets.choice(other, "rejected"))
    judge.send("decision_set_item_remove", found.number, other.number)
    judge.send("decision_set_propose", found.number)
    found.refresh_from_db()
    assert (found.state, found.items.count()) == ("proposed", 1)
    assert judge.send("decision_set_propose", found.number).status_code == 409
    assert judge.send("decision_set_discard", found.number, reason="").status_code == 422
    judge.send("decision_set_discard", found.number, reason="Start again.")
    assert "Start again." in text(judge.get("decision_set", found.number))
    listed = text(judge.get("decision_set_list", call.code))
    assert found.number in listed and "discarded" in listed


def test_what_is_ones_own_is_masked_sums_included(call, judge, ranked):
    own = make.proposal_for(call, state="ranked", lead=make.panellist(call), title_en="My own one")
    found = sets.draft(judge.user, sets.choice(ranked, hours=33), sets.choice(own, hours=44))
    page = text(Person(own.lead).get("decision_set", found.number))
    assert own.number in page and "My own one" not in page
    assert "33.0 card-hours" in page and "44.0 card-hours" not in page
    assert ">923.0<" not in page and "outcome:" not in page
    assert ">923.0<" in text(judge.get("decision_set", found.number))


def test_who_sees_a_set(call, judge, ranked):
    found = sets.draft(judge.user, sets.choice(ranked))
    for who, status in (
        (ranked.lead, 404),
        (member(), 404),
        (operator(), 404),
        (make.panellist(make.call_with(state="in_review")), 404),
        (research_officer(), 200),
    ):
        assert Person(who).get("decision_set", found.number).status_code == status
    office = Person(research_officer())
    assert office.get("decision_set_list", call.code).status_code == 200
    assert office.send("decision_set_propose", found.number).status_code == 403


def test_the_dashboard_asks_for_the_signature(call, judge, ranked):
    second = make.panellist(call)
    found = sets.proposed(judge.user, sets.choice(ranked))
    for person in (judge.user, second):
        (task,) = tasks_for(person)
        assert (task.verb, task.tone, found.number in task.title) == ("Sign", "seal", True)
    sets.sign(found, judge.user)
    assert tasks_for(judge.user) == []
    own = make.proposal_for(call, state="ranked", lead=second)
    sets.proposed(judge.user, sets.choice(own))
    assert [task.title[:12] for task in tasks_for(User.objects.get(pk=second.pk))] == [found.number]


def test_pages_cost_the_same_however_long(call, judge):
    first = make.proposal_for(call, state="ranked")
    found = sets.draft(judge.user, sets.choice(first, hours=1))
    pages = {
        "decision_set": (found.number, 17),
        "decision_set_list": (call.code, 12),
        "decision_set_choose": (call.code, 16),
    }
    counts: dict[str, list[int]] = {page: [] for page in pages}
    for _ in range(3):
        for fresh in ([make.proposal_for(call, state="ranked") for _ in range(2)],):
            make.review_of(fresh[1])
            found.refresh_from_db()
            sets.draft(judge.user, sets.choice(make.proposal_for(call, state="ranked"), hours=1))
            sets.actions.put(found, choices=[sets.choice(fresh[0], hours=1)], by=judge.user)
        for page, (argument, _most) in pages.items():
            with CaptureQueriesContext(connection) as queries:
                assert judge.get(page, argument).status_code == 200
            counts[page].append(len(queries))
    for page, (_argument, most) in pages.items():
        assert counts[page][1] == counts[page][2] <= most, counts

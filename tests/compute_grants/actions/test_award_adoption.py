"""A run becomes a draft of decisions; people sign it, and say why where they depart from it."""

from dataclasses import replace
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from compute_grants.actions import decision_sets
from compute_grants.actions.award_adoption import AdoptedAlready, NothingToAdopt, Terms, adopt
from compute_grants.actions.panel import NotEnoughBudget
from compute_grants.models import (
    Allocation,
    AwardRun,
    DecisionItem,
    DecisionLetter,
    DecisionSet,
    Proposal,
)
from compute_grants.queries.award_letters import sha256_of
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


# Departing from it by another way


@pytest.mark.parametrize("where", ["same", "another"])
def test_taken_out_and_put_in_by_hand_is_still_a_departure(run, judge, pair, where):
    found = adopt(run, terms=TERMS, by=judge)
    for proposal in pair:
        decision_sets.remove(found, proposal=proposal, by=judge)

    def put(choice):
        if where == "same":
            return decision_sets.put(found, choices=[choice], by=judge)
        return decision_sets.prepare(found.call, choices=[choice], by=judge)

    for choice in (
        sets.choice(pair[0], hours=500),
        sets.choice(pair[0], "rejected"),
        sets.choice(pair[1], hours=100),
    ):
        with pytest.raises(Invalid, match="departs from the award run") as caught:
            put(choice)
        assert list(caught.value.errors) == ["override_reason"]
    put(sets.choice(pair[0], hours=900))
    put(sets.choice(pair[1], "waitlisted"))  # the run says no more than that it gets no time
    over = sets.choice(pair[1], hours=100, override_reason="A pilot.")
    decision_sets.put(DecisionItem.objects.get(proposal=pair[1]).set, choices=[over], by=judge)
    assert DecisionItem.objects.get(proposal=pair[1]).override_reason == "A pilot."


def test_one_decision_and_many_at_once_ask_for_the_reason_too(run, judge, pair, client):
    found = adopt(run, terms=TERMS, by=judge)
    decision_sets.remove(found, proposal=pair[1], by=judge)
    client.force_login(judge)
    sent = {"outcome": "awarded", "reason": "x", "starts_on": "2027-01-01", "ends_on": "2027-06-01"}
    one = reverse("compute_grants:decide", args=[pair[1].number])
    hours = {f"hours_{pair[1].requests.get().pk}": "100"}
    answer = client.post(one, sent | hours)
    assert answer.status_code == 422 and "departs from the award run" in answer.content.decode()
    many = reverse("compute_grants:decision_set_choose", args=[found.call.code])
    ticked = sent | {"proposals": [pair[1].number], "percent": "50", "confirmed": "1"}
    assert client.post(many, ticked).status_code == 422
    assert client.post(many, ticked | {"override_reason": "A pilot."}).status_code == 302
    assert DecisionItem.objects.get(proposal=pair[1]).override_reason == "A pilot."


def test_a_discarded_run_binds_nobody(run, judge, pair):
    decision_sets.discard(adopt(run, terms=TERMS, by=judge), reason="Anew.", by=judge)
    sets.draft(judge, sets.choice(pair[0], hours=500))
    assert DecisionItem.objects.get(is_open=True).adopted == {}


def test_what_was_left_out_of_adoption_is_the_runs_too(call, judge, pair):
    """Of the adopter's own side: a colleague decides on it, and says why against the run."""
    own = ranked(call, 5, hours=50, lead=judge)
    colleague = make.panellist(call)
    run = award_run(call, by=colleague, min_share_percent=100)
    adopt(run, terms=TERMS, by=judge)
    with pytest.raises(Invalid, match="departs"):
        sets.draft(colleague, sets.choice(own, "rejected"))
    sets.draft(colleague, sets.choice(own, hours=50))


def test_time_from_the_waitlist_is_no_departure(call, run, judge, pair):
    """It was declined and waitlisted; when time comes back, that is what the list is for."""
    decision_sets.propose(
        adopt(run, terms=replace(TERMS, declined="waitlisted"), by=judge), by=judge
    )
    for person in (judge, make.panellist(call)):
        sets.sign(DecisionSet.objects.get(), person)
    sets.draft(judge, sets.choice(pair[1], hours=100))
    assert DecisionItem.objects.get(is_open=True).adopted == {}


# What bound each proposal


def decided_by_the_run(call, run, judge, *, then=None):
    found = adopt(run, terms=TERMS, by=judge)
    if then:
        decision_sets.put(found, choices=[then], by=judge)
    decision_sets.propose(found, by=judge)
    for person in (judge, make.panellist(call)):
        sets.sign(DecisionSet.objects.get(), person)


def test_each_decline_keeps_the_limit_that_bound_it(call, run, judge, pair):
    found = adopt(run, terms=TERMS, by=judge)
    first, second = found.items.all()
    assert first.binding == []
    (capacity, merit) = second.binding
    resource = str(call.budgets.get().resource_id)
    assert capacity == {
        "bound": "capacity",
        "machine": resource,
        "least": 800,
        "left": 100,
        "merit": 0.0,
        "other": 0.0,
    }
    assert (merit["bound"], merit["merit"], merit["other"]) == ("lower_merit", 3.0, 5.0)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("and 100 are to be had", "it needs at least 800 credits, and fewer are left")),
        ("zh-hans", ("只能得到100积分", "至少需要800积分，余量不足")),
    ],
)
def test_who_reads_which_figures(run, judge, client, language, words):
    decided_by_the_run(run.call, run, judge)
    panel_reads, lead_reads = words
    found = DecisionSet.objects.get()
    declined = found.items.last().proposal

    def page(person, name, *args):
        client.force_login(person)
        address = reverse(f"compute_grants:{name}", args=args)
        return client.get(address, {"lang": language}).content.decode()

    assert panel_reads in page(judge, "decision_set", found.number)
    for name in ("decision_receipt", "decision_letter"):
        told = page(declined.lead, name, declined.number)
        assert lead_reads in told and panel_reads not in told
        assert "5.00" not in told, "the score of others"
    letter = DecisionLetter.objects.get(decision__proposal=declined)
    assert letter.content["binding"][0]["left"] == 0
    assert sha256_of(letter.content) == letter.sha256


def test_the_limits_over_the_api(call, run, judge, pair, client):
    decided_by_the_run(call, run, judge)
    client.force_login(judge)
    number = DecisionSet.objects.get().number
    second = client.get(f"/api/v1/decision-sets/{number}/").json()["items"][1]
    bound = {key: second["binding"][0][key] for key in ("bound", "least", "left")}
    assert bound == {"bound": "capacity", "least": 800, "left": 100}
    client.force_login(pair[1].lead)
    decision = client.get(f"/api/v1/proposals/{pair[1].number}/decision/").json()
    bound = {key: decision["binding"][0][key] for key in ("bound", "least", "left")}
    assert bound == {"bound": "capacity", "least": 800, "left": 0}
    assert "fewer are left" in decision["binding"][0]["text"]


def test_against_the_run_its_limits_are_not_the_reason(call, run, judge, pair):
    then = sets.choice(pair[0], "rejected", override_reason="The machine is to be closed.")
    decided_by_the_run(call, run, judge, then=then)
    assert all(row.binding == [] for row in pair[0].decisions.all())
    assert pair[1].decisions.get().binding


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

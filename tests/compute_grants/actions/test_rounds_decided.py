"""Each round of a call is decided by itself, with what the rounds before it left."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from compute_grants.actions import award_runs, decision_sets, panel
from compute_grants.actions.award_adoption import Terms, adopt
from compute_grants.actions.award_inputs import NothingToAward, Parameters, problem_of
from compute_grants.models import AwardRun, DecisionSet, Proposal
from compute_grants.queries.decision_sets import candidates
from compute_grants.queries.normalised import reviewed
from compute_grants.queries.panel import board
from compute_grants.queries.rounds import round_to_decide, rounds_of
from consortium.errors import Invalid
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.awards import award_run

pytestmark = pytest.mark.django_db
HOUR = make.HOUR
DAY = timedelta(days=1)
TERMS = Terms(
    date(2027, 1, 1), date(2027, 12, 31), "Among the best.", "Above the time.", "waitlisted"
)


@pytest.fixture
def call():
    """Three rounds: two have closed, the third takes proposals."""
    call = make.call_with(hours=1_000, rounds=False)
    now = timezone.now()
    for opens, closes in ((-60, -40), (-30, -10), (-5, 10)):
        make.CallRoundFactory.create(
            call=call, opens_at=now + opens * DAY, closes_at=now + closes * DAY
        )
    return call


@pytest.fixture
def judges(call):
    return [make.panellist(call) for _ in range(2)]


def ranked(call, position, score=4, hours=600, state="ranked"):
    each = call.rounds.get(position=position)
    proposal = make.proposal_for(call, state=state, hours=hours, round=each)
    make.review_of(proposal, (score,) * 3)
    return proposal


def left(call):
    return call.budgets.get().account.available


def publish(found, judges):
    decision_sets.propose(found, by=judges[0])
    for person in judges:
        sets.sign(DecisionSet.objects.get(pk=found.pk), person)


def test_the_round_that_closed_last_is_decided(call):
    assert round_to_decide(call).position == 2
    assert rounds_of(call, "1").chosen.position == 1
    assert rounds_of(call, "9").chosen.position == 2
    assert round_to_decide(make.call_with()) is None, "one round: the call as a whole"


def test_a_call_that_is_closed_early_ends_its_round(call, judges):
    proposal = ranked(call, 3)
    call.state = "in_review"
    call.save()
    assert round_to_decide(call).position == 3
    assert sets.draft(judges[0], sets.choice(proposal)).round.position == 3


def test_proposals_compete_within_their_round(call, judges):
    first, second = ranked(call, 1, 5), ranked(call, 2, 3)
    each = call.rounds.get(position=2)
    assert [row.number for row in board(call, judges[0], call_round=each)] == [second.number]
    assert [row.number for row in board(call, judges[0])] == [first.number, second.number]
    assert reviewed(call, each).proposals == (second.pk,)
    assert len(reviewed(call).proposals) == 2
    assert [row.proposal for row in candidates(call, judges[0], each)] == [second]
    assert [entry.key for entry in problem_of(call, Parameters(), each).proposals] == [
        second.number
    ]


def test_two_rounds_one_after_the_other(call, judges):
    """What the first publishes, the second no longer has."""
    one, other = ranked(call, 1, 5, hours=700), ranked(call, 1, 3, hours=700)
    later = ranked(call, 2, 5, hours=300)
    whole = {"min_share_percent": 100}
    first = award_run(call, by=judges[0], call_round=call.rounds.get(position=1), **whole)
    assert {row["key"] for row in first.inputs["proposals"]} == {one.number, other.number}
    found = adopt(first, terms=TERMS, by=judges[0])
    assert found.round.position == 1
    publish(found, judges)
    assert left(call) == 300 * HOUR

    second = award_run(call, by=judges[0], **whole)
    assert second.round.position == 2
    assert second.inputs["machines"][0]["capacity"] == 300 * HOUR
    assert [row["key"] for row in second.inputs["proposals"]] == [later.number]
    publish(adopt(second, terms=TERMS, by=judges[0]), judges)
    states = dict(Proposal.objects.values_list("number", "state"))
    assert states == {
        one.number: "awarded",
        other.number: "waitlisted",
        later.number: "awarded",
    }
    assert left(call) == 0


def test_no_set_mixes_rounds(call, judges):
    first, second = ranked(call, 1), ranked(call, 2)
    with pytest.raises(Invalid, match="one round"):
        sets.draft(judges[0], sets.choice(first), sets.choice(second))
    found = sets.draft(judges[0], sets.choice(first))
    with pytest.raises(Invalid, match="one round"):
        decision_sets.put(found, choices=[sets.choice(second)], by=judges[0])
    other = decision_sets.put_in_draft(sets.choice(second), by=judges[0])
    assert (other.pk != found.pk, other.round.position) == (True, 2)


def test_whoever_waits_is_of_any_round(call, judges):
    waiting = ranked(call, 1, state="waitlisted", hours=100)
    found = sets.draft(judges[0], sets.choice(waiting), sets.choice(ranked(call, 2)))
    assert found.round.position == 2
    assert sets.draft(judges[0], sets.choice(ranked(call, 1, state="waitlisted"))).round is None


def test_a_round_that_takes_proposals_is_not_decided(call, judges):
    early = ranked(call, 3)
    with pytest.raises(panel.NotYetDeciding, match="Round 3"):
        sets.draft(judges[0], sets.choice(early))
    reviewed_early = ranked(call, 3, state="peer_review")
    in_time = ranked(call, 2, state="peer_review")
    for proposal in (reviewed_early, in_time):
        for _ in range(proposal.reviewers_needed - 1):
            make.review_of(proposal)
    assert panel.rank(call, by=judges[0]) == 1
    in_time.refresh_from_db()
    reviewed_early.refresh_from_db()
    assert (in_time.state, reviewed_early.state) == ("ranked", "peer_review")
    with pytest.raises(NothingToAward):
        award_runs.start(
            call,
            parameters=Parameters(),
            call_round=call.rounds.get(position=1),
            by=judges[0],
        )


@pytest.mark.parametrize(("language", "word"), [("en", "Round"), ("zh-hans", "轮次")])
def test_the_pages_show_one_round(call, judges, client, language, word):
    first, second = ranked(call, 1), ranked(call, 2)
    client.force_login(judges[0])
    for name in ("board", "decision_set_choose", "normalisation"):
        address = reverse(f"compute_grants:{name}", args=[call.code])
        page = client.get(address, {"lang": language}).content.decode()
        assert second.number in page and first.number not in page
        assert word in page
        page = client.get(address, {"lang": language, "round": "1"}).content.decode()
        assert first.number in page and second.number not in page
    form = reverse("compute_grants:award_run_create", args=[call.code])
    assert 'name="round"' in client.get(form).content.decode()


def test_the_round_over_the_api(call, judges, client):
    first, second = ranked(call, 1), ranked(call, 2)
    client.force_login(judges[0])
    path = f"/api/v1/calls/{call.code}/board/"
    assert [row["number"] for row in client.get(path).json()] == [second.number]
    assert [row["number"] for row in client.get(path, {"round": 1}).json()] == [first.number]
    body = {"call": call.code, "round": 1}
    made = client.post("/api/v1/award-runs/", body, content_type="application/json")
    assert made.status_code == 201 and made.json()["round"] == 1
    assert AwardRun.objects.get().round.position == 1
    wrong = client.post("/api/v1/award-runs/", body | {"round": 7}, content_type="application/json")
    assert wrong.status_code == 404
    number = sets.draft(judges[0], replace(sets.choice(first))).number
    assert client.get(f"/api/v1/decision-sets/{number}/").json()["round"] == 1

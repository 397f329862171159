"""Runs of the award optimiser: who starts them, on what, and what becomes of them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import award_runs
from compute_grants.actions.award_inputs import NothingToAward, Parameters, problem_of
from compute_grants.models import AwardRun
from compute_grants.optimise import run as runner
from compute_grants.optimise.problem import Problem
from compute_grants.queries.award_runs import Comparison, Result
from compute_grants.queries.rates import NoRate
from consortium.errors import Invalid, WrongState
from consortium.models import AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories.awards import at_once, award_run
from tests.factories.consortium import (
    InstitutionFactory,
    deployment_officer,
    member,
    operator,
    research_officer,
)
from tests.factories.offers import access_type, rate

HOUR = make.HOUR
PLAIN = Parameters()


@pytest.fixture
def in_place(monkeypatch):
    """Solve in this process: what the child does is tested beside it."""
    monkeypatch.setattr(runner, "run", at_once)


def ranked(call, score=4, hours=600, **fields):
    proposal = make.proposal_for(call, state="ranked", hours=hours, **fields)
    make.review_of(proposal, (score, score, score))
    return proposal


def start(call, by, **figures):
    return award_runs.start(call, parameters=Parameters(**figures), by=by)


def events():
    rows = AuditEvent.objects.filter(action__startswith="award_run.").order_by("pk")
    return list(rows.values_list("action", flat=True))


# What a run is given


def test_the_call_as_it_stands(call, judge):
    low, high = ranked(call, 2), ranked(call, 5, hours=900)
    make.proposal_for(call, state="ranked")  # no review
    make.proposal_for(call, state="rejected")
    found = problem_of(call, PLAIN)
    assert [entry.key for entry in found.proposals] == [high.number, low.number]
    assert found.proposals[0].merit == 5.0
    assert found.proposals[0].requests[0].ceiling == 900 * HOUR
    assert found.machines[0].capacity == 1_000 * HOUR
    assert found.machines[0].rate == 1.0


def test_caps_of_the_centre_and_of_the_access_type(call):
    proposal = ranked(call, access_type=access_type(max_credit_seconds=300 * HOUR))
    review = proposal.requests.get().technical_review
    review.verdict, review.cap_seconds = "partly", 400 * HOUR
    review.save()
    (entry,) = problem_of(call, PLAIN).proposals
    assert entry.requests[0].ceiling == 400 * HOUR
    assert entry.cap_credits == 300


def test_not_answered_by_the_centre_is_not_feasible(call):
    proposal = ranked(call)
    proposal.requests.get().technical_review.delete()
    assert problem_of(call, PLAIN).proposals[0].requests[0].ceiling == 0


def test_several_resources_need_rates(db):
    resources = [make.machine().resources.get() for _ in range(2)]
    call = make.call_with(*resources, state="in_review")
    ranked(call)
    rate(resources[0], 2_000_000)
    with pytest.raises(NoRate):
        problem_of(call, PLAIN)
    rate(resources[1], 500_000)
    assert [machine.rate for machine in problem_of(call, PLAIN).machines] == [2.0, 0.5]


def test_what_if(call):
    """Another budget, a floor, a cap and weights by size are those of the problem."""
    ranked(call, hours=300)
    ranked(call, hours=900)
    resource = str(call.budgets.get().resource_id)
    figures = Parameters(
        budgets={resource: 500 * HOUR}, floors={"university": 20}, cap_percent=50, weigh="size"
    )
    found = problem_of(call, figures)
    assert found.machines[0].capacity == 500 * HOUR
    assert found.floors[0].credits == 100
    assert found.proposals[0].cap_credits == 250
    assert sorted(entry.weight for entry in found.proposals) == [0.5, 1.5]


def test_scores_adjusted_for_strictness(call):
    """The strict reviewer's four is worth more than the mild one's."""
    strict, mild = make.reviewer(), make.reviewer()
    first, second, both = (make.proposal_for(call, state="ranked") for _ in range(3))
    for proposal, person, score in (
        (first, strict, 3),
        (both, strict, 1),
        (second, mild, 4),
        (both, mild, 5),
    ):
        make.review_of(proposal, (score,) * 3, by=person)
    raw = problem_of(call, PLAIN).proposals
    fair = problem_of(call, Parameters(merit="adjusted")).proposals
    assert [entry.key for entry in raw] == [second.number, first.number, both.number]
    assert fair[0].key == first.number


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        ({"min_share_percent": 0}, "min_share_percent"),
        ({"max_machines": 0}, "max_machines"),
        ({"alpha": 0, "beta": 0}, "alpha"),
        ({"weigh": "luck"}, "weigh"),
        ({"merit": "luck"}, "merit"),
        ({"floors": {"moon": 10}}, "floors"),
        ({"floors": {"university": 60, "centre": 50}}, "floors"),
        ({"budgets": {"0": 10}}, "budgets"),
        ({"limit_seconds": 10_000}, "limit_seconds"),
    ],
)
def test_figures_out_of_range(call, judge, figures, field):
    ranked(call)
    with pytest.raises(Invalid) as caught:
        start(call, judge, **figures)
    assert set(caught.value.errors) == {field}
    assert not AwardRun.objects.exists()


# Starting


@pytest.mark.parametrize("who", [member, operator, deployment_officer, make.panellist])
def test_only_the_panel_and_the_office_start(call, who):
    ranked(call)
    with pytest.raises(PermissionDenied, match="Only the panel"):
        start(call, who())


def test_the_office_prepares(call):
    ranked(call)
    assert start(call, research_officer()).state == "queued"


def test_a_run_keeps_its_inputs(call, judge, django_capture_on_commit_callbacks):
    ranked(call)
    with django_capture_on_commit_callbacks() as later:
        run = start(call, judge, seed=7)
    assert len(later) == 1
    assert Problem.from_data(run.inputs).sha256() == run.inputs_sha256
    assert (run.seed, run.parameters["seed"]) == (7, 7)
    assert events() == ["award_run.started"]


def test_nothing_to_award(call, judge):
    with pytest.raises(NothingToAward):
        start(call, judge)


def test_not_while_the_call_is_open(judge):
    other = make.call_with(state="open")
    other.panel.add(judge)
    ranked(other)
    with pytest.raises(award_runs.NotDeciding):
        start(other, judge)


def test_three_at_a_time(call, judge):
    ranked(call)
    for _ in range(3):
        start(call, judge)
    with pytest.raises(award_runs.TooManyRuns):
        start(call, judge)


# Carrying out


def test_a_run_is_done(call, judge, in_place):
    best, second = ranked(call, 5, hours=900), ranked(call, 3, hours=800)
    run = start(call, judge, min_share_percent=100)
    assert award_runs.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("done", 1)
    assert set(run.result["awards"]) == {best.number}
    assert run.result["reasons"][second.number][0]["bound"] == "capacity"
    assert run.gap <= 0.001 and run.solver and run.ended_at
    assert events() == ["award_run.started", "award_run.done"]
    assert Notification.objects.get().person == judge


def test_delivered_twice_it_is_carried_out_once(call, judge, in_place):
    ranked(call)
    run = start(call, judge)
    assert award_runs.carry_out(run.pk)
    assert not award_runs.carry_out(run.pk)
    assert not award_runs.carry_out(run.pk + 1)
    run.refresh_from_db()
    assert run.attempt == 1


def test_a_dead_worker_is_followed_by_another(call, judge, in_place, monkeypatch):
    ranked(call)
    run = start(call, judge)
    claimed = award_runs._claim(run.pk)
    assert award_runs.sweep() == 0  # it was heard of just now
    AwardRun.objects.update(heard_at=timezone.now() - timedelta(minutes=2))
    assert award_runs.sweep() == 1
    assert award_runs.carry_out(run.pk)
    # The first one comes back to life: nothing it says counts.
    award_runs._finish(claimed, AwardRun.State.FAILED, failure="died")
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("done", 2)
    assert "award_run.resumed" in events()


def test_three_deaths_are_a_failure(call, judge):
    ranked(call)
    run = start(call, judge)
    for _ in range(3):
        award_runs._claim(run.pk)
        AwardRun.objects.update(heard_at=timezone.now() - timedelta(minutes=2))
        award_runs.sweep()
    run.refresh_from_db()
    assert (run.state, run.failure) == ("failed", "died")
    assert Notification.objects.get().code == "award_run.failed"


def test_a_search_that_dies_has_failed(call, judge, monkeypatch):
    def die(*_args, **_kwargs):
        raise runner.Failed("-9")

    monkeypatch.setattr(runner, "run", die)
    ranked(call)
    run = start(call, judge)
    award_runs.carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"


# Stopping


def test_stop_in_the_queue(call, judge, in_place):
    ranked(call)
    run = award_runs.stop(start(call, judge), by=judge)
    assert run.state == "stopped"
    assert not award_runs.carry_out(run.pk)
    with pytest.raises(WrongState):
        award_runs.stop(run, by=judge)


def test_stop_keeps_what_was_found(call, judge, monkeypatch):
    """Asked while it runs: the next report answers no, and the best so far stays."""
    proposal = ranked(call)
    run = start(call, judge)

    def stopped_meanwhile(*args, **kwargs):
        award_runs.stop(run, by=judge)
        award_runs.stop(run, by=judge)
        return at_once(*args, **kwargs)

    monkeypatch.setattr(runner, "run", stopped_meanwhile)
    award_runs.carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == "stopped"
    assert set(run.result["awards"]) == {proposal.number}
    assert events() == ["award_run.started", "award_run.stop_asked", "award_run.stopped"]


def test_who_may_not_start_may_not_stop(call, judge):
    ranked(call)
    run = start(call, judge)
    with pytest.raises(PermissionDenied):
        award_runs.stop(run, by=make.panellist())


# Reading


def test_who_sees_runs(call, judge):
    ranked(call)
    start(call, judge)
    for person, count in (
        (judge, 1),
        (research_officer(), 1),
        (make.panellist(), 0),
        (member(), 0),
        (deployment_officer(), 0),
    ):
        assert AwardRun.objects.visible_to(person).count() == count


def test_a_member_is_blind_to_the_own_side(call, judge):
    """Neither the row nor a sum that it could be worked out from."""
    other = ranked(call, 5, hours=700)
    house = InstitutionFactory.create(related_group="G")
    own = ranked(call, 3, hours=600, institution=InstitutionFactory.create(related_group="G"))
    blind = make.panellist(call)
    make.Affiliation.objects.create(
        user=blind, institution=house, role="member", since=timezone.localdate()
    )
    run = award_run(call, by=judge, floors={"university": 10})
    result = Result(run, blind)
    assert [(row.number, row.masked) for row in result.rows] == [
        (other.number, False),
        (own.number, True),
    ]
    hidden = result.rows[1]
    assert not (hidden.lines or hidden.reasons or hidden.merit or hidden.proposal)
    assert result.masked and result.floors == []
    assert result.uses[0].awarded == result.rows[0].lines[0].awarded
    assert not any("are to be had" in word for row in result.rows for word in row.reasons)
    assert not Result(run, judge).masked


def test_where_the_own_side_stands_is_hidden(call, judge):
    """A masked row comes last, and the ranks have no gap."""
    best, own, low = ranked(call, 5), ranked(call, 4, lead=judge), ranked(call, 3)
    run = award_run(call, by=make.panellist(call))
    rows = Result(run, judge).rows
    assert [(row.number, row.rank) for row in rows] == [
        (best.number, 1),
        (low.number, 2),
        (own.number, 0),
    ]


def test_two_runs_compared(call, judge):
    first, second = ranked(call, 5, hours=900), ranked(call, 3, hours=800)
    third = ranked(call, 2, hours=100)
    one = award_run(call, by=judge, min_share_percent=100)
    resource = str(call.budgets.get().resource_id)
    two = award_run(call, by=judge, min_share_percent=100, budgets={resource: 1_700 * HOUR})
    pair = Comparison(one, two, judge)
    assert [change.first.number for change in pair.rows] == [second.number, third.number]
    assert pair.parameters == [(f"budgets.{resource}", None, 1_700 * HOUR)]
    assert first.number not in {change.first.number for change in pair.rows}

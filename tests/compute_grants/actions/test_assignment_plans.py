"""Plans of reviewers: asked for, computed once by whoever holds the claim, changed, applied."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import assignment_plans as plans
from compute_grants.actions import planned_pairs as pairs
from compute_grants.matching import assign
from compute_grants.models import AssignmentPlan, PlannedPair, ReviewAssignment
from compute_grants.queries.assignment_plans import plan_rows
from compute_grants.queries.matching import Wish, situation
from consortium.errors import Invalid, WrongState
from consortium.models import AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    AffiliationFactory,
    InstitutionFactory,
    deployment_officer,
    member,
    research_officer,
    reviewer,
    staff,
)
from tests.factories.matching import ExpertiseFactory, PairFactory, PlanFactory, TopicFactory
from tests.factories.reviews import TieFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def office():
    return research_officer()


@pytest.fixture
def call():
    return make.call_with(state="in_review")


def proposals(call, *titles):
    return [
        make.proposal_for(call, state="peer_review", title_en=title, title_zh="")
        for title in titles
    ]


def expert(statement, *topics, **more):
    return ExpertiseFactory.create(person=reviewer(), statement=statement, of=topics, **more).person


def ask(call, office, **more):
    return plans.ask(call, **{"per_proposal": 1, "most": 8} | more, by=office)


def computed(call, office, **more):
    plan = ask(call, office, **more)
    plans.compute_waiting()
    plan.refresh_from_db()
    return plan


def due():
    return timezone.now() + 14 * DAY


def by_title(plan):
    return {p.proposal.title_en: p.reviewer for p in plan.pairs.select_related("proposal")}


# What it is computed from


def test_each_gets_who_knows_the_field_and_it_says_why(call, office):
    proposals(call, "Ocean waves", "Protein folding")
    ocean, protein = expert("Waves in the ocean"), expert("Folding of proteins, protein design")
    plan = computed(call, office)
    assert by_title(plan) == {"Ocean waves": ocean, "Protein folding": protein}
    assert "ocean" in plan.pairs.get(reviewer=ocean).terms
    assert (plan.state, plan.proved, plan.short) == ("done", True, [])
    assert plan.solver.startswith("HiGHS") and plan.inputs["affinity_sha256"]


def test_topics_join_two_languages(call, office):
    topic = TopicFactory.create(slug="marine", name_en="Marine science", keywords=["海洋"])
    [proposal] = proposals(call, "海洋环流与海洋模式")
    other, known = expert("Compilers"), expert("", topic)
    plan = computed(call, office)
    pair = plan.pairs.get()
    assert (pair.proposal, pair.reviewer, pair.topics) == (proposal, known, ["marine"])
    assert other.pk != known.pk


def test_conflicts_absence_limits_and_former_invitations_are_kept(call, office):
    [proposal] = proposals(call, "Ocean waves")
    tied, away, full, asked, free = (expert("Ocean waves") for _ in range(5))
    TieFactory.create(person=tied, other_email=proposal.lead.email)
    type(away.expertise).objects.filter(person=away).update(away_until=timezone.localdate())
    type(full.expertise).objects.filter(person=full).update(most_reviews=0)
    make.AssignmentFactory.create(
        proposal=proposal, reviewer=asked, state="declined", declared_at=timezone.now()
    )
    plan = computed(call, office, per_proposal=2)
    assert [pair.reviewer for pair in plan.pairs.all()] == [free]
    assert plan.short[0] | {"houses": 0} == {
        "proposal": proposal.pk,
        "missing": 1,
        "fit": 1,
        "houses": 0,
        "cause": "fit",
    }


def test_one_of_a_group_also_beside_those_invited(call, office):
    [proposal] = proposals(call, "Ocean waves")
    houses = [InstitutionFactory.create(related_group="g") for _ in range(2)]
    held, same, other = expert("x"), expert("Ocean waves"), expert("Chips")
    AffiliationFactory.create(user=held, institution=houses[0])
    AffiliationFactory.create(user=same, institution=houses[1])
    make.AssignmentFactory.create(proposal=proposal, reviewer=held)
    plan = computed(call, office, per_proposal=2)
    assert [pair.reviewer for pair in plan.pairs.all()] == [other]


def test_the_number_of_queries_does_not_grow(call, django_assert_max_num_queries):
    for size in (1, 4):
        proposals(call, *["Ocean"] * size)
        for _ in range(size):
            expert("Ocean")
        with django_assert_max_num_queries(16):
            situation(call, Wish(1, 8))


# Asking, computing, stopping


@pytest.mark.parametrize("who", [member, reviewer, deployment_officer, lambda: staff("auditor")])
def test_only_the_office_plans(call, who):
    proposals(call, "Ocean")
    with pytest.raises(PermissionDenied):
        ask(call, who())
    plan = PlanFactory.create(call=call)
    with pytest.raises(PermissionDenied):
        plans.stop(plan, by=who())


def test_nothing_to_plan(call, office):
    with pytest.raises(plans.NothingToPlan):
        ask(call, office)


def test_one_at_a_time(call, office):
    proposals(call, "Ocean")
    ask(call, office)
    with pytest.raises(plans.AtWork):
        ask(call, office)


@pytest.mark.parametrize(
    "figures", [{"per_proposal": 0}, {"most": 51}, {"least": 9}, {"seconds": 121}]
)
def test_figures_out_of_reach(call, office, figures):
    proposals(call, "Ocean")
    with pytest.raises(Invalid) as caught:
        ask(call, office, **figures)
    assert set(caught.value.errors) == set(figures)


def test_who_asked_is_told_and_the_steps_are_on_record(call, office):
    proposals(call, "Ocean")
    expert("Ocean")
    plan = computed(call, office)
    assert Notification.objects.filter(person=office, code="plan.computed").exists()
    told = AuditEvent.objects.filter(target_id=str(plan.pk), action__startswith="plan.")
    assert [e.action for e in told.order_by("pk")] == ["plan.asked", "plan.begun", "plan.computed"]


def test_stopped_before_it_began(call, office):
    proposals(call, "Ocean")
    plan = plans.stop(ask(call, office), by=office)
    assert plan.state == "stopped"
    assert plans.compute_waiting() == 0
    with pytest.raises(WrongState):
        plans.stop(plan, by=office)


def test_stopped_in_the_middle(call, office, monkeypatch):
    proposals(call, "Ocean")
    expert("Ocean")
    plan = ask(call, office)

    def solve(problem, *, on_stage, **more):
        on_stage(assign.Stage.FILL)
        assert plans.stop(AssignmentPlan.objects.get(), by=office).state == "running"
        on_stage(assign.Stage.PROTECT)
        raise AssertionError("it went on")

    monkeypatch.setattr(plans, "solve", solve)
    plans.compute_waiting()
    plan.refresh_from_db()
    assert (plan.state, plan.pairs.count()) == ("stopped", 0)


def test_a_dead_worker_is_followed_by_another_and_does_not_come_back(call, office, monkeypatch):
    proposals(call, "Ocean")
    expert("Ocean")
    plan = ask(call, office)

    def die(*_args, **_more):
        raise KeyboardInterrupt  # killed: nothing is written

    with monkeypatch.context() as patch:
        patch.setattr(plans, "solve", die)
        with pytest.raises(KeyboardInterrupt):
            plans.compute_waiting()
    assert plans.compute_waiting() == 0  # it may still live
    dead = AssignmentPlan.objects.get()
    AssignmentPlan.objects.update(taken_at=timezone.now() - timedelta(hours=1))
    assert plans.compute_waiting() == 1
    plan.refresh_from_db()
    assert (plan.state, plan.attempt) == ("done", 2)
    with pytest.raises(plans.Stopped):  # the first one wakes up
        plans._say(dead, assign.Stage.IMPROVE)
    plan.refresh_from_db()
    assert plan.state == "done"


def test_after_three_dead_workers_it_fails(call):
    plan = PlanFactory.create(
        call=call, state="running", attempt=3, taken_at=timezone.now() - timedelta(hours=1)
    )
    plans.compute_waiting()
    plan.refresh_from_db()
    assert plan.state == "failed"


def test_an_error_fails_the_plan_and_is_told(call, office, monkeypatch):
    proposals(call, "Ocean")
    plan = ask(call, office)

    def solve(*_args, **_more):
        raise ZeroDivisionError

    monkeypatch.setattr(plans, "solve", solve)
    with pytest.raises(ZeroDivisionError):
        plans.compute_waiting()
    plan.refresh_from_db()
    assert (plan.state, plan.failure) == ("failed", "ZeroDivisionError")
    assert Notification.objects.filter(person=office, code="plan.failed").exists()


# Changing it by hand


@pytest.fixture
def plan(call, office):
    proposals(call, "Ocean waves", "Protein folding")
    expert("Waves in the ocean")
    expert("Protein folding")
    return computed(call, office)


def test_swap_add_remove(plan, office):
    pair = plan.pairs.get(proposal__title_en="Ocean waves")
    other = expert("Boats")
    made = pairs.swap(pair, reviewer=other, by=office)
    assert (made.reviewer, made.manual, made.locked) == (other, True, True)
    assert plan.pairs.count() == 2
    with pytest.raises(pairs.BreaksARule, match="as many reviewers"):
        pairs.add(plan, proposal=made.proposal, reviewer=expert("Ships"), by=office)
    pairs.remove(made, by=office)
    assert pairs.add(plan, proposal=made.proposal, reviewer=other, by=office).pk
    actions = AuditEvent.objects.filter(action__startswith="plan.pair").values_list("action")
    assert len(actions) == 4


def test_every_rule_is_checked_with_its_reason(plan, office):
    pair = plan.pairs.select_related("proposal__lead").get(proposal__title_en="Ocean waves")
    other = plan.pairs.exclude(pk=pair.pk).get()
    tied, away, full = expert("x"), expert("x"), expert("x", most_reviews=0)
    TieFactory.create(person=tied, other_email=pair.proposal.lead.email)
    type(away.expertise).objects.filter(person=away).update(away_until=timezone.localdate())
    asked = make.AssignmentFactory.create(
        proposal=pair.proposal, state="declined", declared_at=timezone.now()
    ).reviewer
    for person, words in (
        (tied, "published or worked"),
        (away, "away"),
        (full, "as many reviews"),
        (asked, "invited to"),
        (member(), "no standing"),
    ):
        with pytest.raises(pairs.BreaksARule, match=words):
            pairs.swap(pair, reviewer=person, by=office)
    assert pairs.swap(pair, reviewer=other.reviewer, by=office).pk  # nobody minds two


def test_one_of_an_institution_by_hand(call, office):
    [proposal] = proposals(call, "Ocean")
    house = InstitutionFactory.create()
    first, second = expert("Ocean"), expert("Ocean")
    for person in (first, second):
        AffiliationFactory.create(user=person, institution=house)
    plan = computed(call, office, per_proposal=2)
    taken = plan.pairs.get().reviewer
    other = second if taken == first else first
    with pytest.raises(pairs.BreaksARule, match="one institution"):
        pairs.add(plan, proposal=proposal, reviewer=other, by=office)


def test_locked_pairs_stay_when_computed_anew(plan, office):
    pair = plan.pairs.get(proposal__title_en="Ocean waves")
    boats = expert("Boats and knots")
    pairs.swap(pair, reviewer=boats, by=office)
    again = computed(plan.call, office, based_on=plan)
    assert by_title(again)["Ocean waves"] == boats
    assert again.pairs.get(reviewer=boats).locked
    pairs.lock(again.pairs.get(reviewer=boats), locked=False, by=office)
    third = computed(plan.call, office, based_on=again)
    assert by_title(third)["Ocean waves"] != boats


def test_nobody_plans_their_own_side(plan, office):
    pair = plan.pairs.select_related("proposal__institution").first()
    AffiliationFactory.create(user=office, institution=pair.proposal.institution)
    again = type(office).objects.get(pk=office.pk)
    with pytest.raises(PermissionDenied, match="interest"):
        pairs.remove(pair, by=again)
    rows = {row.proposal.pk: row for row in plan_rows(plan, again)}
    assert rows[pair.proposal_id].masked and not rows[pair.proposal_id].pairs
    assert sum(row.masked for row in rows.values()) == 1
    plans.apply(plan, pairs=plan.pairs.values_list("pk", flat=True), due_at=due(), by=again)
    pair.refresh_from_db()
    assert (pair.outcome, "interest" in pair.outcome_reason) == ("left", True)
    assert ReviewAssignment.objects.count() == 1


def test_no_change_before_it_is_computed_or_after_it_is_applied(plan, office):
    pair = plan.pairs.first()
    AssignmentPlan.objects.update(state="queued")
    with pytest.raises(WrongState):
        pairs.lock(pair, locked=True, by=office)


# Applying it


def test_the_chosen_ones_are_invited_and_each_says_what_became_of_it(plan, office):
    first, second = plan.pairs.order_by("pk")
    plans.apply(plan, pairs=[first.pk], due_at=due(), by=office)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.outcome == "invited" and first.assignment.reviewer == first.reviewer
    assert second.outcome == "left" and second.assignment is None
    plan.refresh_from_db()
    assert (plan.state, plan.applied_by) == ("applied", office)
    with pytest.raises(WrongState):
        plans.apply(plan, pairs=[second.pk], due_at=due(), by=office)


def test_a_conflict_that_came_up_since_refuses_its_pair_only(plan, office):
    first, second = plan.pairs.select_related("proposal__lead").order_by("pk")
    TieFactory.create(person=first.reviewer, other_email=first.proposal.lead.email)
    plans.apply(plan, pairs=[first.pk, second.pk], due_at=due(), by=office)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.outcome == "refused" and "published or worked" in first.outcome_reason
    assert second.outcome == "invited"


def test_what_applying_needs(plan, office):
    pair, foreign = plan.pairs.first(), PairFactory.create()
    for fields, field in (
        ({"pairs": []}, "pairs"),
        ({"pairs": [foreign.pk]}, "pairs"),
        ({"due_at": timezone.now()}, "due_at"),
    ):
        with pytest.raises(Invalid) as caught:
            plans.apply(plan, **{"pairs": [pair.pk], "due_at": due()} | fields, by=office)
        assert field in caught.value.errors
    assert not PlannedPair.objects.exclude(outcome="").exists()


def test_who_reads_plans(plan, office):
    for who in (office, staff("auditor")):
        assert AssignmentPlan.objects.visible_to(who).exists()
    for who in (member(), reviewer(), deployment_officer(), make.panellist(plan.call)):
        assert not AssignmentPlan.objects.visible_to(who).exists()

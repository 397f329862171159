"""Use it or lose it: who, in which state, twice, at once, cut off between."""

import uuid
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.utils import timezone

from compute_grants.actions import allocations, programme, reclaims, usage
from compute_grants.models import Allocation, Reclaim
from compute_grants.queries import reclaims as queries
from compute_grants.queries import tasks_for
from consortium import audit
from consortium.actions import desired, ledger
from consortium.errors import Invalid, WrongState
from consortium.models import Notification
from consortium.reconciliation import differences
from tests.factories import reclaims as make
from tests.factories.allocations import operator_for, row, sacct
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import deployment_officer, member, research_officer

pytestmark = pytest.mark.django_db
State = Reclaim.State
TODAY = timezone.localdate()


@pytest.fixture
def office():
    return research_officer()


def use(grant: Allocation, hours: int) -> None:
    line = row(grant, elapsed=hours * 450, cards=8, submit=timezone.now() - timedelta(days=9))
    machine = grant.resource.machine
    usage.import_sacct(machine=machine, stream=sacct([line]), source="s", by=None)
    grant.refresh_from_db()


def left_in_call(grant: Allocation) -> int:
    budget = grant.proposal.call.budgets.get(resource=grant.resource)
    return ledger.balance(budget.account).available


def told(person) -> list[str]:
    return list(
        Notification.objects.filter(person=person, code__startswith="reclaim.")
        .order_by("pk")
        .values_list("code", flat=True)
    )


# The dry run and the plan


def test_the_dry_run_lists_who_would_lose_and_why_and_writes_nothing():
    idle, used = make.idle(), make.idle()
    use(used, 160)
    make.idle(day=90)
    (found,) = queries.dry_run()
    assert (found.allocation, found.verdict.seconds) == (idle, 300 * HOUR)
    assert "0.0% used; by day 120 less than 10% loses 30%" in found.why
    assert not Reclaim.objects.exists()
    out = StringIO()
    call_command("reclaim_dry_run", stdout=out)
    assert idle.number in out.getvalue()
    assert out.getvalue().endswith("1 grants\n")
    call_command("reclaim_dry_run", "--on", "2020-01-01", stdout=out)
    assert out.getvalue().endswith("0 grants\n")


def test_the_dry_run_costs_the_same_for_many(django_assert_num_queries):
    first = make.idle()
    for _ in range(4):
        make.idle(resource=first.resource)
    with django_assert_num_queries(2):
        assert len(queries.dry_run()) == 5


def test_planning_twice_plans_once_and_tells_nobody(office):
    grant = make.idle()
    (planned,) = reclaims.plan(by=office)
    assert reclaims.plan(by=None) == []
    assert (planned.state, planned.seconds, planned.used_seconds) == (State.PLANNED, 300 * HOUR, 0)
    assert planned.due_on == grant.starts_on + timedelta(days=124)  # 110 days old, 14 of notice
    assert told(grant.proposal.lead) == []
    assert not Reclaim.objects.visible_to(grant.proposal.lead).exists()


def test_the_rule_is_data(office):
    make.idle(day=40)
    assert queries.dry_run() == []
    programme.publish(
        kind="reclaim",
        since=TODAY,
        body={
            "grace_days": 10,
            "rungs": [{"by_day": 45, "below_percent": 50, "take_percent": 100}],
        },
        by=office,
    )
    (found,) = queries.dry_run()
    assert found.verdict.seconds == 1000 * HOUR


# Notice and exemption


def test_notice_starts_the_clock_and_tells_the_lead(office):
    planned = make.planned()
    lead = planned.allocation.proposal.lead
    reclaims.give_notice(planned, by=office)
    planned.refresh_from_db()
    assert (planned.due_on - TODAY).days == 14
    assert (planned.due_on - planned.ask_until).days == 7
    assert told(lead) == ["reclaim.noticed"]
    assert "Use them or ask for an exemption" in [task.verb for task in tasks_for(lead)]
    with pytest.raises(WrongState):
        reclaims.give_notice(planned, by=office)


def test_late_notice_moves_the_day(office):
    planned = make.planned()
    later = planned.due_on + timedelta(days=30)
    reclaims.give_notice(planned, by=office, today=later)
    planned.refresh_from_db()
    assert planned.due_on == later + timedelta(days=14)


def test_an_exemption_holds_everything_until_it_is_decided(office):
    asked = make.asked()
    assert told(office) == ["reclaim.exemption_asked"]
    assert "Decide on the exemption" in [task.verb for task in tasks_for(office)]
    with pytest.raises(WrongState):
        reclaims.apply(asked, by=office, today=asked.due_on)
    reclaims.decide_exemption(asked, approve=True, reason="Convincing.", by=office)
    asked.refresh_from_db()
    assert asked.state == State.EXEMPTED
    assert told(asked.allocation.proposal.lead)[-1] == "reclaim.exempted"
    with pytest.raises(WrongState):
        reclaims.apply(asked, by=office, today=asked.due_on)


def test_a_refused_exemption_is_not_asked_for_again(office):
    asked = make.asked()
    with pytest.raises(Invalid):
        reclaims.decide_exemption(asked, approve=False, reason=" ", by=office)
    reclaims.decide_exemption(asked, approve=False, reason="No plan.", by=office)
    with pytest.raises(reclaims.TooLate, match="once"):
        reclaims.ask_exemption(asked, reason="Again.", by=asked.allocation.proposal.lead)
    reclaims.apply(asked, by=office, today=asked.due_on)
    assert Reclaim.objects.get().state == State.APPLIED


def test_an_exemption_is_asked_for_in_time_and_with_a_reason():
    noticed = make.noticed()
    lead = noticed.allocation.proposal.lead
    with pytest.raises(Invalid):
        reclaims.ask_exemption(noticed, reason=" ", by=lead)
    late = noticed.ask_until + timedelta(days=1)
    with pytest.raises(reclaims.TooLate):
        reclaims.ask_exemption(noticed, reason="x", by=lead, today=late)
    asked = reclaims.ask_exemption(noticed, reason="x", by=lead, today=noticed.ask_until)
    assert asked.state == State.ASKED


# Taking back


def test_unused_hours_go_back_to_the_call_and_the_machine_follows(office):
    ripe = make.ripe()
    grant = ripe.allocation
    before = left_in_call(grant)
    reclaims.apply(ripe, by=office)
    grant.refresh_from_db()
    assert (grant.seconds, left_in_call(grant)) == (700 * HOUR, before + 300 * HOUR)
    assert ledger.balance(grant.account).available == 700 * HOUR
    wish = desired.DesiredState.objects.get(key=grant.number)
    assert set(wish.spec["limits"].values()) == {700 * 60}
    assert told(grant.proposal.lead)[-1] == "reclaim.applied"
    assert [event.action for event in audit.history(ripe)][:1] == ["reclaim.applied"]
    assert list(differences()) == []


def test_taken_once_however_often(office):
    ripe = make.ripe()
    reclaims.apply(ripe, by=office)
    reclaims.apply(ripe, by=office)
    ripe.allocation.refresh_from_db()
    assert ripe.allocation.seconds == 700 * HOUR


def test_a_state_lost_between_moves_nothing_twice(office):
    """As if the row had been restored from before: the ledger knows its key."""
    ripe = make.ripe()
    reclaims.apply(ripe, by=office)
    Reclaim.objects.update(state=State.NOTICED, taken_seconds=0)
    with pytest.raises(ledger.KeyReused):
        reclaims.apply(ripe, by=office)
    assert ledger.balance(ripe.allocation.account).available == 700 * HOUR
    assert list(differences()) == []


def test_never_before_its_day(office):
    noticed = make.noticed()
    with pytest.raises(reclaims.TooEarly):
        reclaims.apply(noticed, by=office, today=noticed.due_on - timedelta(days=1))


def test_who_used_enough_meanwhile_keeps_it_all(office):
    ripe = make.ripe()
    use(ripe.allocation, 200)
    reclaims.apply(ripe, by=office)
    ripe.refresh_from_db()
    assert (ripe.state, ripe.taken_seconds) == (State.CANCELLED, 0)
    assert told(ripe.allocation.proposal.lead)[-1] == "reclaim.cancelled"


def test_a_milder_step_where_more_was_used(office):
    ripe = make.ripe()
    use(ripe.allocation, 120)  # 12 percent: 15 percent of 880
    reclaims.apply(ripe, by=office)
    assert Reclaim.objects.get().taken_seconds == 132 * HOUR
    assert list(differences()) == []


def test_never_more_than_was_announced(office):
    ripe = make.ripe()
    Reclaim.objects.update(seconds=10 * HOUR)
    reclaims.apply(ripe, by=office)
    assert Reclaim.objects.get().taken_seconds == 10 * HOUR


def test_never_what_is_held(office):
    ripe = make.ripe()
    grant = ripe.allocation
    budget = grant.proposal.call.budgets.get().account
    ledger.hold(
        key=uuid.uuid4(),
        account=grant.account,
        credit=budget,
        amount=990 * HOUR,
        code="hold",
        lasts=timedelta(days=1),
        by=None,
    )
    reclaims.apply(ripe, by=office)
    assert Reclaim.objects.get().taken_seconds == 3 * HOUR


def test_a_round_goes_on_past_a_refusal_and_is_safe_to_repeat(office):
    first, second = make.ripe(), make.ripe()
    house = first.allocation.proposal.institution
    office.affiliations.create(institution=house, role="member", since=date(2026, 1, 1))
    done = {o.reclaim.number: o for o in reclaims.apply_all([first, second], by=office)}
    assert "interest" in done[first.number].refusal
    assert done[second.number].reclaim.state == State.APPLIED
    again = reclaims.apply_all([first, second], by=research_officer())
    assert [outcome.refusal for outcome in again] == ["", ""]
    assert Reclaim.objects.filter(state=State.APPLIED).count() == 2
    assert list(differences()) == []


def test_a_closed_grant_loses_nothing_more(office):
    noticed = make.noticed()
    allocations.close(noticed.allocation, reason="Done.", by=None)
    noticed.refresh_from_db()
    assert noticed.state == State.CANCELLED
    with pytest.raises(WrongState):
        reclaims.apply(noticed, by=office, today=noticed.due_on)


# Who


def test_only_the_office_runs_it():
    planned, ripe = make.planned(), make.ripe()
    for who in (
        member(),
        deployment_officer(),
        ripe.allocation.proposal.lead,
        operator_for(ripe.allocation),
    ):
        for act in (
            lambda who=who: reclaims.plan(by=who),
            lambda who=who: reclaims.give_notice(planned, by=who),
            lambda who=who: reclaims.apply(ripe, by=who),
            lambda who=who: reclaims.apply_all([ripe], by=who),
            lambda who=who: reclaims.cancel(ripe, reason="x", by=who),
        ):
            with pytest.raises(PermissionDenied):
                act()


def test_nobody_decides_on_their_own():
    asked = make.asked()
    lead = asked.allocation.proposal.lead
    lead.appointments.create(office="research", since=date(2026, 1, 1))
    with pytest.raises(PermissionDenied, match="interest"):
        reclaims.decide_exemption(asked, approve=True, reason="Mine.", by=lead)
    for who in (research_officer(), operator_for(asked.allocation)):
        other = make.noticed()
        with pytest.raises(PermissionDenied):
            reclaims.ask_exemption(other, reason="x", by=who)


def test_calling_off_says_why(office):
    noticed = make.noticed()
    with pytest.raises(Invalid):
        reclaims.cancel(noticed, reason="", by=office)
    reclaims.cancel(noticed, reason="The machine stood still.", by=office)
    assert told(noticed.allocation.proposal.lead)[-1] == "reclaim.cancelled"
    with pytest.raises(WrongState):
        reclaims.cancel(noticed, reason="x", by=office)

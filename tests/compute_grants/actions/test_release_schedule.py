"""Awards handed out part by part, overuse and alerts."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants import programme as bodies
from compute_grants.actions import alerts, allocations, overuse, programme, release_schedule
from compute_grants.actions import usage as usage_actions
from compute_grants.exchange import change
from compute_grants.models import Alert, Allocation
from compute_grants.projection import project
from consortium.actions import desired, ledger
from consortium.errors import Invalid, WrongState
from consortium.reconciliation import differences
from tests.factories.allocations import active, operator_for, row, sacct
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import research_officer

pytestmark = pytest.mark.django_db
HALVES = [
    {"percent": 50, "condition": "award", "after_days": 0},
    {"percent": 50, "condition": "report", "after_days": 180},
]


def halved(**fields) -> Allocation:
    rule = {"kind": "release_schedule", "since": timezone.localdate()}
    programme.publish(**rule, body={"parts": HALVES}, by=research_officer())
    return active(**fields)


def budget_left(allocation):
    row = allocation.proposal.call.budgets.get(resource=allocation.resource)
    return ledger.balance(row.account).available


def used(allocation, hours: int, job: int = 1):
    line = row(allocation, job=job, elapsed=hours * HOUR, cards=1)
    machine = allocation.resource.machine
    usage_actions.import_sacct(machine=machine, stream=sacct([line]), source="s", by=None)
    allocation.refresh_from_db()


def test_half_is_released_with_the_award_and_half_is_held():
    allocation = halved(hours=1000)
    assert (allocation.seconds, allocation.held_seconds) == (500 * HOUR, 500 * HOUR)
    assert ledger.balance(allocation.account).available == 500 * HOUR
    assert budget_left(allocation) == 9000 * HOUR
    assert list(differences()) == []


def test_an_accepted_report_releases_the_rest_once_and_the_machine_follows():
    allocation = halved(hours=1000)
    assert release_schedule.report_accepted(allocation, by=operator_for(allocation))
    assert release_schedule.report_accepted(allocation, by=operator_for(allocation)) is None
    allocation.refresh_from_db()
    assert (allocation.seconds, allocation.held_seconds) == (1000 * HOUR, 0)
    desired.reconcile_due()
    assert list(differences()) == []


def test_what_is_withheld_returns_to_the_call():
    allocation = halved(hours=1000)
    part = allocation.tranches.get(state="planned")
    with pytest.raises(Invalid):
        release_schedule.withhold(part, reason=" ", by=research_officer())
    release_schedule.withhold(part, reason="No report.", by=research_officer())
    with pytest.raises(WrongState):
        release_schedule.release(part, by=research_officer())
    assert budget_left(allocation) == 9500 * HOUR
    assert list(differences()) == []


def test_a_closed_grant_gives_back_what_was_never_released():
    allocation = halved(hours=1000)
    allocations.close(allocation, reason="Done.", by=None)
    assert budget_left(allocation) == 9500 * HOUR
    assert list(differences()) == []


def test_the_lead_releases_nothing():
    allocation = halved()
    with pytest.raises(PermissionDenied):
        release_schedule.release(
            allocation.tranches.get(state="planned"), by=allocation.proposal.lead
        )


def test_parts_of_an_award_make_the_whole_to_the_second():
    rule = bodies.parse(
        "release_schedule",
        {"parts": [{"percent": p, "condition": "award", "after_days": 0} for p in (33, 33, 34)]},
    )
    assert sum(rule.shares(1_000_003)) == 1_000_003
    with pytest.raises(Invalid):
        bodies.parse("release_schedule", {"parts": HALVES[:1]})


def test_overuse_goes_through_its_steps_and_back():
    allocation = active(hours=100)
    seen = []
    for job, hours in enumerate((100, 10, 20, 40), start=1):
        used(allocation, hours, job)
        seen.append((allocation.overuse, allocation.state))
    assert seen == [
        ("none", "active"),
        ("low", "active"),
        ("few", "active"),
        ("suspended", "suspended"),
    ]
    desired.reconcile_due()
    assert list(differences()) == []
    Allocation.objects.filter(pk=allocation.pk)
    assert overuse.follow(Allocation.objects.all()) == 0


def test_a_manual_suspension_is_not_lifted_by_the_rule_on_overuse():
    allocation = active(hours=100)
    allocations.suspend(allocation, reason="Audit.", by=research_officer())
    used(allocation, 160)
    assert allocation.state == "suspended"
    assert not allocation.suspended_by_rule


def test_an_alert_fires_once_per_crossing():
    allocation = active(hours=100, starts_on=timezone.localdate() - timedelta(days=2))
    alerts.set_alerts(
        allocation, percents=[50], runs_out=False, idle_days=0, by=allocation.proposal.lead
    )
    used(allocation, 60)
    assert alerts.look(Allocation.objects.all()) == 1
    assert alerts.look(Allocation.objects.all()) == 0
    used(allocation, 10)  # the same job, corrected downwards: the share falls back
    assert alerts.look(Allocation.objects.all()) == 0
    assert Alert.objects.get().over_at is not None
    used(allocation, 60)
    assert alerts.look(Allocation.objects.all()) == 1


def test_only_the_lead_sets_alerts_and_within_bounds():
    allocation = active()
    for percents in ([0], [201], list(range(1, 12))):
        with pytest.raises(Invalid):
            alerts.set_alerts(
                allocation,
                percents=percents,
                runs_out=True,
                idle_days=0,
                by=allocation.proposal.lead,
            )
    with pytest.raises(PermissionDenied):
        alerts.set_alerts(
            allocation, percents=[50], runs_out=True, idle_days=0, by=research_officer()
        )


@pytest.mark.parametrize("offered", [0, 1, 6, 7, 1000, 10**15 + 3])
def test_an_exchange_loses_nothing(offered):
    from fractions import Fraction  # noqa: PLC0415

    found = change(offered, Fraction(1), Fraction(7, 3))
    assert found.gives + found.rest == offered
    assert found.gives * 1 == found.receives * Fraction(7, 3)
    assert found.rest < 7


def test_the_projection_is_exact_for_even_use_and_wider_for_uneven():
    even = project(1000, [100] * 30)
    assert even.lasts() == type(even.lasts())(10, 10, 10)
    uneven = project(1000, [0, 200] * 15).lasts()
    assert uneven.earliest < uneven.expected <= uneven.latest
    assert project(1000, [100] * 6) is None
    assert project(0, [100] * 30) is None

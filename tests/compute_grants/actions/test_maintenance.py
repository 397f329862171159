"""Planned stops of machines: who plans them, when they hold, and who is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection
from django.utils import timezone

from compute_grants.actions import machine_states, machines, maintenance
from compute_grants.models import AllocationMember, MaintenanceWindow
from compute_grants.tasks import follow_the_clock
from consortium.errors import Invalid, WrongState
from consortium.models import AuditEvent, Notification
from tests.factories import allocations
from tests.factories import compute_grants as make
from tests.factories.consortium import member, operator, research_officer
from tests.factories.machines import MaintenanceWindowFactory

DAY = timedelta(days=1)
NOTES = {"note_en": "New filters.", "note_zh": "更换滤芯。"}


@pytest.fixture
def now(db):
    return timezone.now()


@pytest.fixture
def machine(db):
    return make.machine()


@pytest.fixture
def by(machine):
    return make.operator_of(machine.centre)


def times(now, first=1, last=2):
    return {"starts_at": now + first * DAY, "ends_at": now + last * DAY}


def told(code: str) -> set[int]:
    return set(Notification.objects.filter(code=code).values_list("person", flat=True))


def test_everybody_with_time_there_is_told_and_nobody_else(now, machine, by):
    here = allocations.active(resource=machine.resources.get())
    colleague, former = member(), member()
    for person, until in ((colleague, None), (former, timezone.localdate() - DAY)):
        AllocationMember.objects.create(
            allocation=here,
            user=person,
            cluster_user=f"u{person.pk}",
            since=timezone.localdate() - 30 * DAY,
            until=until,
        )
    allocations.active()
    window = maintenance.plan(machine, **times(now), **NOTES, by=by)
    assert told("maintenance.planned") == {here.proposal.lead_id, colleague.pk}
    assert AuditEvent.objects.filter(action="maintenance.planned").get().actor_id == by.pk
    maintenance.change(window, **times(now, 3, 4), **NOTES, by=by)
    maintenance.cancel(window, by=by)
    assert told("maintenance.moved") == told("maintenance.cancelled") == told("maintenance.planned")


@pytest.mark.parametrize("who", [member, research_officer, operator])
def test_only_the_machines_own_centre_plans_moves_and_cancels(now, machine, who):
    person, window = who(), MaintenanceWindowFactory.create(machine=machine)
    for act in (
        lambda: maintenance.plan(machine, **times(now, 5, 6), **NOTES, by=person),
        lambda: maintenance.change(window, **times(now, 5, 6), **NOTES, by=person),
        lambda: maintenance.cancel(window, by=person),
        lambda: maintenance.finish(window, by=person),
    ):
        with pytest.raises(PermissionDenied, match="operator of the machine's centre"):
            act()
    window.refresh_from_db()
    assert window.state == "planned"
    assert MaintenanceWindow.objects.count() == 1


@pytest.mark.parametrize(
    ("days", "field"), [((2, 1), "ends_at"), ((1, 1), "ends_at"), ((-1, 1), "starts_at")]
)
def test_a_stop_is_planned_ahead_and_ends_after_it_begins(now, machine, by, days, field):
    with pytest.raises(Invalid) as caught:
        maintenance.plan(machine, **times(now, *days), **NOTES, by=by)
    assert list(caught.value.errors) == [field]


def test_a_machine_stops_once_at_a_time(now, machine, by):
    window = maintenance.plan(machine, **times(now, 2, 4), **NOTES, by=by)
    with pytest.raises(maintenance.WindowsOverlap, match="planned from"):
        maintenance.plan(machine, **times(now, 3, 5), **NOTES, by=by)
    after = maintenance.plan(machine, **times(now, 4, 5), **NOTES, by=by)
    with pytest.raises(maintenance.WindowsOverlap):
        maintenance.change(after, **times(now, 3, 5), **NOTES, by=by)
    with pytest.raises(IntegrityError, match="do_not_overlap"):
        MaintenanceWindow.objects.filter(pk=after.pk).update(starts_at=window.starts_at)


def test_a_cancelled_stop_makes_room_and_is_cancelled_once(now, machine, by):
    window = maintenance.plan(machine, **times(now), **NOTES, by=by)
    maintenance.cancel(window, by=by)
    for act in (maintenance.cancel, maintenance.finish):
        with pytest.raises(WrongState):
            act(window, by=by)
    with pytest.raises(WrongState, match="Plan another"):
        maintenance.change(window, **times(now), **NOTES, by=by)
    maintenance.plan(machine, **times(now), **NOTES, by=by)


def test_the_same_again_changes_and_tells_nothing(now, machine, by):
    window = maintenance.plan(machine, **times(now), **NOTES, by=by)
    before = AuditEvent.objects.count()
    maintenance.change(window, **times(now), **NOTES, by=by)
    assert AuditEvent.objects.count() == before
    maintenance.change(window, **times(now), note_en="Other.", note_zh="其他。", by=by)
    assert AuditEvent.objects.order_by("-pk").first().action == "maintenance.reworded"
    assert not told("maintenance.moved")


def test_the_clock_begins_and_ends_it(now, machine, monkeypatch):
    window = MaintenanceWindowFactory.create(machine=machine)
    follow_the_clock()
    window.refresh_from_db()
    assert window.state == "planned"
    for moment, state, of_machine in (
        (window.starts_at, "under_way", "maintenance"),
        (window.ends_at - timedelta(seconds=1), "under_way", "maintenance"),
        (window.ends_at, "done", "published"),
    ):
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        follow_the_clock()
        assert maintenance.follow_the_clock() == 0
        window.refresh_from_db()
        machine.refresh_from_db()
        assert (window.state, machine.state) == (state, of_machine)
    assert window.ended_at == window.ends_at


def test_under_way_only_the_end_moves(now, machine, by):
    window = MaintenanceWindowFactory.create(machine=machine, under_way=True)
    kept = {"starts_at": window.starts_at, **NOTES, "by": by}
    maintenance.change(window, ends_at=now + 9 * DAY, **kept)
    with pytest.raises(maintenance.Begun):
        maintenance.change(window, **times(now, 1, 9), **NOTES, by=by)
    with pytest.raises(Invalid):
        maintenance.change(window, ends_at=now, **kept)


@pytest.mark.parametrize("by_hand", [True, False])
def test_an_early_return_to_service_ends_it(machine, by, by_hand):
    here = allocations.active(resource=machine.resources.get())
    window = MaintenanceWindowFactory.create(machine=machine, under_way=True)
    machines.set_state(machine, state="maintenance", by=by)
    if by_hand:
        machines.set_state(machine, state="published", by=by)
    else:
        maintenance.finish(window, by=by)
    window.refresh_from_db()
    machine.refresh_from_db()
    assert (window.state, machine.state) == ("done", "published")
    assert told("maintenance.done") == {here.proposal.lead_id}


def test_a_retired_machine_has_no_stops_ahead(now, machine, by):
    begun = MaintenanceWindowFactory.create(machine=machine, under_way=True)
    planned = MaintenanceWindowFactory.create(
        machine=machine, starts_at=now + 7 * DAY, ends_at=now + 8 * DAY
    )
    machines.set_state(machine, state="retired", by=by)
    begun.refresh_from_db()
    planned.refresh_from_db()
    assert (begun.state, planned.state) == ("done", "cancelled")
    assert not told("maintenance.done")
    with pytest.raises(machine_states.Retired):
        maintenance.plan(machine, **times(now), **NOTES, by=by)


@pytest.mark.django_db(transaction=True)
def test_of_two_overlapping_plans_made_at_once_one_stands():
    machine = make.machine()
    now, by = timezone.now(), make.operator_of(machine.centre)

    def plan() -> str:
        try:
            maintenance.plan(machine, **times(now), **NOTES, by=by)
        except maintenance.WindowsOverlap:
            return "refused"
        finally:
            connection.close()
        return "planned"

    with ThreadPoolExecutor(2) as pool:
        outcomes = [each.result() for each in [pool.submit(plan), pool.submit(plan)]]
    assert sorted(outcomes) == ["planned", "refused"]

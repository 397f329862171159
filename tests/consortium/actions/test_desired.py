"""Wanting, claiming, making true, recording: one worker after another, and two at once."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from consortium import audit, effects, jobs
from consortium.actions import desired
from consortium.actions.desired import LostLease
from consortium.effects import UnknownKind
from consortium.errors import WrongState
from consortium.models import AuditEvent, DesiredState
from tests.consortium.clients import run_clients
from tests.consortium.outside import KIND, Cluster
from tests.factories.consortium import member, research_officer

pytestmark = pytest.mark.django_db
GONE = timedelta(0)  # a lease that is over at once


@pytest.fixture(autouse=True)
def _effects(settings):
    here = "tests.consortium.outside"
    settings.EFFECTS = {
        KIND: f"{here}.AbsoluteEffect",
        "broken": f"{here}.BrokenEffect",
        "unsettled": f"{here}.BrokenSettlement",
    }
    yield
    effects._make.cache_clear()


@pytest.fixture
def nudges(monkeypatch) -> list[tuple[str, int]]:
    sent = []
    monkeypatch.setattr(desired, "nudge", lambda *call: sent.append(call))
    return sent


@pytest.fixture
def want(tmp_path, nudges):
    def make(key: str = "p1", kind: str = KIND, **changes) -> DesiredState:
        spec = {"file": str(tmp_path / "cluster"), "hours": 100, "members": ["lin"], **changes}
        with transaction.atomic():
            return desired.want(kind=kind, key=key, spec=spec)

    return make


@pytest.fixture
def cluster(tmp_path) -> Cluster:
    return Cluster(str(tmp_path / "cluster"))


def _fresh(row: DesiredState) -> DesiredState:
    return DesiredState.objects.get(pk=row.pk)


def _settlements(row: DesiredState) -> list[int]:
    """The generations that were recorded as settled, oldest first."""
    events = AuditEvent.objects.filter(action="outside.settled", target_id=str(row.pk))
    return [event.detail["generation"] for event in events.order_by("pk")]


class TestWant:
    def test_the_first_time(self, want, nudges):
        row = want()
        assert (row.generation, row.applied_generation, row.settled) == (1, 0, False)
        assert nudges == [("consortium.reconcile", row.pk)]

    def test_the_same_again_changes_nothing(self, want, nudges):
        assert want() == want()
        assert want().generation == 1
        assert len(nudges) == 1

    def test_a_change_is_a_new_generation_to_be_tried_at_once(self, want, nudges):
        row = want(kind="broken", fails="error")
        desired.reconcile_one()
        row = want(kind="broken", fails="waiting")
        assert (row.generation, row.attempts, row.error) == (2, 0, "")
        assert row.next_at <= timezone.now()
        assert len(nudges) == 2

    @pytest.mark.django_db(transaction=True)
    def test_only_with_the_decision(self, tmp_path):
        with pytest.raises(AssertionError, match="with the decision"):
            desired.want(kind=KIND, key="p1", spec={})

    @pytest.mark.django_db(transaction=True)
    def test_undone_with_the_decision(self, want):
        with transaction.atomic():
            want()
            transaction.set_rollback(True)
        assert not DesiredState.objects.exists()


class TestClaim:
    def test_nothing_wanted(self):
        assert desired.claim() is None

    def test_the_longest_waiting_first_and_each_once(self, want):
        rows = [want(f"p{n}") for n in range(3)]
        assert [desired.claim() for _ in range(4)] == [*rows, None]

    def test_one_by_name(self, want):
        want("p1")
        row = want("p2")
        assert desired.claim(only=row.pk) == row
        assert desired.claim(only=row.pk) is None

    def test_not_before_its_time(self, want):
        row = want()
        DesiredState.objects.update(next_at=timezone.now() + timedelta(minutes=1))
        assert desired.claim() is None
        assert desired.claim(only=row.pk) is None

    def test_not_when_settled(self, want):
        want()
        assert desired.reconcile_one().settled is False  # as claimed
        assert desired.claim() is None

    def test_each_claim_has_a_higher_fence(self, want):
        want()
        first, second = desired.claim(lease=GONE), desired.claim()
        assert second.fence == first.fence + 1
        assert second.lease_until > timezone.now() + timedelta(seconds=60)
        assert second.lease_owner


class TestMakeTrue:
    def test_makes_it_so_reads_back_and_records_once(self, want, cluster):
        row = want()
        assert desired.reconcile_due() == 1
        row = _fresh(row)
        assert cluster.read() == {"p1": {"hours": 100, "members": ["lin"]}}
        assert row.settled and row.observed == {"hours": 100, "members": ["lin"]}
        assert (row.attempts, row.error, row.lease_owner, row.lease_until) == (0, "", "", None)
        assert _settlements(row) == [1]
        assert [e.action for e in audit.history(row)] == ["effect.settled", "outside.settled"]

    def test_what_is_so_already_is_only_recorded(self, want, cluster, monkeypatch):
        cluster.create("p1")
        cluster.add_member("p1", "lin")
        cluster.set_hours("p1", 100)
        monkeypatch.setattr(Cluster, "_write", None)
        row = want()
        desired.reconcile_due()
        assert _settlements(row) == [1]

    def test_only_what_differs_is_applied(self, want, cluster):
        cluster.create("p1")
        cluster.add_member("p1", "lin")  # adding her again would fail
        want(members=["lin", "zhao"])
        desired.reconcile_due()
        assert cluster.read()["p1"]["members"] == ["lin", "zhao"]

    def test_each_generation_settles(self, want, cluster):
        row = want()
        desired.reconcile_due()
        want(hours=7)
        desired.reconcile_due()
        assert cluster.read()["p1"]["hours"] == 7
        assert _settlements(row) == [1, 2]

    def test_as_many_as_asked(self, want):
        for n in range(3):
            want(f"p{n}")
        assert [desired.reconcile_due(2), desired.reconcile_due(2)] == [2, 1]


class TestFailure:
    def test_is_stored_and_tried_again_later(self, want):
        row = want(kind="broken", fails="error")
        assert desired.reconcile_due() == 1  # not again and again
        row = _fresh(row)
        assert row.error == "RuntimeError: the cluster is down"
        assert (row.settled, row.attempts, row.lease_until) == (False, 1, None)
        assert _seconds_until(row) == pytest.approx(5, abs=2)

    def test_waits_longer_each_time(self, want):
        row = want(kind="broken", fails="error")
        for _ in range(3):
            desired.reconcile_one()
            DesiredState.objects.update(next_at=timezone.now())
        desired.reconcile_one()
        assert _fresh(row).attempts == 4
        assert _seconds_until(_fresh(row)) == pytest.approx(40, abs=3)

    def test_backoff_has_an_end(self):
        waits = [desired.backoff(n).total_seconds() for n in (1, 2, 3, 8, 9, 1000)]
        assert waits == [5, 10, 20, 640, 900, 900]

    def test_what_reads_back_differently_is_a_failure(self, want):
        row = want(kind="broken", fails="silently")
        desired.reconcile_one()
        assert _fresh(row).error == "NotSatisfied: after applying, the outside reads null"

    def test_waiting_is_not_a_failure_but_is_said(self, want):
        row = want(kind="broken", fails="waiting")
        desired.reconcile_one()
        row = _fresh(row)
        assert row.error == "The unix account is made on Monday."
        assert _seconds_until(row) == pytest.approx(60, abs=2)

    def test_an_unknown_kind_is_said(self, want):
        row = want(kind="misspelt")
        desired.reconcile_one()
        assert "misspelt" in _fresh(row).error
        with pytest.raises(UnknownKind):
            effects.effect_for("misspelt")

    def test_a_settlement_that_fails_leaves_no_trace_of_success(self, want):
        row = want(kind="unsettled")
        desired.reconcile_one()
        row = _fresh(row)
        assert (row.settled, row.error) == (False, "RuntimeError: the domain says no")
        assert _settlements(row) == []

    def test_a_very_long_error_is_cut(self, want):
        row = want()
        claimed = desired.claim()
        assert desired.record_failure(claimed, "x" * 10**5, GONE)
        assert len(_fresh(row).error) == desired.ERROR_LENGTH


class TestFence:
    def test_a_worker_that_lost_its_lease_records_nothing(self, want):
        row = want()
        slow, quick = desired.claim(lease=GONE), desired.claim()
        with pytest.raises(LostLease):
            desired.record_settled(slow, {})
        assert _settlements(row) == []
        assert not desired.record_failure(slow, "too late", GONE)
        assert _fresh(row).lease_owner and _fresh(row).error == ""
        desired.record_settled(quick, {})
        assert _settlements(row) == [1]
        with pytest.raises(LostLease):
            desired.record_settled(slow, {})
        assert _settlements(row) == [1]

    def test_a_spec_changed_while_it_was_applied_is_applied_next(self, want, cluster, monkeypatch):
        row = want()
        plain = Cluster.create

        def create_while_someone_decides(self, name):
            plain(self, name)
            want(hours=0)

        monkeypatch.setattr(Cluster, "create", create_while_someone_decides)
        desired.reconcile_one()
        row = _fresh(row)
        assert (row.settled, row.lease_until, _settlements(row)) == (False, None, [])
        assert desired.reconcile_due() == 1
        assert cluster.read()["p1"]["hours"] == 0
        assert _settlements(row) == [2]

    @pytest.mark.django_db(transaction=True)
    def test_many_workers_share_the_work(self, want):
        rows = [want(f"p{n}") for n in range(20)]
        got = run_clients(lambda _: list(iter(desired.claim, None)), clients=8)
        assert sorted(r.pk for some in got for r in some) == [r.pk for r in rows]

    @pytest.mark.django_db(transaction=True)
    def test_a_second_worker_passes_by_what_the_first_is_claiming(self, want):
        want("p1")
        other = want("p2")
        locked, done = threading.Event(), threading.Event()

        def work(number: int) -> DesiredState | None:
            if number == 0:
                with transaction.atomic():
                    desired.claim()  # p1, not committed yet
                    locked.set()
                    assert done.wait(10)
                return None
            assert locked.wait(10)
            claimed = desired.claim()
            done.set()
            return claimed

        assert run_clients(work, clients=2)[1] == other


class TestLookAgain:
    def test_what_matched_is_read_and_made_true_once_more(self, want, cluster, nudges):
        row = want()
        desired.reconcile_due()
        cluster.set_hours("p1", 7)  # somebody's hand on the other system
        assert desired.look_again(kind=KIND, key="p1")
        assert nudges[-1] == ("consortium.reconcile", row.pk)
        desired.reconcile_due()
        assert cluster.read()["p1"]["hours"] == 100
        assert _settlements(row) == [1, 2]

    def test_what_is_to_be_done_anyway_is_left_alone(self, want):
        want()
        assert not desired.look_again(kind=KIND, key="p1")
        assert not desired.look_again(kind=KIND, key="nothing")
        assert DesiredState.objects.get().generation == 1


class TestRetryNow:
    def test_makes_a_waiting_row_due_and_says_who(self, want, nudges):
        row = want(kind="broken", fails="error")
        desired.reconcile_one()
        assert desired.claim() is None
        officer = research_officer()
        row = desired.retry_now(row, by=officer)
        assert row.attempts == 0
        assert desired.claim() == row
        event = audit.history(row).first()
        assert (event.action, event.actor_id) == ("effect.retried", officer.pk)
        assert nudges[-1] == ("consortium.reconcile", row.pk)

    def test_not_by_everybody(self, want):
        with pytest.raises(PermissionDenied):
            desired.retry_now(want(), by=member())

    def test_not_when_settled(self, want):
        row = want()
        desired.reconcile_due()
        with pytest.raises(WrongState):
            desired.retry_now(row, by=research_officer())


def test_losing_the_broker_loses_nothing(want, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(desired, "nudge", jobs.nudge)
    monkeypatch.setattr(
        "consortium.jobs.current_app.send_task", lambda *_, **__: 1 / 0, raising=True
    )
    with django_capture_on_commit_callbacks(execute=True):
        row = want()
    desired.reconcile_due()
    assert _fresh(row).settled


def _seconds_until(row: DesiredState) -> float:
    """By the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM %s - clock_timestamp())", [row.next_at])
        return float(cursor.fetchone()[0])

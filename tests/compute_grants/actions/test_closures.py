"""Closing grants: what must be there first, what is frozen, where the rest goes."""

import hashlib
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import allocations, closures, programme, reports, usage
from compute_grants.models import Allocation, Call, Closure, UsageImport
from compute_grants.queries.closures import checklist, since
from compute_grants.queries.tasks.closures import to_close
from consortium import merkle
from consortium.actions import desired, ledger
from consortium.errors import Invalid, WrongState
from consortium.models import Notification
from consortium.reconciliation import differences
from tests.factories.allocations import active, operator_for, row, sacct
from tests.factories.closures import finish, settled
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import AffiliationFactory, member, research_officer
from tests.factories.reports import submitted_report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def office():
    return research_officer()


def ended(days: int = 30, **fields) -> Allocation:
    today = timezone.localdate()
    return active(starts_on=today - (days + 100) * DAY, ends_on=today - days * DAY, **fields)


def use(grant, hours: int, *, ago: int, job: int = 1, **more) -> None:
    """A job of one card that was submitted so many days ago."""
    submit = timezone.now().replace(minute=0, second=0, microsecond=0) - ago * DAY
    line = row(grant, job=job, elapsed=hours * HOUR, cards=1, submit=submit, **more)
    machine = grant.resource.machine
    usage.import_sacct(machine=machine, stream=sacct([line]), source="s", by=None)
    grant.refresh_from_db()


def budget_left(grant) -> int:
    line = grant.proposal.call.budgets.get(resource=grant.resource)
    return ledger.balance(line.account).available


def missing(grant) -> str:
    grant = Allocation.objects.shown().get(pk=grant.pk)
    return " ".join(checklist(grant).missing)


def test_figures_are_frozen_and_the_rest_returns_to_the_call(office):
    grant = ended(hours=1000)
    use(grant, 100, ago=40, ConsumedEnergyRaw="3600000")
    finish(grant)
    before = budget_left(grant)
    closure = closures.close_books(grant, by=office)
    assert (closure.returned_seconds, closure.expired_seconds) == (900 * HOUR, 0)
    assert budget_left(grant) == before + 900 * HOUR
    figures = closure.content["figures"]
    assert (figures["granted_seconds"], figures["used_seconds"]) == (1000 * HOUR, 100 * HOUR)
    assert (figures["runs"], figures["energy_joules"]) == (1, 3_600_000)
    assert len(closure.content_hash) == 64
    assert Notification.objects.filter(person=grant.proposal.lead, code="closure.made").exists()
    desired.reconcile_due()
    assert list(differences()) == []


def test_late_usage_is_posted_and_the_statement_stays(office):
    grant = ended(hours=1000)
    use(grant, 100, ago=40)
    closure = closures.close_books(finish(grant), by=office)
    use(grant, 5, ago=35, job=2)
    use(grant, 90, ago=40)  # a correction of the first
    fresh = Closure.objects.select_related("allocation__account").get(pk=closure.pk)
    digest = hashlib.sha256(merkle.canonical(fresh.content)).hexdigest()
    assert digest == fresh.content_hash == closure.content_hash
    assert ledger.balance(fresh.allocation.account).available == 5 * HOUR
    assert since(fresh).seconds == -5 * HOUR
    assert list(differences()) == []


def test_twice(office):
    grant = settled()
    closures.close_books(grant, by=office)
    with pytest.raises(closures.BooksClosed):
        closures.close_books(grant, by=office)


def test_what_must_be_there_first(office):
    grant = ended(days=30)
    assert "still runs" in missing(grant)
    allocations.close(grant, reason="Over.", by=None)
    assert "Final report" in missing(grant)
    with pytest.raises(closures.NotReady, match="Final report"):
        closures.close_books(grant, by=office)
    reports.accept(submitted_report(grant), by=office)
    assert missing(grant) == ""
    assert not Closure.objects.exists()


def test_late_records_are_waited_for():
    grant = settled(days=10)
    assert "Late records are waited for" in missing(grant)
    Allocation.objects.filter(pk=grant.pk).update(ends_on=grant.ends_on - 20 * DAY)
    assert missing(grant) == ""


def test_a_running_job_keeps_the_books_open():
    grant = ended()
    use(grant, 10, ago=40, state="RUNNING")
    assert "A job still runs" in missing(finish(grant))


def test_the_machine_must_have_been_read_since():
    grant = ended(days=30)
    use(grant, 10, ago=40)
    old = timezone.now() - 35 * DAY
    UsageImport.objects.update(finished_at=old)
    assert "was not read since" in missing(finish(grant))


def test_a_waived_final_report_will_do(office):
    grant = ended()
    allocations.close(grant, reason="Over.", by=None)
    reports.waive(grant.reports.get(kind="final"), reason="Nothing ran.", by=office)
    assert closures.close_books(grant, by=office).pk


def test_what_expires_by_rule_and_with_a_closed_call(office):
    body = {"return_percent": 40}
    programme.publish(kind="closing", since=timezone.localdate(), body=body, by=office)
    closure = closures.close_books(settled(hours=100), by=office)
    assert (closure.returned_seconds, closure.expired_seconds) == (40 * HOUR, 60 * HOUR)
    grant = settled(hours=100)
    Call.objects.filter(pk=grant.proposal.call_id).update(state="closed")
    assert closures.close_books(grant, by=office).returned_seconds == 0
    assert list(differences()) == []


def test_nothing_returns_from_an_overused_grant(office):
    grant = ended(hours=10)
    use(grant, 12, ago=40)
    closure = closures.close_books(finish(grant), by=office)
    assert (closure.returned_seconds, closure.expired_seconds) == (0, 0)
    assert closure.content["figures"]["left_seconds"] == -2 * HOUR


def test_who_closes_books(office):
    grant = settled()
    for who in (grant.proposal.lead, operator_for(grant), member()):
        with pytest.raises(PermissionDenied, match="Only the R&D office"):
            closures.close_books(grant, by=who)
    AffiliationFactory.create(user=office, institution=grant.proposal.institution)
    with pytest.raises(PermissionDenied, match="interest"):
        closures.close_books(grant, by=office)


def test_many_at_once_each_by_itself(office):
    ready, early = settled(), settled(days=3)
    done = settled()
    closures.close_books(done, by=office)
    outcomes = closures.close_many([ready, early, done], by=office)
    assert [row.number for row in outcomes] == [ready.number, early.number, done.number]
    assert [row.closure is not None for row in outcomes] == [True, False, False]
    assert "Late records" in outcomes[1].reason
    assert "closed already" in outcomes[2].reason


def test_the_office_is_told_of_grants_to_close(office):
    assert not list(to_close(office))
    grant = settled()
    (task,) = to_close(office)
    assert task.verb == "Close"
    assert not list(to_close(grant.proposal.lead))
    closures.close_books(grant, by=office)
    assert not list(to_close(office))


# An early end


def test_the_lead_ends_a_grant_early_with_confirmation():
    today = timezone.localdate()
    grant = active(starts_on=today - 10 * DAY, ends_on=today + 355 * DAY)
    lead = grant.proposal.lead
    with pytest.raises(Invalid) as caught:
        closures.end_early(grant, reason="Done.", confirm=False, by=lead)
    assert "confirm" in caught.value.errors
    with pytest.raises(Invalid):
        closures.end_early(grant, reason=" ", confirm=True, by=lead)
    ended_early = closures.end_early(grant, reason="Done.", confirm=True, by=lead)
    assert ended_early.state == "closed"
    assert grant.reports.get(kind="final").due_on == today + 60 * DAY
    with pytest.raises((WrongState, PermissionDenied)):
        closures.end_early(grant, reason="Again.", confirm=True, by=lead)


def test_nobody_else_ends_it_early():
    grant = active()
    for who in (operator_for(grant), research_officer(), member()):
        with pytest.raises(PermissionDenied, match="Only the lead"):
            closures.end_early(grant, reason="x", confirm=True, by=who)
    with pytest.raises(PermissionDenied):
        allocations.close(grant, reason="x", by=member())

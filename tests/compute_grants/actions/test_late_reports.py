"""What a late report brings, when, and how it ends."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants import tasks
from compute_grants.actions import (
    allocations,
    amendments,
    late_reports,
    programme,
    proposals,
    reports,
)
from compute_grants.models import Allocation, GrantReport, Sanction, SanctionNotice
from compute_grants.policies.obligations import may_ask_for_more, overdue_reports
from consortium.actions import desired
from consortium.errors import Invalid
from consortium.models import AuditEvent, Notification
from consortium.reconciliation import differences
from tests.factories import compute_grants as make
from tests.factories.allocations import active, operator_for
from tests.factories.consortium import member, research_officer
from tests.factories.reports import report_of, submitted_report, written_report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def office():
    return research_officer()


def running() -> Allocation:
    today = timezone.localdate()
    return active(starts_on=today - 10 * DAY, ends_on=today + 355 * DAY)


@pytest.fixture
def grant() -> Allocation:
    return running()


def late(grant, days: int) -> GrantReport:
    """The grant's report, so many days late, with every sweep since its due date run."""
    today = timezone.localdate()
    report = report_of(grant)
    GrantReport.objects.filter(pk=report.pk).update(due_on=today - days * DAY)
    report.refresh_from_db()
    for ago in range(days - 1, -1, -1):
        late_reports.follow(today - ago * DAY)
    report.refresh_from_db()
    return report


def state(grant) -> str:
    return Allocation.objects.get(pk=grant.pk).state


def codes(person) -> list[str]:
    """What the person was told of reports, in order."""
    rows = Notification.objects.filter(person=person, code__startswith="report.")
    return list(rows.order_by("pk").values_list("code", flat=True))


def test_a_report_that_is_not_late_brings_nothing(grant):
    assert late_reports.follow(report_of(grant).due_on) == 0
    assert may_ask_for_more(grant.proposal.lead)


def test_each_step_is_announced_taken_once_and_audited(grant):
    report = late(grant, 30)
    lead = grant.proposal.lead
    assert codes(lead) == ["report.refused_soon"]
    assert may_ask_for_more(lead)
    assert overdue_reports(lead, timezone.localdate()) == 1
    late_reports.follow(report.due_on + 31 * DAY)
    refusal = may_ask_for_more(lead)
    assert not refusal
    assert report.number in str(refusal.reason)
    assert report.get_absolute_url() in str(refusal.reason)
    for days in (77, 90):
        late_reports.follow(report.due_on + days * DAY)
    assert state(grant) == "active"
    for _ in range(2):
        late_reports.follow(report.due_on + 91 * DAY)
    assert state(grant) == "suspended"
    assert codes(lead) == [
        "report.refused_soon",
        "report.refused",
        "report.suspended_soon",
        "report.suspended",
        "report.grant_suspended",
    ]
    taken = AuditEvent.objects.filter(action="report.sanctioned")
    assert [event.detail["step"] for event in taken.order_by("pk")] == ["refused", "suspended"]
    desired.reconcile_due()
    assert list(differences()) == []


def test_no_step_without_its_notice(grant):
    """A sweep that was down for months warns first."""
    report = report_of(grant)
    today = timezone.localdate()
    GrantReport.objects.filter(pk=report.pk).update(due_on=today - 200 * DAY)
    late_reports.follow(today)
    assert may_ask_for_more(grant.proposal.lead)
    late_reports.follow(today + 13 * DAY)
    assert may_ask_for_more(grant.proposal.lead)
    late_reports.follow(today + 14 * DAY)
    assert not may_ask_for_more(grant.proposal.lead)
    assert state(grant) == "suspended"


def test_no_proposals_and_requests_until_it_is_in(grant):
    lead = grant.proposal.lead
    call = make.call_with()
    draft = make.proposal_for(call, lead=lead, institution=grant.proposal.institution)
    wish = amendments.Wish(reason="More data.", seconds=3600)
    asked = amendments.ask(grant, kind="supplement", wish=wish, by=lead)
    report = late(grant, 31)
    for act in (
        lambda: proposals.submit(draft, by=lead),
        lambda: amendments.submit(asked, by=lead),
    ):
        with pytest.raises(late_reports.ReportsLate, match=report.number):
            act()
    submitted_report(grant)
    assert proposals.submit(draft, by=lead)
    assert amendments.submit(asked, by=lead)


def test_other_people_are_not_touched(grant):
    other = running()
    late(grant, 91)
    assert state(other) == "active"
    assert may_ask_for_more(other.proposal.lead)


def test_submission_lifts_at_once_whatever_the_office_says_later(grant, office):
    lead = grant.proposal.lead
    late(grant, 91)
    report = submitted_report(grant)
    assert state(grant) == "active"
    assert may_ask_for_more(lead)
    assert "report.grant_resumed" in codes(lead)
    returned = reports.send_back(report, reason="More.", by=office)
    assert returned.due_on == timezone.localdate() + 14 * DAY
    late_reports.follow()
    assert state(grant) == "active"
    desired.reconcile_due()
    assert list(differences()) == []


@pytest.mark.parametrize("way", ["extend", "waive"])
def test_more_time_and_a_waiver_lift_too(grant, office, way):
    report = late(grant, 91)
    if way == "extend":
        due_on = timezone.localdate() + 10 * DAY
        reports.extend(report, due_on=due_on, reason="Ill.", by=office)
    else:
        reports.waive(report, reason="Nothing ran.", by=office)
    assert state(grant) == "active"
    assert may_ask_for_more(grant.proposal.lead)
    assert late_reports.follow() == 0


def test_a_suspension_with_another_cause_stays(grant, office):
    allocations.suspend(grant, reason="Audit.", by=operator_for(grant))
    late(grant, 91)
    submitted_report(grant)
    assert state(grant) == "suspended"


def test_what_staff_suspended_anew_stays(grant, office):
    late(grant, 91)
    operator = operator_for(grant)
    allocations.resume(grant, by=operator)
    late_reports.follow()
    assert state(grant) == "active"  # staff's word holds for this step
    allocations.suspend(grant, reason="Audit.", by=operator)
    submitted_report(grant)
    assert state(grant) == "suspended"


def test_overuse_keeps_it_suspended(grant):
    late(grant, 91)
    Allocation.objects.filter(pk=grant.pk).update(overuse="suspended")
    submitted_report(grant)
    grant.refresh_from_db()
    assert (grant.state, grant.suspended_by_rule) == ("suspended", True)


def test_two_late_reports_one_suspension(grant, office):
    other = active(
        resource=grant.resource,
        proposal=grant.proposal,
        starts_on=grant.starts_on,
        ends_on=grant.ends_on,
    )
    late(grant, 91)
    late(other, 91)
    assert (state(grant), state(other)) == ("suspended", "suspended")
    submitted_report(grant)
    assert (state(grant), state(other)) == ("suspended", "suspended")
    assert not may_ask_for_more(grant.proposal.lead)
    submitted_report(other)
    assert (state(grant), state(other)) == ("active", "active")
    assert not Sanction.objects.standing().exists()


def test_closing_ends_what_a_waived_progress_report_brought(grant):
    late(grant, 31)
    allocations.close(grant, reason="Done.", by=None)
    late_reports.follow()
    assert may_ask_for_more(grant.proposal.lead)


def test_only_the_office_excuses(grant, office):
    report = report_of(grant)
    due_on = report.due_on + DAY
    for who in (grant.proposal.lead, operator_for(grant), member()):
        with pytest.raises(PermissionDenied, match="more time"):
            reports.extend(report, due_on=due_on, reason="x", by=who)
        with pytest.raises(PermissionDenied, match="more time"):
            reports.waive(report, reason="x", by=who)
    for fields in ({"due_on": report.due_on, "reason": "x"}, {"due_on": due_on, "reason": " "}):
        with pytest.raises(Invalid):
            reports.extend(report, **fields, by=office)
    with pytest.raises(Invalid):
        reports.waive(report, reason=" ", by=office)
    written_report(grant)
    assert reports.waive(report, reason="Merged.", by=office).state == "waived"
    with pytest.raises(reports.NotWriting):
        reports.extend(report, due_on=due_on, reason="x", by=office)


def test_the_days_are_a_rule(grant, office):
    body = {"refuse_after_days": 5, "suspend_after_days": 6, "notice_days": 1}
    today = timezone.localdate()
    wrong = body | {"suspend_after_days": 4}
    with pytest.raises(Invalid):
        programme.publish(kind="late_reports", since=today, body=wrong, by=office)
    programme.publish(kind="late_reports", since=today, body=body, by=office)
    report = report_of(grant)
    GrantReport.objects.filter(pk=report.pk).update(due_on=today)
    for days in range(8):
        late_reports.follow(today + days * DAY)
    assert state(grant) == "suspended"


def test_the_sweep_of_reports_follows_late_ones(grant):
    report = report_of(grant)
    GrantReport.objects.filter(pk=report.pk).update(due_on=timezone.localdate() - 40 * DAY)
    tasks.sweep_reports()
    notice = SanctionNotice.objects.get(report=report)
    assert notice.begins_on > timezone.localdate()

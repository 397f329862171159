"""Reports on grants: asked for, written, handed in, judged, and what follows from them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import allocations, programme, release_schedule, report_dates, reports
from compute_grants.actions.report_reminders import remind
from compute_grants.models import Allocation, GrantReport
from compute_grants.queries.tasks.reports import my_reports, to_judge
from consortium.errors import Invalid, Stale, WrongState
from consortium.inbox import read_together
from consortium.models import AuditEvent, Notification
from tests.factories.allocations import active, closed, operator_for
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import (
    AffiliationFactory,
    deployment_officer,
    member,
    research_officer,
    staff,
)
from tests.factories.reports import TEXTS, report_of, submitted_report, written_report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HALVES = [
    {"percent": 50, "condition": "award", "after_days": 0},
    {"percent": 50, "condition": "report", "after_days": 120},
]


def running(**fields) -> Allocation:
    today = timezone.localdate()
    return active(**{"starts_on": today - 10 * DAY, "ends_on": today + 355 * DAY} | fields)


def halved() -> Allocation:
    rule = {"kind": "release_schedule", "since": timezone.localdate()}
    programme.publish(**rule, body={"parts": HALVES}, by=research_officer())
    return running(hours=1000)


@pytest.fixture
def office():
    return research_officer()


# Asking


def test_a_progress_report_is_due_at_the_middle_of_the_term():
    grant = running()
    report = grant.reports.get()
    assert (report.kind, report.position, report.state) == ("progress", 0, "due")
    assert report.due_on == grant.starts_on + timedelta(days=365 * 50 // 100)


def test_a_short_term_has_none_and_a_passed_middle_none_either():
    today = timezone.localdate()
    assert not running(ends_on=today + 100 * DAY).reports.exists()
    assert not running(starts_on=today - 350 * DAY, ends_on=today + 14 * DAY).reports.exists()


def test_one_is_due_with_each_part_that_waits_for_it():
    grant = halved()
    report = grant.reports.get()
    assert (report.position, report.due_on) == (2, grant.starts_on + 120 * DAY)


def test_the_final_report_is_asked_for_before_the_end_and_follows_it():
    today = timezone.localdate()
    grant = running(starts_on=today - 70 * DAY, ends_on=today + 30 * DAY)
    assert report_dates.sweep() == 1
    assert report_dates.sweep() == 0
    report = grant.reports.get()
    assert (report.kind, report.due_on) == ("final", grant.ends_on + 60 * DAY)
    assert Notification.objects.get(code="report.asked").person == grant.proposal.lead
    Allocation.objects.filter(pk=grant.pk).update(ends_on=grant.ends_on + 60 * DAY)
    assert (report_dates.sweep(), report_dates.sweep()) == (1, 0)
    report.refresh_from_db()
    assert report.due_on == grant.ends_on + 120 * DAY


def test_closing_asks_for_the_final_report_and_waives_the_progress_report():
    grant = running()
    allocations.close(grant, reason="Done early.", by=None)
    progress, final = grant.reports.order_by("pk")
    assert (progress.state, final.state) == ("waived", "due")
    assert final.due_on == timezone.localdate() + 60 * DAY
    assert report_dates.sweep() == 0


def test_nobody_is_asked_on_short_notice():
    today = timezone.localdate()
    grant = running(starts_on=today - 400 * DAY, ends_on=today - 300 * DAY)
    report_dates.sweep()
    assert grant.reports.get().due_on == today + 14 * DAY


def test_the_sweep_finds_what_no_action_asked_for():
    grant = running()
    grant.reports.all().delete()
    assert report_dates.sweep() == 1
    assert grant.reports.get().kind == "progress"


def test_the_days_are_a_rule_of_the_programme(office):
    rule = {"progress_percent": 25, "final_days": 10}
    programme.publish(kind="reports", since=timezone.localdate(), body=rule, by=office)
    grant = running()
    assert grant.reports.get().due_on == grant.starts_on + timedelta(days=365 * 25 // 100)
    with pytest.raises(Invalid):
        programme.publish(
            kind="reports", since=timezone.localdate(), body={"least_days": 0}, by=office
        )


# Writing


def test_members_write_together_and_nothing_is_overwritten_unseen():
    grant, friend = running(), member()
    allocations.add_member(grant, user=friend, by=grant.proposal.lead)
    report = report_of(grant)
    saved = reports.save(report, version=1, achievements="Mine.", by=friend)
    assert (saved.state, saved.version) == ("draft", 2)
    with pytest.raises(reports.ReportChanged) as caught:
        reports.save(report, version=1, achievements="Other.", by=grant.proposal.lead)
    assert caught.value.differences == ["achievements"]
    same = reports.save(report, version=1, achievements="Mine.", by=grant.proposal.lead)
    assert same.version == 2


def test_who_is_no_member_writes_nothing():
    grant = running()
    report = report_of(grant)
    for who in (operator_for(grant), research_officer(), member(), staff("auditor")):
        with pytest.raises(PermissionDenied, match="members of the grant"):
            reports.save(report, version=1, achievements="x", by=who)
        with pytest.raises(PermissionDenied, match="members of the grant"):
            reports.submit(report, by=who)


def test_a_member_who_left_writes_no_more():
    grant, friend = running(), member()
    allocations.add_member(grant, user=friend, by=grant.proposal.lead)
    allocations.remove_member(grant, user=friend, by=grant.proposal.lead)
    with pytest.raises(PermissionDenied):
        reports.save(report_of(grant), version=1, achievements="x", by=friend)


def test_strangers_see_no_report():
    grant = running()
    report = report_of(grant)
    assert GrantReport.objects.visible_to(operator_for(grant)).get() == report
    for who in (member(), deployment_officer()):
        assert not GrantReport.objects.visible_to(who).exists()


def test_what_is_handed_in_is_whole_and_keeps_the_figures():
    grant = running(hours=100)
    lead = grant.proposal.lead
    with pytest.raises(Invalid) as caught:
        reports.submit(written_report(grant, energy_note=" "), by=lead)
    assert list(caught.value.errors) == ["energy_note"]
    report = written_report(grant)
    with pytest.raises(Stale):
        reports.submit(report, version=1, by=lead)
    submission = reports.submit(report, version=report.version, by=lead)
    assert submission.content["figures"]["granted_seconds"] == 100 * HOUR
    assert submission.content["achievements"] == TEXTS["achievements"]
    assert len(submission.content_hash) == 64
    with pytest.raises(WrongState):
        reports.submit(report, by=lead)
    with pytest.raises(reports.NotWriting):
        reports.save(report, version=report.version, achievements="Later.", by=lead)


# Judging


def test_returned_corrected_accepted(office):
    report = submitted_report(running())
    lead = report.allocation.proposal.lead
    with pytest.raises(Invalid):
        reports.send_back(report, reason=" ", by=office)
    reports.send_back(report, reason="Name the data.", by=office)
    saved = reports.save(report, version=report.version, deviations="One.", by=lead)
    assert saved.state == "returned"
    reports.submit(saved, by=lead)
    done = reports.accept(report, by=office)
    assert (done.state, done.judged_by) == ("accepted", office)
    assert done.submissions.count() == 2
    with pytest.raises(WrongState):
        reports.send_back(report, reason="Again.", by=office)
    told = Notification.objects.filter(person=lead, code__startswith="report.")
    assert set(told.values_list("code", flat=True)) == {"report.returned", "report.accepted"}
    steps = AuditEvent.objects.filter(action__startswith="report.").values_list("action", flat=True)
    assert {"report.asked", "report.saved", "report.submitted", "report.accepted"} <= set(steps)


def test_only_the_office_judges_and_never_its_own(office):
    report = submitted_report(running())
    lead = report.allocation.proposal.lead
    for who in (lead, operator_for(report.allocation), member()):
        with pytest.raises(PermissionDenied, match="Only the R&D office"):
            reports.accept(report, by=who)
    AffiliationFactory.create(user=office, institution=report.allocation.proposal.institution)
    for act in (reports.accept, reports.send_back):
        with pytest.raises(PermissionDenied, match="interest"):
            act(report, reason="Fine.", by=office)


def test_acceptance_releases_the_part_that_waited_for_it_and_no_other(office):
    grant = halved()
    reports.accept(submitted_report(grant), by=office)
    grant.refresh_from_db()
    assert (grant.seconds, grant.held_seconds) == (1000 * HOUR, 0)


def test_acceptance_after_the_part_was_released_by_hand(office):
    grant = halved()
    report = submitted_report(grant)
    release_schedule.release(grant.tranches.get(state="planned"), by=office)
    assert reports.accept(report, by=office).state == "accepted"
    grant.refresh_from_db()
    assert grant.seconds == 1000 * HOUR


# Reminders and tasks


def test_each_reminder_goes_out_once(office):
    report = report_of(running())
    lead = report.allocation.proposal.lead
    told = Notification.objects.filter(person=lead, code__startswith="report.")
    codes = []
    for days in (31, 30, 29, 7, 6, 0, -1, -9):
        today = report.due_on - timedelta(days=days)
        remind(today)
        remind(today)
        codes.append(told.count())
    assert codes == [0, 1, 1, 2, 2, 3, 4, 4]
    assert Notification.objects.filter(code="report.overdue").count() == 1


def test_what_is_in_is_not_reminded_of():
    report = submitted_report(running())
    assert remind(report.due_on + DAY) == 0


def test_the_dashboard_names_the_report_and_its_day(office):
    today = timezone.localdate()
    grant = running(starts_on=today - 70 * DAY, ends_on=today + 20 * DAY)
    report_dates.sweep()
    lead = grant.proposal.lead
    assert not read_together(my_reports(lead))
    GrantReport.objects.update(due_on=today + 20 * DAY)
    (task,) = read_together(my_reports(lead))
    assert (task.verb, grant.number in task.why) == ("Submit", True)
    assert not read_together(to_judge(office))
    report = submitted_report(grant)
    assert not read_together(my_reports(lead))
    (task,) = read_together(to_judge(office))
    assert task.href == report.get_absolute_url()
    assert not read_together(to_judge(lead))


def test_a_closed_grants_report_can_be_judged(office):
    report = submitted_report(closed())
    assert report.is_final
    assert reports.accept(report, by=office).state == "accepted"

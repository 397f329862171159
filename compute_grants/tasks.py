"""Celery entry points. A message is only a hint: each task finds its work in the database."""

from celery import shared_task
from django.utils import timezone

from compute_grants.actions import (
    acceptances,
    alerts,
    allocations,
    assignment_plans,
    award_runs,
    call_news,
    calls,
    departures,
    drift,
    late_reports,
    maintenance,
    overuse,
    provisioning,
    reclaims,
    release_schedule,
    reminders,
    report_dates,
    report_reminders,
    tie_detection,
    usage,
    waitlist,
)
from compute_grants.models import Allocation


@shared_task(name="compute_grants.charge_unmatched")
def charge_unmatched() -> None:
    """Charge runs whose account has become an allocation's since they were read."""
    usage.charge_waiting()


@shared_task(name="compute_grants.sweep_allocations")
def sweep_allocations() -> None:
    """Every few minutes: close what is over, mark dead imports, charge what was left."""
    while allocations.close_ended(timezone.localdate()):
        pass
    while release_schedule.release_due(timezone.localdate()):
        pass
    reclaims.plan(by=None)
    usage.interrupt_stale()
    usage.charge_waiting()
    overuse.follow(Allocation.objects.all())
    alerts.look(Allocation.objects.all())


@shared_task(name="compute_grants.look_at_alerts")
def look_at_alerts() -> None:
    """After an import: fire what has been crossed. The sweep does the same."""
    alerts.look(Allocation.objects.all())


@shared_task(name="compute_grants.follow_the_clock")
def follow_the_clock() -> None:
    """Every minute: what is due of calls and maintenance; people who left leave their grants."""
    calls.follow_the_clock()
    call_news.remind_of_closing()
    maintenance.follow_the_clock()
    departures.remove_leavers(timezone.localdate())


@shared_task(name="compute_grants.look_at_clusters")
def look_at_clusters() -> None:
    """Every minute: users that were missing on machines, and jobs that wait there."""
    provisioning.look_for_users()
    provisioning.read_queues()


@shared_task(name="compute_grants.compare_clusters")
def compare_clusters() -> None:
    """Every half hour: where machines differ from what their grants want."""
    drift.compare_all()


@shared_task(name="compute_grants.remind_reviewers")
def remind_reviewers() -> None:
    """Every few minutes: remind of reviews that are due, and tell the office of late ones."""
    reminders.remind()


@shared_task(name="compute_grants.detect_ties")
def detect_ties() -> None:
    """Every hour: find who published together or worked on one proposal."""
    tie_detection.detect()


@shared_task(name="compute_grants.sweep_reports")
def sweep_reports() -> None:
    """Every few minutes: ask for the reports that are owed, remind, and follow up late ones."""
    while report_dates.sweep():
        pass
    report_reminders.remind()
    late_reports.follow()


@shared_task(name="compute_grants.carry_out_award_run")
def carry_out_award_run(pk: int) -> None:
    """Take up one run of the award optimiser, if nobody has."""
    award_runs.carry_out(pk)


@shared_task(name="compute_grants.sweep_award_runs")
def sweep_award_runs() -> None:
    """Every half minute: queue again what dead workers left, wake workers for what waits."""
    award_runs.sweep()


@shared_task(name="compute_grants.compute_plans")
def compute_plans() -> None:
    """Every minute, and when one is asked for: compute the plans of reviewers that wait."""
    assignment_plans.compute_waiting()


@shared_task(name="compute_grants.move_waitlists")
def move_waitlists() -> None:
    """Every few minutes: let late awards lapse; propose whoever comes next where time is."""
    acceptances.follow(timezone.localdate())
    waitlist.sweep()

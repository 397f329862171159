"""Reports that come due: two reminders before, one on the day, one after. Each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from compute_grants import programme
from compute_grants.actions.report_dates import rule
from compute_grants.models import GrantReport, ReportReminder
from compute_grants.queries.reports import answerable
from consortium import audit
from consortium.actions.notices import notify

Step = ReportReminder.Step
_CODES = {
    Step.FIRST: "report.due_soon",
    Step.LAST: "report.due_soon",
    Step.DUE: "report.due_today",
    Step.OVERDUE: "report.overdue",
}


def remind(today: date | None = None) -> int:
    """Take every step that has come and was not taken, each once for its due date.

    Returns how many were taken. Safe to repeat, and to run twice at once.
    """
    today = today or timezone.localdate()
    given = rule()
    return sum(_remind_one(pk, step) for step in Step for pk in _waiting(step, given, today))


def _waiting(step: Step, given: programme.Reports, today: date) -> Iterator[int]:
    """Ids of reports for which `step` is the last that has come, and was not taken."""
    first, last = (timedelta(days=n) for n in (given.first_reminder_days, given.last_reminder_days))
    came = {
        Step.FIRST: Q(due_on__lte=today + first, due_on__gt=today + last),
        Step.LAST: Q(due_on__lte=today + last, due_on__gt=today),
        Step.DUE: Q(due_on=today),
        Step.OVERDUE: Q(due_on__lt=today),
    }[step]
    taken = ReportReminder.objects.filter(
        report=OuterRef("pk"), step=step, due_on=OuterRef("due_on")
    )
    rows = GrantReport.objects.owed().filter(came, ~Exists(taken))
    yield from rows.order_by("due_on", "pk").values_list("pk", flat=True)


@transaction.atomic
def _remind_one(pk: int, step: Step) -> bool:
    rows = GrantReport.objects.select_for_update(of=("self",), skip_locked=True).owed()
    report = rows.select_related("allocation__proposal").filter(pk=pk).first()
    if report is None:
        return False
    _row, new = ReportReminder.objects.get_or_create(report=report, step=step, due_on=report.due_on)
    if not new:
        return False
    audit.record("report.reminded", report, by=None, step=str(step))
    notify(
        _CODES[step],
        to=answerable(report.allocation),
        about=report,
        grant=report.allocation.number,
        due_on=report.due_on.isoformat(),
    )
    return True

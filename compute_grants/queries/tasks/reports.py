"""Reports on grants that wait for their writers, and for the office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.models import AllocationMember, GrantReport
from compute_grants.queries.grant_usage import BEIJING
from compute_grants.queries.tasks.words import SHOWN
from consortium.inbox import Task
from consortium.models import ArmAppointment, User
from consortium.roles import standing

AHEAD = timedelta(days=30)
State = GrantReport.State


def my_reports(user: User) -> Iterator[Task]:
    """What the lead and the deputies owe within a month, and what was returned. One query."""
    today = timezone.localdate()
    deputy = AllocationMember.objects.filter(
        allocation=OuterRef("allocation"),
        user=user,
        role=AllocationMember.Role.DEPUTY,
        until__isnull=True,
    )
    rows = GrantReport.objects.owed().filter(
        Q(due_on__lte=today + AHEAD) | Q(state=State.RETURNED),
        Q(allocation__proposal__lead=user) | Exists(deputy),
    )
    for report in rows.shown().order_by("due_on", "pk")[:SHOWN]:
        yield Task(
            verb=_("Submit"),
            title=f"{report.get_kind_display()} {report.number}",
            href=reverse("compute_grants:report_edit", args=[report.number]),
            why=_why(report, today),
            due=_end_of(report.due_on),
            tone="warn" if report.due_on <= today or report.state == State.RETURNED else "plain",
        )


def _why(report: GrantReport, today: date) -> str:
    if report.state == State.RETURNED:
        return _("The R&D office returned it for correction.")
    facts = {
        "grant": report.allocation.number,
        "day": date_format(report.due_on, "DATE_FORMAT"),
    }
    if report.late_on(today):
        return _("The report on %(grant)s was due on %(day)s and is not in.") % facts
    if report.is_final:
        return _("Submit the final report of %(grant)s by %(day)s.") % facts
    return _("Submit the progress report of %(grant)s by %(day)s.") % facts


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, tzinfo=BEIJING)


def to_judge(user: User) -> Iterator[Task]:
    """Reports that are in, the longest waiting first; never those of one's own grants."""
    if ArmAppointment.Office.RESEARCH not in standing(user).offices:
        return
    rows = GrantReport.objects.filter(state=State.SUBMITTED).shown()
    own = GrantReport.objects.written_by(user).values("pk")
    for report in rows.exclude(pk__in=own).order_by("submitted_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("Judge"),
            title=f"{report.get_kind_display()} {report.number}",
            href=report.get_absolute_url(),
            why=_("The report of a grant was submitted. Accept it or return it."),
        )

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
from consortium.inbox import Facts, Part, Task
from consortium.models import ArmAppointment, User
from consortium.roles import standing

AHEAD = timedelta(days=30)
State = GrantReport.State


def my_reports(user: User) -> Iterator[Part[Task]]:
    """What the lead and the deputies owe within a month, and what was returned."""
    deputy = AllocationMember.objects.filter(
        allocation=OuterRef("allocation"),
        user=user,
        role=AllocationMember.Role.DEPUTY,
        until__isnull=True,
    )
    rows = GrantReport.objects.owed().filter(
        Q(due_on__lte=timezone.localdate() + AHEAD) | Q(state=State.RETURNED),
        Q(allocation__proposal__lead=user) | Exists(deputy),
    )
    columns = ("number", "kind", "state", "due_on")
    facts = {name: name for name in columns} | {"grant": "allocation__number"}
    yield Part(rows.order_by("due_on", "pk"), facts, _owed)


def _owed(row: Facts) -> Task:
    late = row.day("due_on") <= timezone.localdate()
    return Task(
        verb=_("Submit"),
        title=f"{GrantReport.Kind(row.kind).label} {row.number}",
        href=reverse("compute_grants:report_edit", args=[row.number]),
        why=_why(row),
        due=_end_of(row.day("due_on")),
        tone="warn" if late or row.state == State.RETURNED else "plain",
    )


def _why(row: Facts) -> str:
    if row.state == State.RETURNED:
        return _("The R&D office returned it for correction.")
    due_on = row.day("due_on")
    facts = {"grant": row.grant, "day": date_format(due_on, "DATE_FORMAT")}
    if due_on < timezone.localdate():
        return _("The report on %(grant)s was due on %(day)s and is not in.") % facts
    if row.kind == GrantReport.Kind.FINAL:
        return _("Submit the final report of %(grant)s by %(day)s.") % facts
    return _("Submit the progress report of %(grant)s by %(day)s.") % facts


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, tzinfo=BEIJING)


def to_judge(user: User) -> Iterator[Part[Task]]:
    """Reports that are in, the longest waiting first; never those of one's own grants."""
    if ArmAppointment.Office.RESEARCH not in standing(user).offices:
        return
    rows = GrantReport.objects.filter(state=State.SUBMITTED)
    own = GrantReport.objects.written_by(user).values("pk")
    yield Part(
        rows.exclude(pk__in=own).order_by("submitted_at", "pk"),
        {"number": "number", "kind": "kind"},
        _to_judge,
    )


def _to_judge(row: Facts) -> Task:
    return Task(
        verb=_("Judge"),
        title=f"{GrantReport.Kind(row.kind).label} {row.number}",
        href=reverse("compute_grants:report", args=[row.number]),
        why=_("The report of a grant was submitted. Accept it or return it."),
    )

"""Progress reports: written, judged, given more time, one late; and what came of the grants."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from compute_grants.actions import outputs, reports
from compute_grants.models import GrantReport
from consortium.models import User
from portal.demo import clock
from portal.demo.content_reports import COMPUTE_USE, ENERGY_NOTE, REPORTS, RETURNED, ReportRow
from portal.demo.grants import OFFICE
from portal.demo.people import person

EXTENSION = "The machine was down for maintenance in the reporting period."


def load() -> None:
    for row in REPORTS:
        report = GrantReport.objects.get(
            kind=GrantReport.Kind.PROGRESS, allocation__proposal__title_en=row.grant
        )
        _tell(report, row, report.allocation.proposal.lead)


def _tell(report: GrantReport, row: ReportRow, lead: User) -> None:
    """The report's story, each step a few days after the one before."""
    due = datetime.combine(report.due_on, time(9), timezone.get_default_timezone())
    written = due - timedelta(days=4)
    if row.extended is not None:
        with clock.at(due - timedelta(days=6)):
            until = clock.days(row.extended).date()
            report = reports.extend(report, due_on=until, reason=EXTENSION, by=person(OFFICE))
        written = clock.days(min(row.extended, 0) - 1)
    if not row.achievements:
        return
    with clock.at(written):
        _write(report, row, lead)
        if row.reaches == "writing":
            return
        reports.submit(report, by=lead)
    with clock.at(written + timedelta(days=9)):
        if row.reaches == "accepted":
            reports.accept(report, by=person(OFFICE))
    if row.reaches == "returned":
        with clock.at(clock.days(-2)):
            reports.send_back(report, reason=RETURNED, by=person(OFFICE))


def _write(report: GrantReport, row: ReportRow, lead: User) -> None:
    reports.save(
        report,
        version=report.version,
        by=lead,
        achievements=row.achievements,
        deviations=row.deviations,
        compute_use=COMPUTE_USE,
        energy_note=ENERGY_NOTE,
    )
    for work in row.outputs:
        outputs.add(work, grants=[report.allocation], report=report, by=lead)

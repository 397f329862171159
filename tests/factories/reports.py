"""Reports on grants, as the actions leave them."""

from compute_grants.actions import reports
from compute_grants.models import Allocation, GrantReport

TEXTS = {
    "achievements": "The model reached its target.",
    "deviations": "None.",
    "compute_use": "As planned, with a tenth more in training.",
    "energy_note": "Checkpoints were spaced to save energy.",
}


def report_of(allocation: Allocation) -> GrantReport:
    """The report that the grant owes last: the final one of a closed grant."""
    return allocation.reports.order_by("pk").last()


def written_report(allocation: Allocation, **texts: str) -> GrantReport:
    """Begun and complete, not handed in."""
    report = report_of(allocation)
    lead = allocation.proposal.lead
    return reports.save(report, version=report.version, by=lead, **TEXTS | texts)


def submitted_report(allocation: Allocation) -> GrantReport:
    report = written_report(allocation)
    reports.submit(report, by=allocation.proposal.lead)
    report.refresh_from_db()
    return report

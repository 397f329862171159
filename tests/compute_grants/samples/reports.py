"""Samples of reports on grants: one being written, one that waits for the office."""

from datetime import timedelta

from django.utils import timezone

from compute_grants.models import GrantReport
from tests.factories import allocations as grants
from tests.factories.consortium import research_officer
from tests.factories.reports import submitted_report, written_report
from tests.samples import Samples


def samples() -> Samples:
    today = timezone.localdate()
    grant = grants.active(starts_on=today - timedelta(days=90), ends_on=today + timedelta(days=275))
    draft: GrantReport = written_report(grant)
    lead, office = grant.proposal.lead, research_officer()
    waiting = submitted_report(grants.closed(resource=grant.resource))
    own, sent = {"number": draft.number}, {"number": waiting.number}
    return {
        "compute_grants:report_list": ({}, lead),
        "compute_grants:report": (sent, office),
        "compute_grants:report_extend": (own, office),
        "compute_grants:report_waive": (own, office),
        "compute_grants:report_edit": (own, lead),
        "compute_grants:report_check": (own, lead),
        "compute_grants:report_receipt": (sent, office),
        "api:grantreport-detail": (own, lead),
        "api:grantreport-figures": (own, lead),
        "api:grantreport-submit": (own, lead),
        "api:grantreport-extend": (own, office),
        "api:grantreport-waive": (own, office),
        "api:grantreport-accept": (sent, office),
        "api:grantreport-return": (sent, office),
    }

"""Grants that ended, ready to have their books closed."""

from datetime import timedelta

from django.utils import timezone

from compute_grants.actions import allocations, reports
from compute_grants.models import Allocation
from tests.factories.allocations import active
from tests.factories.consortium import research_officer
from tests.factories.reports import submitted_report


def settled(*, days: int = 30, **fields) -> Allocation:
    """Ended so many days ago, its final report accepted. It may have used something before."""
    today = timezone.localdate()
    dates = {
        "starts_on": today - timedelta(days=days + 100),
        "ends_on": today - timedelta(days=days),
    }
    return finish(active(**dates | fields))


def finish(grant: Allocation) -> Allocation:
    allocations.close(grant, reason="Its last day is over.", by=None)
    reports.accept(submitted_report(grant), by=research_officer())
    grant.refresh_from_db()
    return grant

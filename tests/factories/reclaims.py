"""Grants that use too little, and what use it or lose it makes of them."""

from datetime import timedelta

from django.utils import timezone

from compute_grants.actions import reclaims
from compute_grants.models import Allocation, Reclaim
from tests.factories import allocations as grants
from tests.factories.consortium import research_officer

DAY = timedelta(days=1)
REASON = "The data came late; all is used by March."


def idle(*, day: int = 110, hours: int = 1000, **fields) -> Allocation:
    """On its day number `day`, awarded when it began, nothing used."""
    today = timezone.localdate()
    starts_on = today - timedelta(days=day)
    made = grants.active(
        hours=hours, starts_on=starts_on, ends_on=starts_on + timedelta(days=365), **fields
    )
    Allocation.objects.filter(pk=made.pk).update(awarded_at=timezone.now() - timedelta(days=day))
    made.refresh_from_db()
    return made


def planned(**fields) -> Reclaim:
    grant = idle(**fields)
    reclaims.plan(by=None)
    return grant.reclaims.get()


def noticed(**fields) -> Reclaim:
    return reclaims.give_notice(planned(**fields), by=research_officer())


def asked(**fields) -> Reclaim:
    row = noticed(**fields)
    return reclaims.ask_exemption(row, reason=REASON, by=row.allocation.proposal.lead)


def ripe(**fields) -> Reclaim:
    """Notice was given fourteen days ago."""
    row = noticed(**fields)
    today = timezone.localdate()
    Reclaim.objects.filter(pk=row.pk).update(due_on=today, ask_until=today - 7 * DAY)
    row.refresh_from_db()
    return row

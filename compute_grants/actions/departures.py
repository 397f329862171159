"""People who left: they lose their place on grants, and so their accounts on the machines."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from compute_grants.actions.allocations import NotMember, remove_member
from compute_grants.models import Allocation, AllocationMember
from consortium.models import Affiliation


def leavers(today: date) -> QuerySet[AllocationMember]:
    """Members of live grants who left since they became one.

    That is: they left the grant's institution and are not there in another role; or the last
    institution that they belonged to; or their account on the portal was closed.
    """
    theirs = Affiliation.objects.filter(user=OuterRef("user"))
    house = Q(institution=OuterRef("allocation__proposal__institution"))
    # An end at once is dated the day before, which may be the day before one became a member.
    ended = theirs.filter(until__lt=today, until__gte=OuterRef("since") - timedelta(days=1))
    now = theirs.on(today)
    left = (Exists(ended.filter(house)) & ~Exists(now.filter(house))) | (
        Exists(ended) & ~Exists(now)
    )
    rows = AllocationMember.objects.filter(
        until__isnull=True, allocation__state__in=Allocation.LIVE
    )
    return rows.filter(left | Q(user__is_active=False))


def remove_leavers(today: date, limit: int = 100) -> int:
    """Take them off their grants; the machines follow. Returns how many. Safe to repeat."""
    rows = list(leavers(today).select_related("allocation", "user").order_by("pk")[:limit])
    for row in rows:
        with suppress(NotMember):  # somebody was quicker
            remove_member(row.allocation, user=row.user, by=None)
    return len(rows)

"""Grants whose books can be closed, for the office."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.models import Allocation, GrantReport
from compute_grants.policies.closures import is_office
from consortium.inbox import Task
from consortium.models import User


def to_close(user: User) -> Iterator[Task]:
    """One row for all: those that ended with a final report that is settled. One query."""
    if not is_office(user):
        return
    settled = Q(
        reports__kind=GrantReport.Kind.FINAL,
        reports__state__in=[GrantReport.State.ACCEPTED, GrantReport.State.WAIVED],
    )
    rows = Allocation.objects.filter(
        settled, state=Allocation.State.CLOSED, closure__isnull=True
    ).exclude(proposal__lead=user)
    count = rows.count()
    if not count:
        return
    message = ngettext(
        "The final report of %(count)s grant is settled.",
        "The final reports of %(count)s grants are settled.",
        count,
    )
    yield Task(
        verb=_("Close"),
        title=_("Books of grants"),
        href=reverse("compute_grants:closure_list"),
        why=message % {"count": count},
    )

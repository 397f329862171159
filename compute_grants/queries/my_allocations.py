"""Grants on the dashboard: what their leads should see to, and what is mine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from compute_grants.models import Allocation
from compute_grants.queries.allocations import (
    OVER,
    OVER_PACE,
    RUNNING_LOW,
    USED_UP,
    AllocationRow,
    Pace,
    rows,
)
from compute_grants.queries.grant_usage import BEIJING, HOUR
from consortium.inbox import Holding, Task
from consortium.models import User

ENDS_SOON = timedelta(days=30)
SHOWN = 20
READ = 50  # of which the lead's are looked through for tasks
WAITING_TONES = {Allocation.State.AWARDED.value: "seal", Allocation.State.SUSPENDED.value: "warn"}


def mine(user: User) -> QuerySet[Allocation]:
    """Allocations in force that this person leads or is a member of."""
    return Allocation.objects.live().led_or_joined_by(user).visible_to(user).shown()


def my_rows(user: User) -> list[AllocationRow]:
    """The first of `mine` to end, with how they are used. Two queries."""
    return rows(mine(user).order_by("ends_on", "pk")[:READ])


def allocation_tasks(user: User, grants: Iterable[AllocationRow]) -> Iterator[Task]:
    """What the lead of a grant among `my_rows` should see to: pace, low hours, the end."""
    for row in grants:
        task = _task(row)
        if task is not None and row.allocation.proposal.lead_id == user.pk:
            yield task


def _task(row: AllocationRow) -> Task | None:
    pace, allocation = row.pace, row.allocation
    why = _why(pace)
    if why is None:
        return None
    last = datetime(*pace.ends_on.timetuple()[:3], 23, 59, tzinfo=BEIJING)
    return Task(
        verb=_("Look at"),
        title=f"{allocation.number} {allocation.title}".strip(),
        href=allocation.get_absolute_url(),
        why=why,
        due=last,
        tone="warn",
    )


def _why(pace: Pace) -> str | None:
    if pace.state in {OVER, USED_UP}:
        return _("All of the grant's hours are used.")
    if pace.state == OVER_PACE:
        return _("At the current pace its hours run out before it ends.")
    if pace.state == RUNNING_LOW:
        return _("Less than a tenth of its hours is left.")
    if pace.today > pace.ends_on - ENDS_SOON:
        return _("It ends soon; hours left then are lost.")
    return None


def allocation_holdings(grants: Iterable[AllocationRow]) -> Iterator[Holding]:
    """`my_rows` for the dashboard's table."""
    for row in islice(grants, SHOWN):
        allocation = row.allocation
        active = allocation.state == Allocation.State.ACTIVE
        yield Holding(
            kind=_("Grant"),
            number=allocation.number,
            title=allocation.title,
            href=allocation.get_absolute_url(),
            figure=_("%(hours)s %(unit)s left")
            % {"hours": f"{row.pace.left // HOUR:,}", "unit": allocation.resource.hours_unit},
            state=row.pace.label if active else allocation.get_state_display(),
            tone=row.pace.tone if active else WAITING_TONES[allocation.state],
        )

"""“What needs me” in compute grants, and what is mine: one module per noun."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.utils import timezone

from compute_grants.queries.my_allocations import (
    allocation_holdings,
    allocation_tasks,
    my_rows,
)
from compute_grants.queries.tasks import (
    amendments,
    calls,
    closures,
    machines,
    panel,
    proposals,
    reclaims,
    reports,
    reviews,
)
from consortium.inbox import AnyPart, Holding, Part, Task, read_together
from consortium.models import ArmAppointment, User
from consortium.roles import standing

# Each yields nothing, and asks the database nothing, for people without the role it serves.
PARTS: tuple[Callable[[User], Iterator[Part[Task]]], ...] = (
    proposals.my_proposals,
    reviews.my_reviews,
    reviews.technical_reviews,
    proposals.to_check,
    reviews.to_assign,
    reviews.overdue,
    reviews.waivers_to_decide,
    reviews.disputes_to_answer,
    reviews.to_answer,
    calls.drafts,
    panel.panel_tasks,
    panel.to_sign,
    panel.to_accept,
    machines.my_machines,
    amendments.requests_to_decide,
    amendments.drafts_of_mine,
    reclaims.coming,
    reclaims.exemptions,
    reports.my_reports,
    reports.to_judge,
)
# One row for many things: a count each.
COUNTED: tuple[Callable[[User], Iterator[Task]], ...] = (reclaims.rounds, closures.to_close)


def parts_for(user: User) -> list[AnyPart]:
    """What waits for this person and what is theirs, to be read together with other parts."""
    if not _takes_part(user):
        return []
    waiting = [part for source in PARTS for part in source(user)]
    return [*waiting, *proposals.proposals_under_way(user)]


def office_tasks(user: User) -> list[Task]:
    """What waits for the office in such numbers that it is counted. Two queries."""
    return [task for source in COUNTED for task in source(user)] if _takes_part(user) else []


def grants_for(user: User) -> tuple[list[Task], list[Holding]]:
    """What to see to in grants that are this person's, and these grants. Two queries."""
    grants = my_rows(user) if _takes_part(user) else []
    return list(allocation_tasks(user, grants)), list(allocation_holdings(grants))


def tasks_for(user: User) -> list[Task]:
    """Everything of compute grants that waits for this person, soonest due first.

    Three queries, whatever there is, and two for the office.
    """
    found = [row for row in read_together(parts_for(user)) if isinstance(row, Task)]
    far = timezone.now().replace(year=9999)
    waiting = [*found, *office_tasks(user), *grants_for(user)[0]]
    return sorted(waiting, key=lambda task: task.due or far)


def holdings_for(user: User) -> list[Holding]:
    """My grants in force and my proposals under way. Three queries."""
    found = [row for row in read_together(parts_for(user)) if isinstance(row, Holding)]
    return [*grants_for(user)[1], *found]


def _takes_part(user: User) -> bool:
    return ArmAppointment.Office.DEPLOYMENT not in standing(user).offices

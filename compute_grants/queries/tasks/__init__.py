"""“What needs me” in compute grants, and what is mine: one module per noun."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.utils import timezone

from compute_grants.queries.allocations import AllocationRow
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
from consortium.inbox import Holding, Task
from consortium.models import ArmAppointment, User
from consortium.roles import standing

# Each yields nothing, and asks the database nothing, for people without the role it serves.
SOURCES: tuple[Callable[[User], Iterator[Task]], ...] = (
    proposals.my_proposals,
    reviews.my_reviews,
    reviews.technical_reviews,
    proposals.to_check,
    reviews.to_assign,
    reviews.overdue,
    reviews.waivers_to_decide,
    reviews.to_answer,
    calls.drafts,
    panel.panel_tasks,
    panel.to_sign,
    panel.to_accept,
    machines.my_machines,
    amendments.requests_to_decide,
    amendments.drafts_of_mine,
    reclaims.coming,
    reclaims.rounds,
    reports.my_reports,
    reports.to_judge,
    closures.to_close,
)


def tasks_for(user: User) -> list[Task]:
    """Everything of compute grants that waits for this person, soonest due first.

    A fixed number of queries, whatever there is: one or two for each role the person has.
    """
    return _tasks(user, my_rows(user)) if _takes_part(user) else []


def holdings_for(user: User) -> list[Holding]:
    """My grants in force and my proposals under way. Three queries."""
    return _holdings(user, my_rows(user)) if _takes_part(user) else []


def desk_for(user: User) -> tuple[list[Task], list[Holding]]:
    """Both at once, which reads the person's grants once."""
    if not _takes_part(user):
        return [], []
    grants = my_rows(user)
    return _tasks(user, grants), _holdings(user, grants)


def _tasks(user: User, grants: list[AllocationRow]) -> list[Task]:
    found = [task for source in SOURCES for task in source(user)]
    found += allocation_tasks(user, grants)
    far = timezone.now().replace(year=9999)
    return sorted(found, key=lambda task: task.due or far)


def _takes_part(user: User) -> bool:
    return ArmAppointment.Office.DEPLOYMENT not in standing(user).offices


def _holdings(user: User, grants: list[AllocationRow]) -> list[Holding]:
    return [*allocation_holdings(grants), *proposals.proposals_under_way(user)]

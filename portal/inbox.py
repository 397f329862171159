"""“What needs me”, gathered from every domain. The portal is the only one that knows them all."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from compute_grants.queries import tasks as grants
from consortium import queries as consortium
from consortium.inbox import Holding, Task, read_together
from consortium.models import User
from registry.queries import tasks as registry

# Each offers parts_for(user): rows that wait for the person or are theirs.
SOURCES = (grants, registry, consortium)


def desk_for(user: User) -> tuple[list[Task], list[Holding]]:
    """What waits for this person, soonest due first, then what has no date; and what is theirs.

    Three queries, however many things there are, and some more for offices.
    """
    tasks, holdings = grants.grants_for(user)
    for row in read_together(part for source in SOURCES for part in source.parts_for(user)):
        if isinstance(row, Task):
            tasks.append(row)
        else:
            holdings.append(row)
    tasks += [*grants.office_tasks(user), *registry.office_tasks(user)]
    return sorted(tasks, key=_urgency), holdings


def tasks_for(user: User) -> list[Task]:
    """Everything that waits for this person."""
    return desk_for(user)[0]


def holdings_for(user: User) -> list[Holding]:
    """My grants, models and licences."""
    return desk_for(user)[1]


def _urgency(task: Task) -> tuple[bool, datetime]:
    return task.due is None, task.due or timezone.now()

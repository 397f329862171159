"""“What needs me”, gathered from every domain. The portal is the only one that knows them all."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

import compute_grants.queries
import consortium.queries
from consortium.inbox import Holding, Task
from consortium.models import User
from registry.queries import tasks as registry_tasks

# Each offers tasks_for(user) and holdings_for(user), in a fixed number of queries.
SOURCES = (compute_grants.queries, registry_tasks, consortium.queries)


def tasks_for(user: User) -> list[Task]:
    """Everything that waits for this person: soonest due first, then what has no date."""
    found = [task for source in SOURCES for task in source.tasks_for(user)]
    return sorted(found, key=_urgency)


def holdings_for(user: User) -> list[Holding]:
    """My grants, models and licences."""
    return [row for source in SOURCES for row in source.holdings_for(user)]


def desk_for(user: User) -> tuple[list[Task], list[Holding]]:
    """Both, for the dashboard."""
    tasks, holdings = compute_grants.queries.desk_for(user)
    for source in SOURCES[1:]:
        tasks += source.tasks_for(user)
        holdings += source.holdings_for(user)
    return sorted(tasks, key=_urgency), holdings


def _urgency(task: Task) -> tuple[bool, datetime]:
    return task.due is None, task.due or timezone.now()

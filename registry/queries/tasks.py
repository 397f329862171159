"""“What needs me” in the registry, and what is mine: each track adds its part."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from consortium.inbox import Holding, Task
from consortium.models import User
from registry.queries import licensing, release_tasks

# Every module here offers tasks_for(user) and holdings_for(user).
TASKS: tuple[Callable[[User], list[Task]], ...] = (release_tasks.tasks_for, licensing.tasks_for)
HOLDINGS: tuple[Callable[[User], list[Holding]], ...] = (
    release_tasks.holdings_for,
    licensing.holdings_for,
)


def tasks_for(user: User) -> list[Task]:
    """Everything of the registry that waits for this person, soonest due first."""
    found = [task for part in TASKS for task in part(user)]
    far = timezone.now().replace(year=9999)
    return sorted(found, key=lambda task: task.due or far)


def holdings_for(user: User) -> list[Holding]:
    """This person's models and licences."""
    return [holding for part in HOLDINGS for holding in part(user)]

"""“What needs me” in the registry, and what is mine: each track adds its part."""

from __future__ import annotations

from collections.abc import Iterator

from consortium.inbox import AnyPart, Task
from consortium.models import User
from registry.queries import licensing, release_tasks


def parts_for(user: User) -> Iterator[AnyPart]:
    """What waits for this person and what is theirs, to be read together with other parts."""
    yield from release_tasks.parts_for(user)
    yield from licensing.parts_for(user)


def office_tasks(user: User) -> list[Task]:
    """What waits for the R&D office. One query for it, none for others."""
    return list(release_tasks.to_decide(user))

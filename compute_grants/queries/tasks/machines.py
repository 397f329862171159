"""What waits for the operators of a centre."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from compute_grants.models import (
    Machine,
)
from compute_grants.queries.tasks.words import SHOWN
from consortium.inbox import Task
from consortium.models import User
from consortium.roles import Permission, has


def my_machines(user: User) -> Iterator[Task]:
    if not has(user, Permission.MACHINE_PUBLISH):
        return
    for machine in Machine.objects.run_by(user).filter(state="draft").order_by("pk")[:SHOWN]:
        yield Task(
            verb=_("Publish"),
            title=machine.name,
            href=machine.get_absolute_url(),
            why=_("The machine is a draft that nobody else sees."),
        )

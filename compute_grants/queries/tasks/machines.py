"""What waits for the operators of a centre."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from compute_grants.models import (
    Machine,
)
from consortium.inbox import Facts, Part, Task, named
from consortium.models import User, localized
from consortium.roles import Permission, has


def my_machines(user: User) -> Iterator[Part[Task]]:
    if not has(user, Permission.MACHINE_PUBLISH):
        return
    rows = Machine.objects.run_by(user).filter(state="draft")
    yield Part(rows.order_by("pk"), named("", "name", "code"), _draft)


def _draft(row: Facts) -> Task:
    return Task(
        verb=_("Publish"),
        title=localized(row, "name"),
        href=reverse("compute_grants:machine", args=[row.code]),
        why=_("The machine is a draft that nobody else sees."),
    )

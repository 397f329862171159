"""The audit log: who did what to what, written with the change it records."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, models
from django.utils.functional import Promise

from consortium.logs import request_id
from consortium.models import AuditEvent, User

_labels: dict[str, str | Promise] = {}


def register_events(labels: Mapping[str, str | Promise]) -> None:
    """Called by each app when it is ready: what each event code is called on a page."""
    _labels.update(labels)


def label(action: str) -> str:
    """The reader's words for an event code; the code itself where none is registered."""
    return str(_labels.get(action, action))


def known_events() -> frozenset[str]:
    return frozenset(_labels)


def record(action: str, target: models.Model, *, by: User | None, **detail: Any) -> AuditEvent:
    """Write one audit event. Must run in the transaction it describes.

    `by=None` is the system itself. `detail` must be JSON: ids, numbers, hashes and short
    texts; never secrets.
    """
    assert connection.in_atomic_block, "an audit event must commit with the change it records"
    return AuditEvent.objects.create(
        action=action,
        actor_id=by.pk if by else None,
        actor_name=by.get_username() if by else "system",
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        detail=detail,
        request_id=request_id.get(),
    )


def history(target: models.Model) -> models.QuerySet[AuditEvent]:
    """The events of one object, newest first."""
    return AuditEvent.objects.filter(
        target_type=target._meta.label_lower, target_id=str(target.pk)
    ).order_by("-at", "-pk")

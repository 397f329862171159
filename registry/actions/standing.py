"""What happens to a licence in force. Each change publishes a new status list."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.errors import Invalid
from consortium.models import User
from consortium.states import require_transition
from registry.actions import trust
from registry.actions.licences import locked
from registry.models import Licence
from registry.policies import licences as policies

State = Licence.State


@transaction.atomic
def suspend(licence: Licence, *, reason: str, by: User) -> Licence:
    """Raises PermissionDenied, WrongState, Invalid."""
    return _change(licence, State.SUSPENDED, reason, by=by)


@transaction.atomic
def reinstate(licence: Licence, *, reason: str, by: User) -> Licence:
    """End a suspension. Raises PermissionDenied, WrongState, Invalid."""
    return _change(licence, State.ACTIVE, reason, by=by)


@transaction.atomic
def revoke(licence: Licence, *, reason: str, by: User) -> Licence:
    """For good. Raises PermissionDenied, WrongState, Invalid."""
    return _change(licence, State.REVOKED, reason, by=by)


def _change(licence: Licence, state: str, reason: str, *, by: User) -> Licence:
    licence = locked(licence)
    policies.can_govern(by, licence).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. The licensee can read it.")]})
    require_transition(Licence.TRANSITIONS, licence.state, state)
    action = "licence.reinstated" if state == State.ACTIVE else f"licence.{state}"
    licence.state, licence.state_reason = state, reason
    licence.save(update_fields=["state", "state_reason"])
    audit.record(action, licence, by=by, reason=reason[:200])
    trust.publish_statuses(by=by)
    return licence


@transaction.atomic
def expire(licence: Licence) -> Licence:
    """End a licence whose term is over; does nothing before that. The file's grace goes on."""
    licence = locked(licence)
    assert licence.expires_at is not None, "issued licences end some day"
    over = licence.state in (State.ACTIVE, State.SUSPENDED)
    if over and licence.expires_at <= timezone.now():
        licence.state = State.EXPIRED
        licence.save(update_fields=["state"])
        audit.record("licence.expired", licence, by=None)
    return licence


def expire_due(limit: int = 500) -> int:
    """End the licences whose term is over. Returns how many."""
    due = Licence.objects.filter(
        state__in=[State.ACTIVE, State.SUSPENDED], expires_at__lte=timezone.now()
    )[:limit]
    return len([expire(licence) for licence in due])

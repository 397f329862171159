"""What every change of a machine begins with, and how its state moves."""

from __future__ import annotations

from django.utils.translation import gettext as _

from compute_grants.models import Machine
from compute_grants.policies import machines as policy
from consortium import audit
from consortium.errors import DomainError
from consortium.models import User
from consortium.states import require_transition


class Retired(DomainError):
    """A retired machine does not change any more."""


def locked(machine: Machine, by: User | None) -> Machine:
    """The machine, locked, which `by` may change; `by=None` is the clock.

    Raises PermissionDenied or Retired.
    """
    machine = (
        Machine.objects.select_for_update(of=("self",)).select_related("centre").get(pk=machine.pk)
    )
    if by is not None:
        policy.can_manage(by, machine).require()
    if machine.state == Machine.State.RETIRED:
        raise Retired(_("This machine is retired and does not change any more."))
    return machine


def move(machine: Machine, state: Machine.State, event: str, by: User | None) -> Machine:
    """Into another state, recorded. Raises WrongState."""
    require_transition(Machine.TRANSITIONS, machine.state, state)
    machine.state = state
    machine.save(update_fields=["state"])
    audit.record(event, machine, by=by)
    return machine

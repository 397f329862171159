"""Who may plan, move and call off the stops of a machine, and when."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Machine, MaintenanceWindow
from compute_grants.policies import machines
from consortium.models import User
from consortium.policies import Decision, deny

State = MaintenanceWindow.State


def can_plan(user: User, machine: Machine) -> Decision:
    """An operator of the centre, while the machine is not retired."""
    may = machines.can_manage(user, machine)
    if may and machine.state == Machine.State.RETIRED:
        return deny(_("This machine is retired and does not change any more."))
    return may


def can_change(user: User, window: MaintenanceWindow) -> Decision:
    may = can_plan(user, window.machine)
    if may and window.state not in MaintenanceWindow.STANDING:
        return deny(_("This maintenance is over or cancelled. Plan another."))
    return may


def can_cancel(user: User, window: MaintenanceWindow) -> Decision:
    may = can_change(user, window)
    if may and window.state != State.PLANNED:
        return deny(_("This maintenance is under way. Return the machine to service instead."))
    return may


def can_finish(user: User, window: MaintenanceWindow) -> Decision:
    may = can_change(user, window)
    if may and window.state != State.UNDER_WAY:
        return deny(_("This maintenance has not begun. Cancel it instead."))
    return may

"""Who may have a machine brought back to what its grants want."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Drift, Machine
from consortium.models import Affiliation, ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_compare(user: User, machine: Machine) -> Decision:
    """Have a machine read and held against its grants, or repaired."""
    if not has(user, Permission.ALLOCATION_MANAGE):
        return deny(_("Only the R&D office and the machine's centre can do this."))
    who = standing(user)
    if ArmAppointment.Office.RESEARCH in who.offices:
        return ALLOW
    if machine.centre_id not in who.institutions_as(Affiliation.Role.OPERATOR):
        return deny(_("Only an operator of the machine's own centre can do this."))
    return ALLOW


def can_repair(user: User, drift: Drift) -> Decision:
    allowed = can_compare(user, drift.machine)
    if not allowed:
        return allowed
    if not drift.repairable:
        return deny(_("This is the centre's to change on the machine; the portal does not."))
    if drift.state != Drift.State.FOUND:
        return deny(_("This is being repaired, or gone already."))
    return ALLOW

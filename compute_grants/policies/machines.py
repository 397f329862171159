"""Who may change machines."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Machine
from consortium.models import Affiliation, Institution, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def _runs(user: User, centre_id: int) -> bool:
    mine = standing(user).institutions_as(Affiliation.Role.OPERATOR)
    return has(user, Permission.MACHINE_PUBLISH) and centre_id in mine


def can_create(user: User, centre: Institution) -> Decision:
    if not _runs(user, centre.pk):
        return deny(_("Only an operator of the centre can add a machine to it."))
    if centre.kind != Institution.Kind.CENTRE:
        return deny(_("Only a supercomputing centre keeps machines in this portal."))
    return ALLOW


def can_manage(user: User, machine: Machine) -> Decision:
    """Edit, publish, take in and out of service, certify capacity."""
    if not _runs(user, machine.centre_id):
        return deny(_("Only an operator of the machine's centre can do this."))
    return ALLOW

"""Who runs use it or lose it, who asks for an exemption, who decides."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Reclaim
from compute_grants.policies.allocations import leads
from compute_grants.policies.interests import concerned
from consortium.models import ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_run(user: User) -> Decision:
    """Look at a round, plan it, give notice."""
    office = ArmAppointment.Office.RESEARCH in standing(user).offices
    if not office or not has(user, Permission.ALLOCATION_MANAGE):
        return deny(_("Only the R&D office takes unused time back."))
    return ALLOW


def can_decide(user: User, reclaim: Reclaim) -> Decision:
    """Decide on an exemption, call off, take back: nobody with an interest in the grant."""
    running = can_run(user)
    if running and concerned(user, reclaim.allocation):
        return deny(
            _("You or your institution have an interest in this grant. A colleague decides.")
        )
    return running


def can_ask(user: User, reclaim: Reclaim) -> Decision:
    """Ask for an exemption."""
    if not leads(user, reclaim.allocation):
        return deny(_("Only the lead and deputies ask for an exemption."))
    return ALLOW

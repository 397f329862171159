"""Who may do what with an allocation, and who may import usage."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation, AllocationMember, Machine, Proposal
from consortium.models import Affiliation, ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_award(user: User, proposal: Proposal) -> Decision:
    """Create an allocation; the panel's own rules stand before this one."""
    if not has(user, Permission.PANEL_DECIDE):
        return deny(_("Only a panel awards time."))
    if user.pk == proposal.lead_id:
        return deny(_("You cannot decide on your own proposal."))
    return ALLOW


def can_manage(user: User, allocation: Allocation) -> Decision:
    """Suspend, resume, close."""
    if user.pk == allocation.proposal.lead_id:
        return deny(_("You cannot decide on your own grant."))
    if not has(user, Permission.ALLOCATION_MANAGE):
        return deny(_("Only the R&D office and the machine's centre can do this."))
    who = standing(user)
    if ArmAppointment.Office.RESEARCH in who.offices:
        return ALLOW
    centre = allocation.resource.machine.centre_id
    if centre not in who.institutions_as(Affiliation.Role.OPERATOR):
        return deny(_("Only an operator of the machine's own centre can do this."))
    return ALLOW


def leads(user: User, allocation: Allocation) -> bool:
    """The lead, and the deputies whom the lead named.

    A page that has read the open members already leaves them on `open_members`.
    """
    if user.pk == allocation.proposal.lead_id:
        return True
    deputy = AllocationMember.Role.DEPUTY
    known = getattr(allocation, "open_members", None)
    if known is not None:
        return any(row.user_id == user.pk and row.role == deputy for row in known)
    return allocation.members.filter(user=user, role=deputy, until__isnull=True).exists()


def can_name_deputies(user: User, allocation: Allocation) -> Decision:
    if user.pk != allocation.proposal.lead_id:
        return deny(_("Only the lead of the grant names deputies."))
    return ALLOW


def can_change_members(user: User, allocation: Allocation) -> Decision:
    """Add and remove the people who may run jobs on it."""
    if allocation.state == Allocation.State.CLOSED:
        return deny(_("This grant is closed, so its members cannot change."))
    if leads(user, allocation):
        return ALLOW
    managing = can_manage(user, allocation)
    if not managing:
        return deny(
            _("Only the lead, a deputy and the machine's centre change the members of a grant.")
        )
    return managing


def can_import_usage(user: User, machine: Machine) -> Decision:
    centres = standing(user).institutions_as(Affiliation.Role.OPERATOR)
    if not has(user, Permission.USAGE_IMPORT) or machine.centre_id not in centres:
        return deny(_("Only an operator of the machine's centre can import its usage."))
    return ALLOW

"""Who may do what with a proposal."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Proposal
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has


def can_edit(user: User, proposal: Proposal) -> Decision:
    if user.pk != proposal.lead_id:
        return deny(_("Only the lead applicant can change this proposal."))
    return ALLOW


can_withdraw = can_submit = can_edit


def can_check(user: User, proposal: Proposal) -> Decision:
    """Check completeness: return it for correction, or send it to the centres."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office checks submitted proposals."))
    if user.pk == proposal.lead_id:
        return deny(_("You cannot decide on your own proposal."))
    return ALLOW

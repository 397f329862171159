"""Who may do what with a proposal."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Proposal
from compute_grants.policies.conflicts import own_interest
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has


def can_edit(user: User, proposal: Proposal) -> Decision:
    """The lead, and co-investigators who confirmed."""
    if user.pk == proposal.lead_id:
        return ALLOW
    writers = {m.user_id for m in proposal.confirmed_team if m.role == m.Role.CO_INVESTIGATOR}
    if user.pk not in writers:
        return deny(
            _("Only the lead applicant and confirmed co-investigators can change this proposal.")
        )
    return ALLOW


def can_submit(user: User, proposal: Proposal) -> Decision:
    if user.pk != proposal.lead_id:
        return deny(_("Only the lead applicant can submit or withdraw this proposal."))
    return ALLOW


can_withdraw = can_submit


def can_check(user: User, proposal: Proposal) -> Decision:
    """Check completeness: return it for correction, or send it to the centres."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office checks submitted proposals."))
    if own_interest(proposal, user):
        return deny(_("You cannot decide on your own proposal."))
    return ALLOW


def can_clone(user: User, proposal: Proposal) -> Decision:
    """Begin another proposal from it: whoever leads it."""
    if user.pk != proposal.lead_id:
        return deny(_("Only its lead can begin a new proposal from this one."))
    return ALLOW

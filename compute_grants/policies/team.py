"""Who asks people onto a team, and who answers."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Proposal, TeamMember
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def can_manage(user: User, proposal: Proposal) -> Decision:
    """Invite and remove: whoever leads it."""
    if user.pk != proposal.lead_id:
        return deny(_("Only the lead applicant invites and removes team members."))
    return ALLOW


def can_answer(user: User, member: TeamMember) -> Decision:
    """Confirm, decline, leave: the person who is meant."""
    mine = member.user_id == user.pk if member.user_id else _same(member.email, user.email)
    if not mine:
        return deny(_("Only the invited person can answer this invitation."))
    return ALLOW


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()

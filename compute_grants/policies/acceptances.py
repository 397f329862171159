"""Who answers an award."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Acceptance
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def can_answer(user: User, acceptance: Acceptance) -> Decision:
    """Expects acceptance.decision.proposal loaded."""
    if user.pk != acceptance.decision.proposal.lead_id:
        return deny(_("Only the lead applicant accepts or declines an award."))
    return ALLOW

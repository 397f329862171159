"""Who reads a call's waitlist, and who says what is the least that makes sense."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Call, WaitlistPlace
from compute_grants.policies.reviews import can_rank
from consortium.models import ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_read(user: User, call: Call) -> Decision:
    """The whole list: the call's panel, the R&D office, auditors."""
    auditor = ArmAppointment.Office.AUDITOR in standing(user).offices
    if auditor or has(user, Permission.REVIEW_ASSIGN) or can_rank(user, call):
        return ALLOW
    return deny(_("Only the panel of this call and the R&D office read its waitlist."))


def can_set_least(user: User, place: WaitlistPlace) -> Decision:
    """Expects place.proposal loaded."""
    if user.pk != place.proposal.lead_id:
        return deny(_("Only the lead applicant says what is the least that makes sense."))
    return ALLOW

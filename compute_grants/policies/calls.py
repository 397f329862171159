"""Who may prepare and run calls, and who may answer them."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Call
from consortium.models import Affiliation, ArmAppointment, Institution, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_manage(user: User) -> Decision:
    """Create, edit, publish, open, close."""
    if not has(user, Permission.CALL_PUBLISH):
        return deny(_("Only the R&D office prepares and runs calls."))
    return ALLOW


def eligible(user: User) -> Decision:
    """Whether this person may lead a proposal at all, whatever the call's dates."""
    if ArmAppointment.Office.DEPLOYMENT in standing(user).offices:
        return deny(_("The deployment office works on the other side of the wall."))
    if not standing(user).institutions_as(Affiliation.Role.PRINCIPAL):
        return deny(
            _(
                "Only a person whom an active member institution has named PI-eligible can lead a "
                "proposal. Ask your institution's administrator."
            )
        )
    return ALLOW


def can_start(user: User, call: Call, now: datetime) -> Decision:
    """Eligible, and the call takes proposals at `now`. For buttons; actions check in turn."""
    who = eligible(user)
    if not who:
        return who
    if now < call.opens_at:
        return deny(_("The call is not open yet."))
    if not call.accepts_at(now):
        return deny(_("The call takes no more proposals."))
    return ALLOW


def can_apply_for(user: User, institution: Institution) -> Decision:
    """Whether this person may lead a proposal of this institution."""
    who = eligible(user)
    if not who:
        return who
    if institution.pk not in standing(user).institutions_as(Affiliation.Role.PRINCIPAL):
        return deny(_("You are not PI-eligible at this institution. Choose one where you are."))
    return ALLOW

"""Who may prepare and run calls, and who may answer them."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext
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


def takes_proposals(call: Call, now: datetime) -> Decision:
    """Whether a round of the call is open at `now`, to the second."""
    if call.accepts_at(now):
        return ALLOW
    coming = call.next_round(now)
    if coming is None or call.state not in {Call.State.PUBLISHED, Call.State.OPEN}:
        if now < call.opens_at:
            return deny(_("This call is not open yet. Come back at its opening time."))
        message = gettext("This call closed at %(time)s Beijing time and takes no more proposals.")
        return deny(message % {"time": _exactly(call.closes_at)})
    if coming.position == 1:
        return deny(_("This call is not open yet. Come back at its opening time."))
    message = gettext("The last round has closed. The next one opens at %(time)s Beijing time.")
    return deny(message % {"time": _exactly(coming.opens_at)})


def _exactly(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"


def can_apply_for(user: User, institution: Institution) -> Decision:
    """Whether this person may lead a proposal of this institution."""
    who = eligible(user)
    if not who:
        return who
    if institution.pk not in standing(user).institutions_as(Affiliation.Role.PRINCIPAL):
        return deny(_("You are not PI-eligible at this institution. Choose one where you are."))
    return ALLOW

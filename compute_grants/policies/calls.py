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


def can_follow(user: User, call: Call) -> Decision:
    """Whoever sees a call may hear of it."""
    if call.state == Call.State.DRAFT and not has(user, Permission.CALL_PUBLISH):
        return deny(_("This call is not published yet."))
    if call.state in {Call.State.DECIDED, Call.State.CLOSED}:
        return deny(_("Nothing more is to come under this call."))
    return ALLOW


def can_set_terms(user: User, call: Call) -> Decision:
    """Rounds, eligibility, access types, rubric and hours: a draft's only."""
    if not (may := can_manage(user)):
        return may
    if call.state != Call.State.DRAFT:
        return deny(_("The call is published, so its rules, rubric and budget are fixed."))
    return ALLOW


def can_extend(user: User, call: Call) -> Decision:
    """A closing time and rounds: later only, while the call is published or open."""
    if not (may := can_manage(user)):
        return may
    if call.state not in {Call.State.PUBLISHED, Call.State.OPEN}:
        return deny(_("Only a call that is published or open is extended."))
    return ALLOW


def can_raise_budget(user: User, call: Call) -> Decision:
    if not (may := can_manage(user)):
        return may
    if call.state not in {Call.State.PUBLISHED, Call.State.OPEN, Call.State.IN_REVIEW}:
        return deny(_("A budget is raised from the call's publication until all is decided."))
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

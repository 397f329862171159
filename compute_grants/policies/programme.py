"""Who sets the programme's rules."""

from django.utils.translation import gettext_lazy as _

from consortium.models import ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_publish(user: User) -> Decision:
    """Publish a new version of a rule of the programme."""
    office = ArmAppointment.Office.RESEARCH in standing(user).offices
    if not office or not has(user, Permission.CALL_PUBLISH):
        return deny(_("Only the R&D office sets the rules of the programme."))
    return ALLOW

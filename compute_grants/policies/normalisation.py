"""Who reads a call's adjusted scores."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Call
from compute_grants.models.expertise import OFFICES
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_read_adjusted(user: User, call: Call) -> Decision:
    """The R&D office, auditors, and the call's panel."""
    if standing(user).offices & OFFICES or call.panel.filter(pk=user.pk).exists():
        return ALLOW
    return deny(_("Only the R&D office, auditors and the panel of this call read its scores."))


def can_read_strictness(user: User) -> Decision:
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office reads how strict each reviewer is."))
    return ALLOW

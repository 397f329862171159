"""Who may change access types."""

from django.utils.translation import gettext_lazy as _

from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has


def can_manage(user: User) -> Decision:
    if not has(user, Permission.CALL_PUBLISH):
        return deny(_("Only the R&D office sets access types."))
    return ALLOW

"""Who may state charging rules and set exchange rates."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Resource
from compute_grants.policies import machines
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has


def can_state_charging(user: User, resource: Resource) -> Decision:
    """How a machine charges is its centre's to say."""
    return machines.can_manage(user, resource.machine)


def can_set_rates(user: User) -> Decision:
    """What an hour is worth against others is no centre's own to say."""
    if not has(user, Permission.CALL_PUBLISH):
        return deny(_("Only the R&D office sets exchange rates."))
    return ALLOW

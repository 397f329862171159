"""Who sets alerts and who listens to them."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation
from compute_grants.policies.allocations import leads
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def can_set(user: User, allocation: Allocation) -> Decision:
    """Choose the thresholds of a grant."""
    if allocation.state == Allocation.State.CLOSED:
        return deny(_("This grant is closed."))
    if not leads(user, allocation):
        return deny(_("Only the lead and deputies set the alerts of a grant."))
    return ALLOW


def can_listen(user: User, allocation: Allocation) -> Decision:
    """Be told of alerts. The lead always is."""
    if not allocation.members.filter(user=user, until__isnull=True).exists():
        return deny(_("Only members of the grant are told of its alerts."))
    return ALLOW

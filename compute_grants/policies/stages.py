"""Who plans the stages of use."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation
from compute_grants.policies.allocations import leads
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def can_plan(user: User, allocation: Allocation) -> Decision:
    if allocation.state == Allocation.State.CLOSED:
        return deny(_("This grant is closed."))
    if not leads(user, allocation):
        return deny(_("Only the lead and deputies plan the stages of a grant."))
    return ALLOW

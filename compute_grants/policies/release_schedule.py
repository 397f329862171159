"""Who releases and withholds the parts of an award."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation
from compute_grants.policies.allocations import can_manage
from compute_grants.policies.interests import concerned
from consortium.models import User
from consortium.policies import Decision, deny


def can_release(user: User, allocation: Allocation) -> Decision:
    """The R&D office and the machine's centre; nobody with an interest in the grant."""
    managing = can_manage(user, allocation)
    if managing and concerned(user, allocation):
        return deny(
            _("You or your institution have an interest in this grant. A colleague decides.")
        )
    return managing

"""Who records what came of a grant."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation, Output
from compute_grants.policies.reports import is_member
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def can_name(user: User, grants: Collection[Allocation]) -> Decision:
    """Name these grants as those an output came of, or take the name back."""
    for allocation in grants:
        if not is_member(user, allocation):
            return deny(_("Only the lead and the members of a grant record what came of it."))
    return ALLOW


def can_edit(user: User, output: Output) -> Decision:
    """Change or take back: the members of any grant it names. One query."""
    mine = Allocation.objects.led_or_joined_by(user)
    if not output.grants.filter(pk__in=mine.values("pk")).exists():
        return deny(_("Only the lead and the members of a grant record what came of it."))
    return ALLOW

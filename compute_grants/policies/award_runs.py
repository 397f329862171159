"""Who lets awards be proposed."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import AwardRun, Call
from compute_grants.policies.reviews import can_rank
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has


def can_start(user: User, call: Call) -> Decision:
    """The call's panel, and the office that prepares its meeting."""
    if has(user, Permission.REVIEW_ASSIGN) or can_rank(user, call):
        return ALLOW
    return deny(_("Only the panel of this call and the R&D office let awards be proposed."))


def can_adopt(user: User, run: AwardRun) -> Decision:
    """Decisions are the panel's own. Expects run.call loaded."""
    return can_rank(user, run.call)


def can_stop(user: User, run: AwardRun) -> Decision:
    """Expects run.call loaded."""
    return can_start(user, run.call)

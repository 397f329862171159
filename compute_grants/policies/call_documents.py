"""Who may attach documents to a call, and take them off."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Call
from compute_grants.policies import calls
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def can_attach(user: User, call: Call) -> Decision:
    """The office, until all is decided."""
    if not (may := calls.can_manage(user)):
        return may
    if call.state in {Call.State.DECIDED, Call.State.CLOSED}:
        return deny(_("The call is decided, so nothing is attached any more."))
    return ALLOW


def can_remove(user: User, call: Call) -> Decision:
    """Only from a draft: applicants rely on what was published."""
    if not (may := calls.can_manage(user)):
        return may
    if call.state != Call.State.DRAFT:
        return deny(_("A published document stays. Attach the corrected one beside it."))
    return ALLOW

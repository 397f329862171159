"""Who ends a grant early, and who closes its books."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation
from compute_grants.policies.allocations import can_manage
from compute_grants.policies.interests import concerned
from consortium.models import ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import standing


def can_end_early(user: User, allocation: Allocation) -> Decision:
    """Its lead, while it is not closed."""
    if user.pk != allocation.proposal.lead_id:
        return deny(_("Only the lead of the grant ends it early."))
    if allocation.state not in Allocation.LIVE:
        return deny(_("This grant is closed."))
    return _accepted(allocation)


def can_end(user: User, allocation: Allocation) -> Decision:
    """Close its account: the lead, the R&D office and the machine's centre."""
    early = can_end_early(user, allocation)
    if early or user.pk == allocation.proposal.lead_id:
        return early
    managed = can_manage(user, allocation)
    return _accepted(allocation) if managed else managed


def _accepted(allocation: Allocation) -> Decision:
    """An award that was only offered ends by its lead's answer, which gives its time back."""
    if allocation.terms_accepted:
        return ALLOW
    return deny(
        _("The award waits for its lead's answer. Declined or unanswered, its time goes back.")
    )


def can_close_books(user: User, allocation: Allocation) -> Decision:
    """The R&D office, and nobody with an interest in the grant."""
    if not is_office(user):
        return deny(_("Only the R&D office closes the books of a grant."))
    if concerned(user, allocation):
        return deny(
            _("You or your institution have an interest in this grant. A colleague decides.")
        )
    return ALLOW


def is_office(user: User) -> bool:
    return ArmAppointment.Office.RESEARCH in standing(user).offices

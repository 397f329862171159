"""Who writes the reports of a grant, who reads them, and who judges them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation, GrantReport
from compute_grants.policies.interests import concerned
from consortium.models import ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import standing


def is_member(user: User, allocation: Allocation) -> bool:
    """Its lead, and those who may run jobs on it now."""
    if user.pk == allocation.proposal.lead_id:
        return True
    return allocation.members.filter(user=user, until__isnull=True).exists()


def can_write(user: User, report: GrantReport) -> Decision:
    """Save and hand in. Expects allocation.proposal loaded."""
    if not is_member(user, report.allocation):
        return deny(
            _("Only the lead and the members of the grant report on it. Ask the lead to add you.")
        )
    return ALLOW


def can_read_text(user: User, report: GrantReport) -> Decision:
    """The members always; everybody else who sees the grant once it was handed in."""
    if report.submitted_at is not None:
        return ALLOW
    if not is_member(user, report.allocation):
        return deny(_("The members are still writing. You can read it once it is handed in."))
    return ALLOW


def can_judge(user: User, report: GrantReport) -> Decision:
    """Accept or return. The R&D office, and nobody with an interest in the grant."""
    return _office(user, report, _("Only the R&D office accepts and returns reports."))


def can_excuse(user: User, report: GrantReport) -> Decision:
    """Give more time, or waive it."""
    return _office(user, report, _("Only the R&D office gives more time for a report."))


def _office(user: User, report: GrantReport, otherwise: str | Promise) -> Decision:
    if ArmAppointment.Office.RESEARCH not in standing(user).offices:
        return deny(otherwise)
    if concerned(user, report.allocation):
        return deny(
            _("You or your institution have an interest in this grant. A colleague decides.")
        )
    return ALLOW

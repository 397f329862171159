"""Who may draft, publish, decide on and withdraw a research release."""

from django.utils.translation import gettext_lazy as _

from consortium.models import ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import shares_interest, standing
from registry.models import Lab, ResearchRelease
from registry.policies.labs import maintains, works_in


def can_draft(user: User, lab: Lab) -> Decision:
    if not works_in(user, lab):
        return deny(_("Only members of the lab can prepare a release of its models."))
    return ALLOW


def can_edit(user: User, release: ResearchRelease) -> Decision:
    if not works_in(user, release.model.lab):
        return deny(_("Only members of the lab can edit its releases."))
    if release.state not in ResearchRelease.OPEN:
        return deny(_("Only a draft can be edited."))
    return ALLOW


def can_submit(user: User, release: ResearchRelease) -> Decision:
    if not maintains(user, release.model.lab):
        return deny(_("Only a maintainer of the lab can send a release to review."))
    return ALLOW


def can_decide(user: User, release: ResearchRelease) -> Decision:
    """Approve or return: the research office, and never where one has an interest."""
    if ArmAppointment.Office.RESEARCH not in standing(user).offices:
        return deny(_("Only the R&D office decides on releases."))
    if user.pk in {release.created_by_id, release.submitted_by_id}:
        return deny(_("You prepared this release, so somebody else must decide on it."))
    # A lab's members are of its institution, so this holds for them as well.
    if shares_interest(user, release.model.lab.institution):
        return deny(_("Your institution has an interest in this lab. Leave it to a colleague."))
    return ALLOW


def can_withdraw(user: User, release: ResearchRelease) -> Decision:
    if maintains(user, release.model.lab):
        return ALLOW
    if ArmAppointment.Office.RESEARCH in standing(user).offices:
        return ALLOW
    return deny(_("Only a maintainer of the lab or the R&D office can withdraw a release."))


def can_download(user: object, release: ResearchRelease) -> Decision:  # noqa: ARG001
    """For a release the reader may see. Its audience was checked by `visible_to`."""
    if release.state == ResearchRelease.State.WITHDRAWN:
        return deny(_("This release was withdrawn. Its files are not given out any more."))
    if release.state != ResearchRelease.State.RELEASED:
        return deny(_("This release is not published yet."))
    return ALLOW

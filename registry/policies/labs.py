"""Who may open a lab, and name its people."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Affiliation, Institution, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import standing
from registry.models import Lab, LabMember


def can_create(user: User, institution: Institution) -> Decision:
    if institution.pk not in standing(user).institutions_as(Affiliation.Role.ADMIN):
        return deny(_("Only an admin of the institution can open a lab in it."))
    return ALLOW


def can_manage(user: User, lab: Lab) -> Decision:
    """Name and remove members, edit what is said about the lab."""
    if can_create(user, lab.institution) or maintains(user, lab):
        return ALLOW
    return deny(_("Only a maintainer of the lab, or an admin of its institution, can do this."))


def works_in(user: User, lab: Lab) -> bool:
    """Whether the person is a member of the lab, and still of its institution."""
    return Lab.objects.worked_in_by(user).filter(pk=lab.pk).exists()


def maintains(user: User, lab: Lab) -> bool:
    """Whether the person is a maintainer of the lab, and still of its institution."""
    if lab.institution_id not in standing(user).institution_ids:
        return False
    return LabMember.objects.filter(lab=lab, user=user, role=LabMember.Role.MAINTAINER).exists()

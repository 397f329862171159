"""Everything that changes a lab and who works in it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from consortium import audit
from consortium.actions.desired import want
from consortium.errors import DomainError, Invalid
from consortium.models import Institution, User
from consortium.roles import standing
from registry.models import Lab, LabMember
from registry.policies import labs as policies

WORKSPACE = "mlflow-workspace"


class LastMaintainer(DomainError):
    """A lab keeps at least one maintainer."""


@transaction.atomic
def create(
    institution: Institution,
    *,
    slug: str,
    name_en: str,
    name_zh: str,
    maintainer: User,
    by: User,
    about_en: str = "",
    about_zh: str = "",
) -> Lab:
    """Open a lab with its first maintainer; its MLflow workspace follows.

    Raises PermissionDenied, or Invalid: the slug is taken, the maintainer is of elsewhere.
    """
    policies.can_create(by, institution).require()
    if Lab.objects.filter(slug=slug).exists():
        raise Invalid({"slug": [_("There is a lab of this name already. Choose another.")]})
    _require_colleague(maintainer, institution, "maintainer")
    lab = Lab.objects.create(
        institution=institution,
        slug=slug,
        name_en=name_en,
        name_zh=name_zh,
        about_en=about_en,
        about_zh=about_zh,
        workspace=f"lab-{slug}",
        created_by=by,
    )
    LabMember.objects.create(lab=lab, user=maintainer, role=LabMember.Role.MAINTAINER)
    want(kind=WORKSPACE, key=lab.workspace, spec={"workspace": lab.workspace})
    audit.record("lab.created", lab, by=by, slug=slug, maintainer=maintainer.pk)
    return lab


@transaction.atomic
def set_member(lab: Lab, user: User, *, role: str, by: User) -> LabMember:
    """Add a person to a lab, or change their role in it.

    Raises PermissionDenied, Invalid (not of the lab's institution), LastMaintainer.
    """
    lab = Lab.objects.select_for_update().get(pk=lab.pk)
    policies.can_manage(by, lab).require()
    _require_colleague(user, lab.institution, "user")
    if role != LabMember.Role.MAINTAINER:
        _require_other_maintainer(lab, user)
    member, _created = LabMember.objects.update_or_create(
        lab=lab, user=user, defaults={"role": role}
    )
    audit.record("lab.member_set", lab, by=by, user=user.pk, role=role)
    return member


@transaction.atomic
def remove_member(lab: Lab, user: User, *, by: User) -> None:
    """End a person's work in a lab, at once: their next call is refused.

    Raises PermissionDenied, LastMaintainer. Nothing happens when they are no member.
    """
    lab = Lab.objects.select_for_update().get(pk=lab.pk)
    policies.can_manage(by, lab).require()
    _require_other_maintainer(lab, user)
    removed, _rows = LabMember.objects.filter(lab=lab, user=user).delete()
    if removed:
        audit.record("lab.member_removed", lab, by=by, user=user.pk)


def _require_colleague(user: User, institution: Institution, field: str) -> None:
    if institution.pk not in standing(user).institution_ids:
        message = _("This person does not belong to %(institution)s. Add them there first.")
        raise Invalid({field: [message % {"institution": institution.name}]})


def _require_other_maintainer(lab: Lab, user: User) -> None:
    maintainers = lab.members.filter(role=LabMember.Role.MAINTAINER)
    if maintainers.filter(user=user).exists() and maintainers.count() == 1:
        raise LastMaintainer(_("A lab needs a maintainer. Name another one first."))

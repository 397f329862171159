from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import Affiliation, ArmAppointment, Institution, NamedInBoth, User
from consortium.roles import standing

LAB_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
# What hubs and MLflow both take as a name: no "--", no "..", nothing to be decoded.
MODEL_SLUG = r"^[a-z0-9]+([._-][a-z0-9]+)*\Z"
_READS_UNRELEASED = frozenset({ArmAppointment.Office.RESEARCH, ArmAppointment.Office.AUDITOR})


class LabQuerySet(models.QuerySet["Lab"]):
    def visible_to(self, user: User | AnonymousUser) -> LabQuerySet:  # noqa: ARG002
        """Labs are listed for everybody; what they hold is not."""
        return self

    def worked_in_by(self, user: User | AnonymousUser) -> LabQuerySet:
        """Labs whose runs and unreleased models this person works with, today.

        A lab is a team inside an institution: who has left the institution has left the lab.
        """
        if not isinstance(user, User):
            return self.none()
        here = standing(user).institution_ids
        return self.filter(members__user=user, institution_id__in=here)

    def open_to(self, user: User | AnonymousUser) -> LabQuerySet:
        """Labs whose unreleased work this person may read.

        Its members, the admins and delegates of its institution, the R&D office and the
        auditors. Never the deployment office: that is what the wall is for.
        """
        if not isinstance(user, User):
            return self.none()
        stands = standing(user)
        if ArmAppointment.Office.DEPLOYMENT in stands.offices:
            return self.none()
        if stands.offices & _READS_UNRELEASED:
            return self
        speaks_for = stands.institutions_as(Affiliation.Role.ADMIN, Affiliation.Role.DELEGATE)
        works_in = self.worked_in_by(user).values("pk")
        return self.filter(Q(pk__in=works_in) | Q(institution_id__in=speaks_for))


class Lab(NamedInBoth):
    """A team inside an institution that trains and publishes models."""

    slug = models.SlugField(max_length=40, unique=True, validators=[RegexValidator(LAB_SLUG)])
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="labs")
    about_en = models.TextField(blank=True)
    about_zh = models.TextField(blank=True)
    workspace = models.CharField(
        max_length=63, unique=True, help_text=_("The lab's workspace on the MLflow server.")
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = LabQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def get_absolute_url(self) -> str:
        return reverse("registry:lab", args=[self.slug])


class LabMember(models.Model):
    """Who works in a lab. A maintainer also publishes, and names the others."""

    class Role(models.TextChoices):
        MEMBER = "member", _("member")
        MAINTAINER = "maintainer", _("maintainer")

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="labs")
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lab", "user"], name="lab_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.lab}"

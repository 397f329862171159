from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import ArmAppointment, User, localized
from consortium.roles import standing
from registry.models.gate import TransferGate
from registry.models.labs import MODEL_SLUG

Office = ArmAppointment.Office


class FieldOfUse(models.TextChoices):
    """What an enterprise does with a model. Stored in terms and licence files: never renamed."""

    MANUFACTURING = "manufacturing", _("manufacturing")
    ENERGY = "energy", _("energy")
    FINANCE = "finance", _("finance")
    HEALTH = "health", _("health care")
    EDUCATION = "education", _("education")
    TRANSPORT = "transport", _("transport")
    PUBLIC_SERVICE = "public_service", _("public services")
    RESEARCH = "research", _("industrial research")


class Deployment(models.TextChoices):
    """How a model is put to use."""

    ON_PREMISES = "on_premises", _("on the licensee's premises")
    PRIVATE_CLOUD = "private_cloud", _("in a private cloud")
    EDGE = "edge", _("on edge devices")
    PUBLIC_SERVICE = "public_service", _("as a service to the public")


class OfferingQuerySet(models.QuerySet["CommercialOffering"]):
    def visible_to(self, user: User | AnonymousUser) -> OfferingQuerySet:
        """Offered ones for everybody; all for the deployment office and auditors; and to the
        people of a licensee, those it has a licence of."""
        offered = Q(state=CommercialOffering.State.OFFERED)
        if not isinstance(user, User):
            return self.filter(offered)
        stands = standing(user)
        if stands.offices & {Office.DEPLOYMENT, Office.AUDITOR}:
            return self
        licensed = Q(licences__licensee_id__in=stands.institution_ids)
        return self.filter(offered | licensed).distinct()

    def shown(self) -> OfferingQuerySet:
        return self.select_related("gate__checkpoint__model__lab__institution")


class CommercialOffering(models.Model):
    """What the for-profit arm offers to license: one checkpoint that passed the gate."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OFFERED = "offered", _("offered")
        RETIRED = "retired", _("retired")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.OFFERED, State.RETIRED}),
        State.OFFERED: frozenset({State.RETIRED}),
        State.RETIRED: frozenset({State.OFFERED}),
    }

    code = models.CharField(max_length=60, unique=True, validators=[RegexValidator(MODEL_SLUG)])
    gate = models.ForeignKey(TransferGate, on_delete=models.PROTECT, related_name="offerings")
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    title_en = models.CharField(_("title in English"), max_length=200)
    title_zh = models.CharField(_("title in Chinese"), max_length=200)
    summary_en = models.TextField(_("summary in English"))
    summary_zh = models.TextField(_("summary in Chinese"))
    fields = ArrayField(models.CharField(max_length=20, choices=FieldOfUse))
    forms = ArrayField(models.CharField(max_length=20, choices=Deployment))
    list_price_fen = models.PositiveBigIntegerField(
        help_text=_("For one year and the smallest scale.")
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    offered_at = models.DateTimeField(null=True, blank=True)

    objects = OfferingQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="offering_has_date_once_offered",
                condition=Q(offered_at__isnull=False) | ~Q(state="offered"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("registry:offering", args=[self.code])

    @property
    def title(self) -> str:
        return localized(self, "title")

    @property
    def field_labels(self) -> list[str]:
        return [str(FieldOfUse(value).label) for value in self.fields]

    @property
    def form_labels(self) -> list[str]:
        return [str(Deployment(value).label) for value in self.forms]

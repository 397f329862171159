from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import NamedInBoth, User
from registry.models.labs import MODEL_SLUG, Lab


class ModelQuerySet(models.QuerySet["Model"]):
    def visible_to(self, user: User | AnonymousUser) -> ModelQuerySet:
        """Models with a release this reader may see, and all of the labs open to them."""
        from registry.models.releases import ResearchRelease  # noqa: PLC0415  it knows Model

        released = ResearchRelease.objects.readable_by(user).values("model")
        return self.filter(Q(lab__in=Lab.objects.open_to(user)) | Q(pk__in=released))


class Model(NamedInBoth):
    """A model, known as `lab/model`; its checkpoints are what is trained and released."""

    class Kind(models.TextChoices):
        ROOT = "root", _("root model")
        DOMAIN = "domain", _("domain model")
        COMPONENT = "component", _("component")

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="models")
    slug = models.CharField(max_length=60, validators=[RegexValidator(MODEL_SLUG)])
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.DOMAIN)
    description_en = models.TextField(blank=True)
    description_zh = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ModelQuerySet.as_manager()

    class Meta:
        ordering = ["lab__slug", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["lab", "slug"], name="model_once_in_lab"),
        ]

    @property
    def full_name(self) -> str:
        """The name by which hubs and MLflow know it: `lab/model`."""
        return f"{self.lab.slug}/{self.slug}"

    def get_absolute_url(self) -> str:
        return reverse("registry:model", args=[self.lab.slug, self.slug])

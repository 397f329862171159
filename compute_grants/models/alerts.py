"""When a grant's people want to be told, and what they were told."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from consortium.models import User


def usual_percents() -> list[int]:
    return [50, 75, 90, 100]


class AlertSettings(models.Model):
    """What the lead chose for one grant. A grant without a row has the usual ones.

    percents: of what is released, used; idle_days: 0 for no such alert.
    """

    allocation = models.OneToOneField(
        Allocation, on_delete=models.CASCADE, related_name="alert_settings"
    )
    percents = ArrayField(models.PositiveSmallIntegerField(), default=usual_percents)
    runs_out = models.BooleanField(default=True)
    idle_days = models.PositiveSmallIntegerField(default=30)
    listeners = models.ManyToManyField(User, related_name="+", blank=True)

    def __str__(self) -> str:
        return f"{self.allocation}: {self.percents}"


class AlertQuerySet(models.QuerySet["Alert"]):
    def visible_to(self, user: User) -> AlertQuerySet:
        """Those of the allocations one may see."""
        return self.filter(allocation__in=Allocation.objects.visible_to(user))


class Alert(models.Model):
    """One crossing of one threshold. It fires once; when the figure falls back it is over.

    threshold: percent used, or days idle; 0 for running out.
    """

    class Kind(models.TextChoices):
        USED = "used", _("share used")
        RUNS_OUT = "runs_out", _("projected to run out before the end")
        IDLE = "idle", _("not used for days")

    allocation = models.ForeignKey(Allocation, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=8, choices=Kind)
    threshold = models.PositiveSmallIntegerField()
    fired_at = models.DateTimeField(default=timezone.now)
    over_at = models.DateTimeField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-fired_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["allocation", "kind", "threshold"],
                condition=Q(over_at__isnull=True),
                name="alert_fires_once_per_crossing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocation} {self.kind} {self.threshold}"

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DesiredStateQuerySet(models.QuerySet["DesiredState"]):
    def unsettled(self) -> DesiredStateQuerySet:
        return self.exclude(applied_generation=F("generation"))


class DesiredState(models.Model):
    """What another system should look like, written with the decision that wants it.

    A worker claims a row for a while (`lease_*`, on the database's clock), reads the
    outside, applies the difference as absolute values, reads back, and records success only
    if its `fence` is still the newest.
    """

    class State(models.TextChoices):
        """What staff are told; read from the row, never stored."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("being applied")
        FAILED = "failed", _("failed, will be tried again")
        DONE = "done", _("matches")

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    spec = models.JSONField()
    generation = models.PositiveBigIntegerField(default=1)
    applied_generation = models.PositiveBigIntegerField(default=0)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    observed = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = DesiredStateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="desired_once"),
            models.CheckConstraint(
                name="desired_applied_not_ahead",
                condition=Q(applied_generation__lte=F("generation")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=~Q(applied_generation=F("generation")),
                name="desired_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def settled(self) -> bool:
        return self.applied_generation == self.generation

    @property
    def state(self) -> State:
        if self.settled:
            return self.State.DONE
        if self.lease_until and self.lease_until > timezone.now():
            return self.State.RUNNING
        return self.State.FAILED if self.error else self.State.WAITING

    def get_state_display(self) -> str:
        return str(self.state.label)

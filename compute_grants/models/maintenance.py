"""When machines are planned to be out of service."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.machines import Machine
from consortium.models import User


class MaintenanceWindowQuerySet(models.QuerySet["MaintenanceWindow"]):
    def visible_to(self, user: object) -> MaintenanceWindowQuerySet:
        """Those of the machines that the person sees."""
        return self.filter(machine__in=Machine.objects.visible_to(user))

    def ahead(self) -> MaintenanceWindowQuerySet:
        """Planned or under way, the next first."""
        return self.filter(state__in=MaintenanceWindow.STANDING).order_by("starts_at", "pk")


class MaintenanceWindow(models.Model):
    """A planned stop of one machine, from starts_at until before ends_at.

    The clock takes the machine into maintenance and back. ended_at: when it really was over.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        UNDER_WAY = "under_way", _("under way")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    TRANSITIONS = {
        State.PLANNED: frozenset({State.UNDER_WAY, State.CANCELLED}),
        State.UNDER_WAY: frozenset({State.DONE}),
        State.DONE: frozenset[State](),
        State.CANCELLED: frozenset[State](),
    }
    STANDING = frozenset({State.PLANNED, State.UNDER_WAY})

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="windows")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    note_en = models.CharField(max_length=300)
    note_zh = models.CharField(max_length=300)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(default=timezone.now)

    objects = MaintenanceWindowQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                name="maintenance_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))
            ),
            # int8range stands for equality, which GiST has only with an extension
            ExclusionConstraint(
                name="maintenance_windows_do_not_overlap",
                condition=Q(state__in=["planned", "under_way"]),
                expressions=[
                    (
                        Func(F("machine_id"), F("machine_id"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(F("starts_at"), F("ends_at"), Value("[)"), function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.machine} {self.starts_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return f"{self.machine.get_absolute_url()}#maintenance"

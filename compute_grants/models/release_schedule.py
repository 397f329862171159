"""How an award is handed out: part by part."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compute_grants import programme
from compute_grants.models.allocations import Allocation
from consortium.models import User


class TrancheQuerySet(models.QuerySet["Tranche"]):
    def visible_to(self, user: User) -> TrancheQuerySet:
        """Those of the allocations one may see."""
        return self.filter(allocation__in=Allocation.objects.visible_to(user))


class Tranche(models.Model):
    """A part of an award. What is planned lies on the allocation's reserve account.

    PLANNED   promised; nobody can use it or award it to others
    RELEASED  in the allocation's account
    WITHHELD  back in the call's budget

    due_on: the day it is released, or by which the report is expected.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        RELEASED = "released", _("released to use")
        WITHHELD = "withheld", _("withheld")

    class Condition(models.TextChoices):
        AWARD = programme.AWARD, programme.CONDITIONS[programme.AWARD]
        DATE = programme.DATE, programme.CONDITIONS[programme.DATE]
        REPORT = programme.REPORT, programme.CONDITIONS[programme.REPORT]

    TRANSITIONS = {
        State.PLANNED: frozenset({State.RELEASED, State.WITHHELD}),
        State.RELEASED: frozenset[State](),
        State.WITHHELD: frozenset[State](),
    }

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="tranches")
    position = models.PositiveSmallIntegerField()
    seconds = models.PositiveBigIntegerField()
    condition = models.CharField(max_length=8, choices=Condition)
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    objects = TrancheQuerySet.as_manager()

    class Meta:
        ordering = ["allocation", "position"]
        constraints = [
            models.UniqueConstraint(fields=["allocation", "position"], name="tranche_once"),
            models.CheckConstraint(name="tranche_not_zero", condition=Q(seconds__gt=0)),
            models.CheckConstraint(
                name="tranche_decided_has_its_time",
                condition=Q(state="planned", decided_at__isnull=True)
                | ~Q(state="planned") & Q(decided_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on"], condition=Q(state="planned"), name="tranche_planned_by_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocation} {self.position}"

"""What a grant's hours are meant for, by stage of the work."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from compute_grants.models.allocations import Allocation
from compute_grants.models.usage import UsageRecord


class StagePlan(models.Model):
    """The share of a grant that its lead plans for one stage. A grant's shares make 100."""

    allocation = models.ForeignKey(Allocation, on_delete=models.CASCADE, related_name="stage_plans")
    stage = models.CharField(max_length=12, choices=UsageRecord.Stage)
    percent = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["allocation", "stage"], name="stage_plan_once"),
            models.CheckConstraint(
                name="stage_plan_is_a_share", condition=Q(percent__gte=0, percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocation} {self.stage}: {self.percent}%"

"""How the code of a proposal scales, as its writers measured it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from compute_grants.models.machines import Precision
from compute_grants.models.proposals import Proposal


class ScalingPoint(models.Model):
    """The time that the same work took `width` cards (cores where there are none) at once.

    `machine` is where it was measured, in the writer's words: it need not be one of ours.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="scaling")
    machine = models.CharField(max_length=80)
    precision = models.CharField(max_length=4, choices=Precision)
    width = models.PositiveIntegerField()
    milliseconds = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["machine", "precision", "width"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "machine", "precision", "width"], name="scaling_point_once"
            ),
            models.CheckConstraint(
                name="scaling_point_not_zero", condition=Q(width__gt=0, milliseconds__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number}: {self.machine} {self.precision} {self.width}"

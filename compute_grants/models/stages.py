"""What a grant's hours are meant for, by stage of the work."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from compute_grants.models.machines import Machine
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


class StageRule(models.Model):
    """Jobs of a machine whose partition, QOS or comment is `value` belong to `stage`.

    The first that fits, by position, counts; what a job states about itself goes before.
    compute_grants.stage_rules applies them.
    """

    class Field(models.TextChoices):
        PARTITION = "partition", _("partition")
        QOS = "qos", _("QOS")
        COMMENT = "comment", _("word in the comment")

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="stage_rules")
    position = models.PositiveSmallIntegerField()
    field = models.CharField(max_length=9, choices=Field)
    value = models.CharField(max_length=64)
    stage = models.CharField(max_length=12, choices=UsageRecord.Stage)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["machine", "field", "value"], name="stage_rule_once"),
            models.CheckConstraint(name="stage_rule_names_something", condition=~Q(value="")),
        ]

    def __str__(self) -> str:
        return f"{self.machine} {self.field}={self.value}: {self.stage}"

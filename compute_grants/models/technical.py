"""Technical reviews: the centre's word on each request for time on its machine."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.proposals import ResourceRequest
from consortium.models import User


class TechnicalReview(models.Model):
    """The centre's word on one request for time on its machine."""

    class Verdict(models.TextChoices):
        FEASIBLE = "feasible", _("feasible")
        PARTLY = "partly", _("partly feasible")
        INFEASIBLE = "infeasible", _("not feasible")

    request = models.OneToOneField(
        ResourceRequest, on_delete=models.CASCADE, related_name="technical_review"
    )
    verdict = models.CharField(max_length=12, choices=Verdict)
    cap_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    reason = models.TextField()
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="technical_review_caps_what_is_partly_feasible",
                condition=Q(verdict="partly", cap_seconds__gt=0)
                | ~Q(verdict="partly") & Q(cap_seconds__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.verdict}"

    @property
    def ceiling(self) -> int:
        """The most that may be awarded, in the request's unit."""
        if self.verdict == self.Verdict.INFEASIBLE:
            return 0
        return self.cap_seconds or self.request.seconds


class TechnicalCheck(models.Model):
    """One line of a technical review's checklist. What does not pass says why."""

    class Item(models.TextChoices):
        SCALING = "scaling", _("Scaling against the smallest feasible width")
        JOB_SIZE = "job_size", _("Job size and wall time")
        MEMORY = "memory", _("Memory per node")
        SOFTWARE = "software", _("Software and licences")
        STORAGE = "storage", _("I/O and checkpoint storage")
        ARITHMETIC = "arithmetic", _("Arithmetic of the request")
        PRECISION = "precision", _("Precision against the machine's peak")
        PERIODS = "periods", _("Split over the periods")
        SUPPORT = "support", _("Support needed")

    class Result(models.TextChoices):
        OK = "ok", _("in order")
        CONCERN = "concern", _("concern")
        FAIL = "fail", _("fails")

    review = models.ForeignKey(TechnicalReview, on_delete=models.CASCADE, related_name="checks")
    item = models.CharField(max_length=12, choices=Item)
    result = models.CharField(max_length=8, choices=Result)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "item"], name="technical_check_once"),
            models.CheckConstraint(
                name="technical_check_says_why", condition=Q(result="ok") | ~Q(note="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_item_display()}: {self.get_result_display()}"

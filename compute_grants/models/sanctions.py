"""What a late report brings, step by step."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from compute_grants.models.reports import GrantReport
from consortium.models import User


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def visible_to(self, user: User) -> SanctionQuerySet:
        """Those of the reports one may see."""
        return self.filter(report__in=GrantReport.objects.visible_to(user))

    def standing(self) -> SanctionQuerySet:
        return self.filter(lifted_at__isnull=True)


class Sanction(models.Model):
    """One step taken because a report was late. Lifted by itself once the report is in.

    REFUSED    the lead of its grant hands in no proposals and requests
    SUSPENDED  the lead's running grants take no new jobs (`grants`)

    due_on: the report's due date of then; with a later one the steps begin anew.
    """

    class Step(models.TextChoices):
        REFUSED = "refused", _("submissions refused")
        SUSPENDED = "suspended", _("running grants suspended")

    report = models.ForeignKey(GrantReport, on_delete=models.PROTECT, related_name="sanctions")
    step = models.CharField(max_length=10, choices=Step)
    due_on = models.DateField()
    taken_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "step", "due_on"], name="sanction_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.step}"


class SuspendedGrant(models.Model):
    """A grant that a step suspended.

    lifted_at: since when the suspension is no longer this step's: it was resumed, or somebody
    changed the grant's state meanwhile. Each grant once for each step: what staff resumed
    stays resumed.
    """

    sanction = models.ForeignKey(Sanction, on_delete=models.PROTECT, related_name="grants")
    allocation = models.ForeignKey(
        Allocation, on_delete=models.PROTECT, related_name="late_suspensions"
    )
    suspended_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["sanction", "allocation"], name="suspended_grant_once"),
            models.UniqueConstraint(
                fields=["allocation"],
                condition=Q(lifted_at__isnull=True),
                name="suspended_grant_by_one_step",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocation}: {self.sanction}"


class SanctionNotice(models.Model):
    """That those concerned were told of a step before it is taken, once for each due date.

    begins_on: the day they were told of. No step is taken before it.
    """

    report = models.ForeignKey(GrantReport, on_delete=models.CASCADE, related_name="warnings")
    step = models.CharField(max_length=10, choices=Sanction.Step)
    due_on = models.DateField()
    begins_on = models.DateField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "step", "due_on"], name="sanction_notice_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.step}"

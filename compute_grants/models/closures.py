"""The end of a grant's books: figures that do not change any more, and where the rest went."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from compute_grants.models.allocations import Allocation
from consortium.models import User


class ClosureQuerySet(models.QuerySet["Closure"]):
    def visible_to(self, user: User) -> ClosureQuerySet:
        """Those of the grants one may see."""
        return self.filter(allocation__in=Allocation.objects.visible_to(user))


class Closure(models.Model):
    """The closing of one grant's books, once its report is accepted and its usage has settled.

    content: the closing statement as data: the grant, what was awarded, used, returned and
    expired (seconds of its unit), job runs, energy, CO2e and goodput. content_hash: sha256 of
    its canonical JSON. Usage that arrives later is posted to the ledger as ever and does not
    change the statement.
    """

    allocation = models.OneToOneField(Allocation, on_delete=models.PROTECT, related_name="closure")
    returned_seconds = models.PositiveBigIntegerField(default=0)
    expired_seconds = models.PositiveBigIntegerField(default=0)
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(default=timezone.now)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.allocation)

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:closure", args=[self.allocation.number])

"""Kinds of access: how much can be asked, how deeply it is reviewed, for how long it is given."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.machines import Resource
from consortium.models import NamedInBoth, User


class AccessType(NamedInBoth):
    """One version of one access type. A version never changes: a change is the next version.

    Sizes in credit-seconds, the common unit (see ExchangeRate); null where there is no limit.
    reviewers: how many review each proposal, peers or (internal) people of the R&D office; 0 where
    the centres' technical check is all. needs_benchmark: its lead has been awarded time of a
    type that gives_benchmark before. current: the newest version, which calls can take up.
    """

    class Depth(models.TextChoices):
        TECHNICAL = "technical", _("technical check only")
        INTERNAL = "internal", _("internal review")
        PEER = "peer", _("peer review")

    code = models.SlugField(max_length=24)
    version = models.PositiveSmallIntegerField(default=1)
    current = models.BooleanField(default=True)
    description_en = models.TextField(blank=True)
    description_zh = models.TextField(blank=True)
    depth = models.CharField(max_length=10, choices=Depth, default=Depth.PEER)
    reviewers = models.PositiveSmallIntegerField(default=0)
    months = models.PositiveSmallIntegerField()
    min_credit_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    max_credit_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    needs_benchmark = models.BooleanField(default=False)
    gives_benchmark = models.BooleanField(default=False)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="access_type_version_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(current=True), name="access_type_current_once"
            ),
            models.CheckConstraint(name="access_type_lasts", condition=Q(months__gte=1)),
            models.CheckConstraint(
                name="access_type_has_reviewers",
                condition=Q(depth="technical", reviewers=0)
                | ~Q(depth="technical") & Q(reviewers__gte=1),
            ),
            models.CheckConstraint(
                name="access_type_sizes_in_order",
                condition=Q(min_credit_seconds__isnull=True)
                | Q(max_credit_seconds__isnull=True)
                | Q(max_credit_seconds__gte=F("min_credit_seconds")),
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:access_type", args=[self.code])


class AccessTypeLimit(models.Model):
    """What one version of an access type lets be asked of one resource, in its unit."""

    access_type = models.ForeignKey(AccessType, on_delete=models.CASCADE, related_name="limits")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="access_limits")
    min_seconds = models.PositiveBigIntegerField(default=0)
    max_seconds = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["access_type", "resource"], name="access_type_limit_once"
            ),
            models.CheckConstraint(
                name="access_type_limit_in_order",
                condition=Q(max_seconds__gt=0, max_seconds__gte=F("min_seconds")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.access_type}: {self.resource}"

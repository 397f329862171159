"""The programme's rules, version by version."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants import programme
from consortium.models import User


class ProgrammePolicyQuerySet(models.QuerySet["ProgrammePolicy"]):
    def in_force(self, day: date) -> ProgrammePolicyQuerySet:
        """The version of each kind that holds on `day`: the last one published for it."""
        return self.filter(since__lte=day).order_by("kind", "-since", "-pk").distinct("kind")


class ProgrammePolicy(models.Model):
    """One version of one rule. Never changed: a new version is a new row.

    body: JSON that `programme.parse` accepts for this kind.
    """

    kind = models.CharField(max_length=32)
    since = models.DateField(help_text=_("The first day it holds."))
    body = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = ProgrammePolicyQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        indexes = [models.Index(fields=["kind", "since"], name="programme_policy_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.since}"

    @property
    def parsed(self) -> programme.Body:
        return programme.parse(self.kind, self.body)

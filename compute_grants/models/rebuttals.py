"""Rebuttal: for a time the lead reads the reviews, without names, and answers each once."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from compute_grants.models.proposals import Proposal
from compute_grants.models.reviews import Review
from consortium.models import User


class RebuttalWindowQuerySet(models.QuerySet["RebuttalWindow"]):
    def visible_to(self, user: User) -> RebuttalWindowQuerySet:
        return self.filter(proposal__in=Proposal.objects.visible_to(user))

    def open_at(self, now: datetime) -> RebuttalWindowQuerySet:
        return self.filter(opened_at__lte=now, until__gt=now)


class RebuttalWindow(models.Model):
    """From `opened_at` until before `until` the lead may answer and reviewers may revise."""

    proposal = models.OneToOneField(
        Proposal, on_delete=models.PROTECT, related_name="rebuttal_window"
    )
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    objects = RebuttalWindowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="rebuttal_window_ends_after_it_opens", condition=Q(until__gt=F("opened_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number}"

    def open_at(self, now: datetime) -> bool:
        return self.opened_at <= now < self.until


class Rebuttal(models.Model):
    """The lead's one answer to one review, to the version of it that was read."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="rebuttal")
    review_version = models.PositiveIntegerField()
    text = models.TextField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="rebuttal_not_empty", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.review}"

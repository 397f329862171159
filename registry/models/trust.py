"""What the root and the revocation key have signed and published. Append-only, both."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class TrustDocument(models.Model):
    """Which keys may sign what, signed by the offline root. The highest version is in force."""

    version = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"trust {self.version}"


class StatusList(models.Model):
    """One publication of a status list: the statuses of its licences at one epoch."""

    name = models.CharField(max_length=20)
    epoch = models.PositiveBigIntegerField()
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "-epoch"]
        constraints = [
            models.UniqueConstraint(fields=["name", "epoch"], name="status_list_epoch_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.epoch}"

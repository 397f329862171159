from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models.people import User


class Scope(models.TextChoices):
    """What a token may be used for; always intersected with its owner's live rights."""

    PROFILE_READ = "profile:read", _("read your profile")
    GRANTS_READ = "grants:read", _("read calls, proposals and grants")
    GRANTS_WRITE = "grants:write", _("change proposals, reviews and grants")
    USAGE_WRITE = "usage:write", _("report usage")
    REGISTRY_READ = "registry:read", _("read models and download releases")
    REGISTRY_WRITE = "registry:write", _("log training runs and publish models")
    LICENCES_READ = "licences:read", _("read licences and download licensed bundles")
    LICENCES_WRITE = "licences:write", _("negotiate licences and report use")


class ApiToken(models.Model):
    """A scoped, expiring key to the API. Only its keyed hash is stored."""

    key_id = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    pepper_version = models.PositiveSmallIntegerField(default=1)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=24, choices=Scope))
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.label} ({self.key_id})"

    @property
    def live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

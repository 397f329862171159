from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models.people import User


class StoredFile(models.Model):
    """A file that somebody handed in: checked, and kept under the digest of its bytes.

    Rows may share their bytes. Which page shows it, and to whom, is said by whatever points here.
    """

    class Kind(models.TextChoices):
        PDF = "pdf", _("PDF document")
        PNG = "png", _("PNG picture")
        JPEG = "jpeg", _("JPEG picture")
        WEBP = "webp", _("WebP picture")
        TEXT = "text", _("plain text")
        MARKDOWN = "markdown", _("Markdown text")
        CSV = "csv", _("CSV table")

    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=120)
    # Of a PDF document its pages, of a picture its size in pixels.
    pages = models.PositiveIntegerField(null=True, blank=True)
    width_pixels = models.PositiveIntegerField(null=True, blank=True)
    height_pixels = models.PositiveIntegerField(null=True, blank=True)
    stored_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    stored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="stored_file_digest_is_one", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="stored_file_by_digest")]

    def __str__(self) -> str:
        return self.name

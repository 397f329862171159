"""Files that belong to a proposal."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from compute_grants.models.proposal_sections import SectionName
from compute_grants.models.proposals import Proposal
from consortium.models import StoredFile, User


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def current(self) -> AttachmentQuerySet:
        """Without those that an earlier submission held and the draft no longer does."""
        return self.filter(removed_at__isnull=True)


class Attachment(models.Model):
    """One file of a section. Once handed in it is kept, even if the draft drops it later."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="attachments")
    section = models.CharField(max_length=12, choices=SectionName, default=SectionName.SCIENCE)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    caption = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.file)

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:attachment", args=[self.proposal.number, self.pk])

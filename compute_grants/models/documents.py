"""Documents that come with a call: guidelines, templates, pictures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from compute_grants.models.calls import Call
from consortium.models import StoredFile, User, localized


class CallDocumentQuerySet(models.QuerySet["CallDocument"]):
    def visible_to(self, user: object) -> CallDocumentQuerySet:
        """Those of the calls that the person sees."""
        return self.filter(call__in=Call.objects.visible_to(user))


class CallDocument(models.Model):
    """One file of a call, with what it is in at least one language."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="documents")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="+")
    title_en = models.CharField(max_length=200, blank=True)
    title_zh = models.CharField(max_length=200, blank=True)
    attached_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    attached_at = models.DateTimeField(default=timezone.now)

    objects = CallDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="call_document_has_a_title", condition=~Q(title_en="", title_zh="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call.code}: {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:call_document", args=[self.call.code, self.pk])

    @property
    def title(self) -> str:
        return localized(self, "title")

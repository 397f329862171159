"""What came of grants: articles, data sets, software, models, patents, talks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from compute_grants.models.reports import GrantReport
from consortium.models import User


class OutputQuerySet(models.QuerySet["Output"]):
    def visible_to(self, user: User) -> OutputQuerySet:
        """Those that name a grant one may see, and were not taken back."""
        seen = OutputGrant.objects.filter(allocation__in=Allocation.objects.visible_to(user))
        return self.filter(removed_at__isnull=True, pk__in=seen.values("output"))


class Output(models.Model):
    """One thing that came of one or several grants.

    doi: without resolver, in lower case, or empty. licence: as the work states it, an SPDX
    identifier where there is one. Rows are taken back, never deleted.
    """

    class Kind(models.TextChoices):
        ARTICLE = "article", _("article")
        PREPRINT = "preprint", _("preprint")
        DATASET = "dataset", _("data set")
        SOFTWARE = "software", _("software")
        MODEL = "model", _("model")
        PATENT = "patent", _("patent")
        TALK = "talk", _("talk")

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=400)
    venue = models.CharField(max_length=200, blank=True)
    year = models.PositiveSmallIntegerField()
    doi = models.CharField(max_length=255, blank=True)
    url = models.URLField(max_length=500, blank=True)
    licence = models.CharField(max_length=60, blank=True)
    grants = models.ManyToManyField(Allocation, through="OutputGrant", related_name="outputs")
    report = models.ForeignKey(
        GrantReport, on_delete=models.PROTECT, null=True, blank=True, related_name="outputs"
    )
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = OutputQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="output_doi_is_normal", condition=Q(doi="") | Q(doi__regex=r"^10\.\d{4,9}")
            ),
        ]
        indexes = [
            models.Index(fields=["doi"], condition=~Q(doi=""), name="output_by_doi"),
            models.Index(fields=["kind", "year"], name="output_by_kind_year"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:output", args=[self.number])

    @property
    def address(self) -> str:
        """Where to find it: by its DOI, else as it was given."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url


class OutputGrant(models.Model):
    """That an output names a grant."""

    output = models.ForeignKey(Output, on_delete=models.CASCADE, related_name="names")
    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="named_by")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["output", "allocation"], name="output_grant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.output}: {self.allocation}"


class OutputAuthor(models.Model):
    """An author in the order of the work. orcid: 0000-0002-1825-0097, or empty."""

    output = models.ForeignKey(Output, on_delete=models.CASCADE, related_name="authors")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    orcid = models.CharField(max_length=19, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["output", "position"], name="output_author_once"),
            models.CheckConstraint(
                name="output_orcid_is_written_in_full",
                condition=Q(orcid="") | Q(orcid__regex=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def line(self) -> str:
        """As it is written in the form."""
        return f"{self.name}, {self.orcid}" if self.orcid else self.name

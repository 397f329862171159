from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import Institution, User
from consortium.roles import standing
from registry.models.catalogue import Model
from registry.models.checkpoints import Checkpoint
from registry.models.labs import Lab

RESEARCH_LICENCE = "LicenseRef-OMIC-Research-1.0"


class ReleaseQuerySet(models.QuerySet["ResearchRelease"]):
    def in_audience_of(self, user: User | AnonymousUser) -> ReleaseQuerySet:
        """Releases addressed to this reader, whatever their state.

        Members are all who belong to an active institution, and the consortium's own staff.
        """
        Audience = ResearchRelease.Audience  # noqa: N806  a class
        if not isinstance(user, User):
            return self.filter(audience=Audience.PUBLIC)
        stands = standing(user)
        addressed = Q(audience=Audience.PUBLIC)
        if stands.affiliations or stands.offices:
            addressed |= Q(audience=Audience.MEMBERS)
        if stands.institution_ids:
            named = ResearchRelease.institutions.through.objects.filter(
                institution_id__in=stands.institution_ids
            ).values("researchrelease_id")
            addressed |= Q(audience=Audience.INSTITUTIONS, pk__in=named)
        return self.filter(addressed)

    def readable_by(self, user: User | AnonymousUser) -> ReleaseQuerySet:
        """Released to this reader, withdrawn ones (tombstones) included."""
        return self.in_audience_of(user).filter(state__in=ResearchRelease.PUBLISHED)

    def visible_to(self, user: User | AnonymousUser) -> ReleaseQuerySet:
        """Released to this reader; and in any state, those of labs open to them."""
        mine = Lab.objects.open_to(user).values("pk")
        readable = ResearchRelease.objects.readable_by(user).values("pk")
        return self.filter(Q(pk__in=readable) | Q(model__lab__in=mine))

    def downloadable_by(self, user: User | AnonymousUser) -> ReleaseQuerySet:
        """Whose files this reader may fetch: released, and visible to them."""
        return self.visible_to(user).filter(state=ResearchRelease.State.RELEASED)


class ResearchRelease(models.Model):
    """A checkpoint given to readers for research, under a licence, with a card.

    Its files are its checkpoint's, and never change once it is released.
    checks: the last run's results, [{code, ok, message}]; empty when something was edited since.
    revision: counts edits, so that two editors notice each other.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        CHECKS = "checks", _("checks passed")
        UNDER_REVIEW = "under_review", _("under review")
        EMBARGOED = "embargoed", _("embargoed")
        RELEASED = "released", _("released")
        WITHDRAWN = "withdrawn", _("withdrawn")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.CHECKS}),
        State.CHECKS: frozenset({State.DRAFT, State.UNDER_REVIEW}),
        State.UNDER_REVIEW: frozenset({State.DRAFT, State.EMBARGOED, State.RELEASED}),
        State.EMBARGOED: frozenset({State.RELEASED, State.WITHDRAWN}),
        State.RELEASED: frozenset({State.WITHDRAWN}),
        State.WITHDRAWN: frozenset[State](),
    }
    PUBLISHED = (State.RELEASED, State.WITHDRAWN)
    OPEN = (State.DRAFT, State.CHECKS)

    class Audience(models.TextChoices):
        PUBLIC = "public", _("everybody")
        MEMBERS = "members", _("members of the consortium")
        INSTITUTIONS = "institutions", _("named institutions")

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="releases")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(_("version"), max_length=40)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    licence = models.CharField(_("licence"), max_length=120, blank=True)
    audience = models.CharField(
        _("audience"), max_length=12, choices=Audience, default=Audience.MEMBERS
    )
    institutions = models.ManyToManyField(Institution, blank=True, related_name="+")
    card_en = models.TextField(_("model card in English"), blank=True)
    card_zh = models.TextField(_("model card in Chinese"), blank=True)
    notes_en = models.TextField(_("release notes in English"), blank=True)
    notes_zh = models.TextField(_("release notes in Chinese"), blank=True)
    citation = models.TextField(_("citation"), blank=True)
    checks = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    submitted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)
    embargo_until = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "version"], name="release_version_once"),
            models.CheckConstraint(
                name="release_has_date_once_released",
                condition=Q(released_at__isnull=False) | ~Q(state="released"),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-released_at"], name="release_newest"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse(
            "registry:release", args=[self.model.lab.slug, self.model.slug, self.version]
        )

    @property
    def number(self) -> str:
        """How people call it: `lab/model v1.0`."""
        return f"{self.model.full_name} v{self.version}"


class DownloadRecord(models.Model):
    """One range of one file that somebody fetched. Append-only: the database refuses change.

    first and last are byte offsets, both inclusive, as in Content-Range.
    """

    class Via(models.TextChoices):
        PAGE = "page", _("web page")
        HUB = "hub", _("hub client")

    release = models.ForeignKey(
        ResearchRelease, on_delete=models.PROTECT, null=True, blank=True, related_name="downloads"
    )
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    via = models.CharField(max_length=8, choices=Via)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["release", "at"], name="download_by_release")]

    def __str__(self) -> str:
        return f"{self.path} {self.first}-{self.last}"

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import ArmAppointment, Institution, User
from consortium.roles import standing
from registry.models.money import RevenuePolicy, StatementLine
from registry.models.offerings import CommercialOffering

Office = ArmAppointment.Office


class LicenceQuerySet(models.QuerySet["Licence"]):
    def visible_to(self, user: User | AnonymousUser) -> LicenceQuerySet:
        """Licences of one's institutions; all of them for the deployment office and auditors."""
        if not isinstance(user, User):
            return self.none()
        stands = standing(user)
        if stands.offices & {Office.DEPLOYMENT, Office.AUDITOR}:
            return self
        return self.filter(licensee_id__in=stands.institution_ids)

    def traceable_by(self, user: User | AnonymousUser) -> LicenceQuerySet:
        """Licences whose provenance this person may read: their own, and those of models that
        their institution contributed to or has income from. Their terms stay closed to it."""
        if not isinstance(user, User):
            return self.none()
        stands = standing(user)
        if Office.RESEARCH in stands.offices:
            return self
        contributed = CommercialOffering.objects.filter(
            gate__snapshot__contributions__institution_id__in=stands.institution_ids
        ).values("pk")
        shared = StatementLine.objects.filter(institution_id__in=stands.institution_ids)
        visible = Licence.objects.visible_to(user).values("pk")
        return self.filter(
            Q(pk__in=visible)
            | Q(offering__in=contributed, state__in=Licence.ISSUED)
            | Q(pk__in=shared.values("statement__receipt__licence"))
        )

    def downloadable_by(self, user: User | AnonymousUser) -> LicenceQuerySet:
        """Whose files this person may fetch: in force, and of an institution of theirs."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(
            state=Licence.State.ACTIVE, licensee_id__in=standing(user).institution_ids
        )

    def shown(self) -> LicenceQuerySet:
        return self.select_related(
            "offering__gate__checkpoint__model__lab", "licensee", "requested_by", "policy"
        )


class Licence(models.Model):
    """An enterprise's right to use an offering, from its request to its end.

    SIGNED is passed through: the second signature signs and activates at once.

    document: the agreement as agreed, in both languages; document_sha256: its digest, which
    both sides sign. token: the signed licence (compact JWS), written once at activation.
    status_index: its place in the status list `status_list`.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        OFFERED = "offered", _("offered")
        COUNTERED = "countered", _("countered")
        AGREED = "agreed", _("agreed")
        SIGNED = "signed", _("signed")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        EXPIRED = "expired", _("expired")
        REVOKED = "revoked", _("revoked")
        SUPERSEDED = "superseded", _("superseded")
        DECLINED = "declined", _("declined")

    _ENDS = frozenset({State.EXPIRED, State.REVOKED, State.SUPERSEDED})
    TRANSITIONS = {
        State.REQUESTED: frozenset({State.OFFERED, State.DECLINED}),
        State.OFFERED: frozenset({State.COUNTERED, State.AGREED, State.DECLINED}),
        State.COUNTERED: frozenset({State.OFFERED, State.AGREED, State.DECLINED}),
        State.AGREED: frozenset({State.SIGNED, State.DECLINED}),
        State.SIGNED: frozenset({State.ACTIVE}),
        State.ACTIVE: _ENDS | {State.SUSPENDED},
        State.SUSPENDED: _ENDS | {State.ACTIVE},
        State.EXPIRED: frozenset({State.SUPERSEDED}),
        State.REVOKED: frozenset[State](),
        State.SUPERSEDED: frozenset[State](),
        State.DECLINED: frozenset[State](),
    }
    OPEN = (State.REQUESTED, State.OFFERED, State.COUNTERED, State.AGREED)
    ISSUED = (State.ACTIVE, State.SUSPENDED, State.EXPIRED, State.REVOKED, State.SUPERSEDED)

    number = models.CharField(max_length=16, unique=True)
    offering = models.ForeignKey(
        CommercialOffering, on_delete=models.PROTECT, related_name="licences"
    )
    licensee = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="licences")
    state = models.CharField(max_length=12, choices=State, default=State.REQUESTED)
    request_note = models.TextField(blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    policy = models.ForeignKey(
        RevenuePolicy, on_delete=models.PROTECT, null=True, blank=True, related_name="licences"
    )
    document = models.TextField(blank=True)
    document_sha256 = models.CharField(max_length=64, blank=True)
    template = models.CharField(max_length=40, blank=True)
    token = models.TextField(blank=True)
    status_list = models.CharField(max_length=20, blank=True)
    status_index = models.PositiveIntegerField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    state_reason = models.TextField(blank=True)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["status_list", "status_index"],
                condition=Q(status_index__isnull=False),
                name="licence_status_index_once",
            ),
            models.CheckConstraint(
                name="licence_issued_has_its_papers",
                condition=Q(
                    state__in=["requested", "offered", "countered", "agreed", "signed", "declined"]
                )
                | ~Q(token="")
                & ~Q(document_sha256="")
                & Q(status_index__isnull=False, activated_at__isnull=False, policy__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["licensee", "state"], name="licence_by_licensee")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("registry:licence", args=[self.number])

    @property
    def issued(self) -> bool:
        return self.state in self.ISSUED

    @property
    def last_terms(self) -> LicenceTerms | None:
        """The newest revision of the terms; None before the first offer."""
        return self.revisions.order_by("-revision").first()

    @property
    def settled_terms(self) -> dict[str, Any]:
        """The terms in force: those of the newest revision, which nothing may follow once
        agreed. Empty before the first offer."""
        last = self.last_terms
        return last.terms if last else {}


class Side(models.TextChoices):
    LICENSOR = "licensor", _("licensor")
    LICENSEE = "licensee", _("licensee")


class LicenceTerms(models.Model):
    """One revision of the terms, put forward by one side. Append-only.

    terms: registry.terms.Terms as JSON.
    """

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="revisions")
    revision = models.PositiveIntegerField()
    side = models.CharField(max_length=8, choices=Side)
    terms = models.JSONField()
    comment = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["revision"]
        constraints = [
            models.UniqueConstraint(fields=["licence", "revision"], name="licence_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.licence_id} r{self.revision}"


class Signature(models.Model):
    """One side's signature of one document. Append-only.

    method: how the person proved who they are just before, and `reauthenticated_at` when.
    """

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=8, choices=Side)
    document_sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    method = models.CharField(max_length=40)
    reauthenticated_at = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["licence", "side"], name="signature_once_per_side"),
        ]

    def __str__(self) -> str:
        return f"{self.licence_id} {self.side}"


class LicenceDownload(models.Model):
    """One range of one licensed file that somebody fetched. Append-only.

    first and last are byte offsets, both inclusive.
    """

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="downloads")
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["licence", "at"], name="licence_download_by_time")]

    def __str__(self) -> str:
        return f"{self.path} {self.first}-{self.last}"

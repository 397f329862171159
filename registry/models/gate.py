"""The technology-transfer gate: where research crosses the wall to deployment."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import Arm, ArmAppointment, Institution, User
from consortium.roles import standing
from registry.models.checkpoints import Checkpoint
from registry.models.labs import Lab
from registry.models.releases import ResearchRelease

Office = ArmAppointment.Office


class GateQuerySet(models.QuerySet["TransferGate"]):
    def visible_to(self, user: User | AnonymousUser) -> GateQuerySet:
        """Gates of labs open to this person; once past research review, also for the
        deployment office and everybody of a contributing institution."""
        if not isinstance(user, User):
            return self.none()
        stands = standing(user)
        if stands.offices & {Office.RESEARCH, Office.AUDITOR}:
            return self
        past_review = Q(state__in=TransferGate.PAST_REVIEW)
        if Office.DEPLOYMENT in stands.offices:
            return self.filter(past_review)
        mine = Lab.objects.open_to(user).values("pk")
        contributing = Contribution.objects.filter(
            institution_id__in=stands.institution_ids
        ).values("snapshot__gate")
        return self.filter(
            Q(checkpoint__model__lab__in=mine) | past_review & Q(pk__in=contributing)
        )

    def shown(self) -> GateQuerySet:
        """With what every list and page of gates names, in the same query."""
        return self.select_related(
            "checkpoint__model__lab__institution", "release__model__lab", "requested_by"
        )


class TransferGate(models.Model):
    """A released checkpoint's way to commercial use. Everything it decides is about one
    manifest root, pinned here; another root needs another gate.

    CHECKS             checks were run and at least one failed
    RESEARCH_REVIEW    the non-profit arm decides
    CONSENTING         each contributing institution consents or objects
    DEPLOYMENT_REVIEW  the for-profit arm decides

    certificate: a JSON JWS with one signature by each arm, once approved.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        CHECKS = "checks", _("checks failed")
        RESEARCH_REVIEW = "research_review", _("non-profit arm decides")
        CONSENTING = "consenting", _("institutions consent")
        DEPLOYMENT_REVIEW = "deployment_review", _("for-profit arm decides")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("cancelled")

    TRANSITIONS = {
        State.REQUESTED: frozenset({State.CHECKS, State.RESEARCH_REVIEW, State.CANCELLED}),
        State.CHECKS: frozenset({State.RESEARCH_REVIEW, State.CANCELLED}),
        State.RESEARCH_REVIEW: frozenset({State.CONSENTING, State.REFUSED, State.CANCELLED}),
        State.CONSENTING: frozenset({State.DEPLOYMENT_REVIEW, State.REFUSED, State.CANCELLED}),
        State.DEPLOYMENT_REVIEW: frozenset({State.APPROVED, State.REFUSED, State.CANCELLED}),
        State.APPROVED: frozenset[State](),
        State.REFUSED: frozenset[State](),
        State.CANCELLED: frozenset[State](),
    }
    OPEN = (State.REQUESTED, State.CHECKS)
    PAST_REVIEW = (State.CONSENTING, State.DEPLOYMENT_REVIEW, State.APPROVED, State.REFUSED)
    OVER = (State.REFUSED, State.CANCELLED)

    number = models.CharField(max_length=16, unique=True)
    release = models.ForeignKey(ResearchRelease, on_delete=models.PROTECT, related_name="gates")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="gates")
    manifest_root = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=State, default=State.REQUESTED)
    purpose_en = models.TextField(_("purpose in English"), blank=True)
    purpose_zh = models.TextField(_("purpose in Chinese"), blank=True)
    statements = models.JSONField(default=dict, help_text=_("What the requester states, by check."))
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    ended_reason = models.TextField(blank=True)
    certificate = models.TextField(blank=True)
    certified_at = models.DateTimeField(null=True, blank=True)

    objects = GateQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint"],
                condition=~Q(state__in=["refused", "cancelled"]),
                name="gate_open_once_per_checkpoint",
            ),
            models.CheckConstraint(
                name="gate_approved_has_certificate",
                condition=~Q(state="approved") | ~Q(certificate="") & Q(certified_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("registry:gate", args=[self.number])


class GateCheck(models.Model):
    """One check as last run. Automatic ones follow from facts; the others are stated."""

    class Code(models.TextChoices):
        EVALUATION = "evaluation", _("evaluation")
        SECURITY = "security", _("security scan")
        LINEAGE = "lineage", _("lineage obligations")
        DATA_RIGHTS = "data_rights", _("data rights")
        EXPORT = "export", _("export control")
        FILING = "filing", _("filing of generative services")

    STATED = (Code.DATA_RIGHTS, Code.EXPORT, Code.FILING)

    gate = models.ForeignKey(TransferGate, on_delete=models.PROTECT, related_name="checks")
    code = models.CharField(max_length=16, choices=Code)
    passed = models.BooleanField()
    automatic = models.BooleanField()
    evidence = models.TextField()
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["gate", "code"], name="gate_check_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gate_id} {self.code}"


class GateApproval(models.Model):
    """One arm's yes. Append-only, once per arm and once per person."""

    gate = models.ForeignKey(TransferGate, on_delete=models.PROTECT, related_name="approvals")
    arm = models.CharField(max_length=12, choices=Arm)
    manifest_root = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["gate", "arm"], name="gate_approval_once_per_arm"),
            models.UniqueConstraint(fields=["gate", "by"], name="gate_approval_once_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.gate_id} {self.arm}"


class GateConsent(models.Model):
    """What a contributing institution says, by its delegate, to one snapshot. Append-only."""

    class Verdict(models.TextChoices):
        CONSENT = "consent", _("consent")
        OBJECTION = "objection", _("objection")

    gate = models.ForeignKey(TransferGate, on_delete=models.PROTECT, related_name="consents")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=12, choices=Verdict)
    reason = models.TextField(blank=True)
    snapshot_digest = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gate", "institution"], name="gate_consent_once_per_institution"
            ),
            models.UniqueConstraint(fields=["gate", "by"], name="gate_consent_once_per_person"),
            models.CheckConstraint(
                name="gate_objection_has_reason",
                condition=Q(verdict="consent") | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gate_id} {self.institution_id} {self.verdict}"


class ContributionSnapshot(models.Model):
    """Who gave what to a checkpoint, frozen when its gate passed the checks. Append-only.

    ancestors: [{"snapshot": digest, "checkpoint": number, "relation": ...}] of the direct
    parents. digest: sha256 over the canonical JSON of the root, the contributions and them.
    """

    gate = models.OneToOneField(TransferGate, on_delete=models.PROTECT, related_name="snapshot")
    ancestors = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    taken_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest[:12]


class Contribution(models.Model):
    """What one institution gave in one kind: an integer amount, its unit, and its evidence."""

    class Kind(models.TextChoices):
        COMPUTE = "compute", _("compute under grants")
        DATA = "data", _("data")
        PEOPLE = "people", _("people")
        INFRASTRUCTURE = "infrastructure", _("infrastructure")

    class Unit(models.TextChoices):
        CARD_SECONDS = "card_seconds", _("card-seconds")
        CORE_SECONDS = "core_seconds", _("core-seconds")
        DATA_SETS = "data_sets", _("data sets")
        PERSONS = "persons", _("persons")

    snapshot = models.ForeignKey(
        ContributionSnapshot, on_delete=models.PROTECT, related_name="contributions"
    )
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="contributions"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    amount = models.PositiveBigIntegerField()
    unit = models.CharField(max_length=16, choices=Unit)
    evidence = models.JSONField(default=dict)

    class Meta:
        ordering = ["kind", F("amount").desc(), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "institution", "kind"], name="contribution_once"
            ),
            models.CheckConstraint(name="contribution_not_zero", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.kind} {self.amount}"

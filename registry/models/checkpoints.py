from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import User
from registry.models.blobs import StoredBlob
from registry.models.catalogue import Model
from registry.models.labs import Lab

COMMIT_LENGTH = 40


class CheckpointQuerySet(models.QuerySet["Checkpoint"]):
    def visible_to(self, user: User | AnonymousUser) -> CheckpointQuerySet:
        """Checkpoints released to this reader, and all of the labs open to them."""
        from registry.models.releases import ResearchRelease  # noqa: PLC0415  it knows Checkpoint

        released = ResearchRelease.objects.readable_by(user).values("checkpoint")
        return self.filter(Q(model__lab__in=Lab.objects.open_to(user)) | Q(pk__in=released))


class Checkpoint(models.Model):
    """One version of a model: a set of files, known by the root of its manifest.

    parameters: count; bytes_total: bytes; card_seconds and energy_joules: what its training
    used, null where unknown. claimed_jobs: job ids the run named, matched to usage records as
    those are imported. format_problem: why the files are not what they claim to be.
    """

    class State(models.TextChoices):
        RECORDED = "recorded", _("recorded")
        RETIRED = "retired", _("retired")

    TRANSITIONS = {
        State.RECORDED: frozenset({State.RETIRED}),
        State.RETIRED: frozenset[State](),
    }

    class Format(models.TextChoices):
        SAFETENSORS = "safetensors", "safetensors"
        GGUF = "gguf", "GGUF"
        PICKLE = "pickle", _("pickle (internal use only)")
        OTHER = "other", _("other")

    class EnergyLabel(models.TextChoices):
        MEASURED = "measured", _("measured")
        ESTIMATED = "estimated", _("estimated")
        SELF_REPORTED = "self_reported", _("self-reported")
        UNKNOWN = "unknown", _("unknown")

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="checkpoints")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.RECORDED)
    run_id = models.CharField(max_length=32, blank=True)
    logged_model_id = models.CharField(max_length=64, blank=True)
    step = models.PositiveBigIntegerField(null=True, blank=True)
    manifest_root = models.CharField(max_length=64)
    bytes_total = models.PositiveBigIntegerField()
    format = models.CharField(max_length=12, choices=Format, default=Format.OTHER)
    format_problem = models.CharField(max_length=300, blank=True)
    parameters = models.PositiveBigIntegerField(null=True, blank=True)
    precision = models.CharField(max_length=16, blank=True)
    allocation = models.ForeignKey(
        "compute_grants.Allocation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="checkpoints",
    )
    claimed_jobs = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    card_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    energy_joules = models.PositiveBigIntegerField(null=True, blank=True)
    energy_label = models.CharField(max_length=16, choices=EnergyLabel, default=EnergyLabel.UNKNOWN)
    metrics = models.JSONField(default=dict, blank=True)
    retired_reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = CheckpointQuerySet.as_manager()

    class Meta:
        ordering = ["model", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["model", "version"], name="checkpoint_version_once"),
            models.CheckConstraint(
                name="checkpoint_root_is_hex", condition=Q(manifest_root__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="checkpoint_energy_known_or_not",
                condition=Q(energy_joules__isnull=True, energy_label="unknown")
                | Q(energy_joules__isnull=False) & ~Q(energy_label="unknown"),
            ),
        ]
        indexes = [
            models.Index(fields=["manifest_root"], name="checkpoint_by_root"),
            models.Index(fields=["run_id"], name="checkpoint_by_run"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse(
            "registry:checkpoint", args=[self.model.lab.slug, self.model.slug, self.version]
        )

    @property
    def number(self) -> str:
        """How people call it: `lab/model@3`."""
        return f"{self.model.full_name}@{self.version}"

    @property
    def commit(self) -> str:
        """The first 40 digits of the manifest root: what hub clients take for a commit."""
        return self.manifest_root[:COMMIT_LENGTH]


class CheckpointFile(models.Model):
    """One line of a manifest. The database refuses any change once the checkpoint is released."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=500)
    size = models.PositiveBigIntegerField()
    blob = models.ForeignKey(StoredBlob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "path"], name="checkpoint_path_once"),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def sha256(self) -> str:
        return self.blob_id


class CheckpointJob(models.Model):
    """One job run that trained a checkpoint, as the cluster reported it."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="jobs")
    usage = models.ForeignKey(
        "compute_grants.UsageRecord", on_delete=models.PROTECT, related_name="checkpoints"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "usage"], name="checkpoint_job_once"),
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} {self.usage_id}"


class DataSetUse(models.Model):
    """Data a checkpoint was trained or evaluated on, with its licence and origin."""

    class Use(models.TextChoices):
        TRAINING = "training", _("training")
        EVALUATION = "evaluation", _("evaluation")

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="data_sets")
    name = models.CharField(max_length=200)
    use = models.CharField(max_length=12, choices=Use, default=Use.TRAINING)
    origin = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=120, blank=True)
    digest = models.CharField(max_length=128, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "name", "use", "digest"], name="data_set_use_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Lineage(models.Model):
    """A checkpoint made from another one.

    A parent was recorded before its child, which the database checks: so there are no cycles.
    """

    class Relation(models.TextChoices):
        TRAINED_FROM = "trained_from", _("trained from")
        FINE_TUNED = "fine_tuned", _("fine-tuned from")
        MERGED = "merged", _("merged from")
        QUANTISED = "quantised", _("quantised from")
        DISTILLED = "distilled", _("distilled from")
        ADAPTER = "adapter", _("adapter of")

    parent = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="children")
    child = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="parents")
    relation = models.CharField(max_length=16, choices=Relation)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="lineage_once"),
            models.CheckConstraint(
                name="lineage_parent_came_first", condition=Q(parent__lt=F("child"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.child_id} {self.relation} {self.parent_id}"

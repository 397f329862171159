"""What was used: one record per job run, and the imports that brought them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from compute_grants.models.machines import Machine
from compute_grants.models.rates import ChargingRule
from consortium.models import Affiliation, ArmAppointment, User
from consortium.roles import standing

Office = ArmAppointment.Office


class UsageImportQuerySet(models.QuerySet["UsageImport"]):
    def visible_to(self, user: User) -> UsageImportQuerySet:
        """Imports of the machines of one's centre; all of them for auditors."""
        who = standing(user)
        if Office.AUDITOR in who.offices:
            return self
        centres = who.institutions_as(Affiliation.Role.OPERATOR)
        return self.filter(machine__centre__in=centres)


class UsageImport(models.Model):
    """One reading of one accounting file, and what came of it.

    recorded: runs seen for the first time; corrected: runs whose record changed; unchanged;
    unmatched: runs of accounts that no allocation has (yet); waiting: jobs not started.
    card_seconds, core_seconds: the net change in what was charged; may be negative.
    skipped: the bad rows left out, the first hundred, as {line, code, values}.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        INTERRUPTED = "interrupted", _("interrupted")

    TRANSITIONS = {
        State.RUNNING: frozenset({State.DONE, State.INTERRUPTED}),
        State.DONE: frozenset[State](),
        State.INTERRUPTED: frozenset[State](),
    }

    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="usage_imports")
    source = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    rows = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    runs = models.PositiveIntegerField(default=0)
    recorded = models.PositiveIntegerField(default=0)
    corrected = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    unmatched = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    skipped_rows = models.PositiveIntegerField(default=0)
    skipped = models.JSONField(default=list)
    unknown_accounts = models.JSONField(default=dict)
    card_seconds = models.BigIntegerField(default=0)
    core_seconds = models.BigIntegerField(default=0)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)

    objects = UsageImportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.source} ({self.machine.cluster})"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:usage_import", args=[self.pk])


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def visible_to(self, user: User) -> UsageRecordQuerySet:
        """Runs of the allocations one may see; operators also see those that match none."""
        seen = Q(allocation__in=Allocation.objects.visible_to(user))
        who = standing(user)
        if Office.DEPLOYMENT in who.offices:
            return self.none()
        centres = who.institutions_as(Affiliation.Role.OPERATOR)
        clusters = Machine.objects.filter(centre__in=centres).values("cluster")
        return self.filter(seen | Q(allocation__isnull=True, cluster__in=clusters))


class UsageRecord(models.Model):
    """One run of one job, as the cluster's accounting last told it.

    (cluster, job_id_raw, submit_at) is its identity: a requeued job keeps its id and gets a
    new submit time, so each of its runs is a record of its own.

    used_at: the moment the usage counts for: when the run ended, or how far it had come.
    charged: what the ledger has taken for it so far, in the allocation's unit, by charging_rule
    (None: what it was allocated). `transfers` are the postings that did so, `amounts` this run's
    part of each (negative: given back), `revision` their number of rounds. A posting is of all
    runs that one grant had in one batch: see ADR 26.

    No foreign key is one of the database's: each would be looked up again for every run at the
    commit, which took longer than all the rest. What they name is read in the statement that
    writes them, and is never deleted; `reconcile` asks.
    """

    class EnergySource(models.TextChoices):
        MEASURED = "measured", _("measured")
        ESTIMATED = "estimated", _("estimated")
        NONE = "none", _("no reading")

    class Stage(models.TextChoices):
        DEVELOPMENT = "development", _("development")
        TRAINING = "training", _("training")
        FINETUNING = "finetuning", _("fine-tuning")
        INFERENCE = "inference", _("inference")

    LOST = frozenset({"FAILED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "LAUNCH_FAILED"})

    cluster = models.CharField(max_length=31)
    job_id_raw = models.BigIntegerField()
    submit_at = models.DateTimeField()
    allocation = models.ForeignKey(  # usage_by_allocation_time is its index
        Allocation,
        on_delete=models.PROTECT,
        null=True,
        related_name="usage",
        db_index=False,
        db_constraint=False,
    )
    account = models.CharField(max_length=64)
    job_id = models.CharField(max_length=64)
    cluster_user = models.CharField(max_length=64)
    partition = models.CharField(max_length=64)
    qos = models.CharField(max_length=64, blank=True)
    job_state = models.CharField(max_length=16)
    job_name = models.CharField(max_length=200, blank=True)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.TRAINING)
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField()
    elapsed_seconds = models.PositiveIntegerField()
    card_seconds = models.PositiveBigIntegerField()
    core_seconds = models.PositiveBigIntegerField()
    memory_bytes = models.PositiveBigIntegerField(default=0)
    energy_joules = models.PositiveBigIntegerField(null=True)
    energy_source = models.CharField(max_length=9, choices=EnergySource, default=EnergySource.NONE)
    charged = models.PositiveBigIntegerField(default=0)
    charging_rule = models.ForeignKey(
        ChargingRule,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    revision = models.PositiveSmallIntegerField(default=0)
    transfers = ArrayField(models.UUIDField(), default=list)
    amounts = ArrayField(models.BigIntegerField(), default=list)
    read_by = models.ForeignKey(
        UsageImport,
        on_delete=models.PROTECT,
        related_name="records",
        db_index=False,
        db_constraint=False,
    )
    read_at = models.DateTimeField()

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "job_id_raw", "submit_at"], name="usage_run_once"
            ),
            models.CheckConstraint(
                name="usage_charged_only_with_allocation",
                condition=Q(allocation__isnull=False) | Q(charged=0),
            ),
            models.CheckConstraint(
                name="usage_amount_for_each_transfer",
                condition=Q(transfers__len=F("amounts__len")),
            ),
            models.CheckConstraint(
                name="usage_energy_has_a_source",
                condition=Q(energy_joules__isnull=True, energy_source="none")
                | Q(energy_joules__isnull=False) & ~Q(energy_source="none"),
            ),
        ]
        indexes = [
            models.Index(fields=["allocation", "used_at"], name="usage_by_allocation_time"),
            models.Index(fields=["cluster", "used_at"], name="usage_by_cluster_time"),
            models.Index(fields=["-used_at", "-id"], name="usage_newest_first"),
            models.Index(
                fields=["cluster", "account"],
                condition=Q(allocation__isnull=True),
                name="usage_unmatched",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cluster} {self.job_id_raw}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:usage_run", args=[self.pk])

    @property
    def given_cards(self) -> int:
        return self.card_seconds // self.elapsed_seconds if self.elapsed_seconds else 0

    @property
    def given_cores(self) -> int:
        return self.core_seconds // self.elapsed_seconds if self.elapsed_seconds else 0

    @property
    def charged_units(self) -> int:
        """How many cards or cores it counted as."""
        return self.charged // self.elapsed_seconds if self.elapsed_seconds else 0

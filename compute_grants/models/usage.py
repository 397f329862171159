"""What was used: one record per job run, and the imports that brought them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from compute_grants.models.machines import Machine
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

    def write(self, records: Sequence[UsageRecord]) -> None:
        """Insert these records and overwrite those that are there, in one statement.

        Each column travels as one array, so that the statement stays short however many rows
        there are: several times faster than bulk_create with update_conflicts.
        """
        fields = [f for f in self.model._meta.local_concrete_fields if not f.primary_key]
        values = [[_plain(getattr(row, f.attname)) for row in records] for f in fields]
        with connection.cursor() as cursor:
            cursor.execute(_upsert(), values)


@cache
def _upsert() -> str:
    meta = UsageRecord._meta
    fields = [f for f in meta.local_concrete_fields if not f.primary_key]
    types = {str(f.column): str(f.db_type(connection)) for f in fields}
    names = list(types)
    keys = ("cluster", "job_id_raw", "submit_at")
    given = ", ".join(f"%s::{_carried(kind)}[]" for kind in types.values())
    taken = ", ".join(f"g.{name}::{kind}" for name, kind in types.items())
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return (
        f"INSERT INTO {meta.db_table} ({', '.join(names)}) "  # noqa: S608  names of our own
        f"SELECT {taken} FROM unnest({given}) AS g ({', '.join(names)}) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )


def _carried(kind: str) -> str:
    """The type a column travels as: unnest would flatten arrays, so those go as text."""
    return "text" if kind.endswith("[]") else kind


def _plain(value: object) -> object:
    return f"{{{','.join(map(str, value))}}}" if isinstance(value, list) else value


class UsageRecord(models.Model):
    """One run of one job, as the cluster's accounting last told it.

    (cluster, job_id_raw, submit_at) is its identity: a requeued job keeps its id and gets a
    new submit time, so each of its runs is a record of its own.

    used_at: the moment the usage counts for: when the run ended, or how far it had come.
    charged: what the ledger has taken for it so far, in the allocation's unit; `transfers` are
    the postings that did so, `revision` their number of rounds.
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
    allocation = models.ForeignKey(
        Allocation, on_delete=models.PROTECT, null=True, related_name="usage"
    )
    account = models.CharField(max_length=64)
    job_id = models.CharField(max_length=64)
    cluster_user = models.CharField(max_length=64)
    partition = models.CharField(max_length=64)
    job_state = models.CharField(max_length=16)
    job_name = models.CharField(max_length=200, blank=True)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.TRAINING)
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField()
    elapsed_seconds = models.PositiveIntegerField()
    card_seconds = models.PositiveBigIntegerField()
    core_seconds = models.PositiveBigIntegerField()
    energy_joules = models.PositiveBigIntegerField(null=True)
    energy_source = models.CharField(max_length=9, choices=EnergySource, default=EnergySource.NONE)
    charged = models.PositiveBigIntegerField(default=0)
    revision = models.PositiveSmallIntegerField(default=0)
    transfers = ArrayField(models.UUIDField(), default=list)
    read_by = models.ForeignKey(UsageImport, on_delete=models.PROTECT, related_name="records")
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

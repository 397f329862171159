"""Machines, what stands in them, and how much time they can give."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import Affiliation, Institution, NamedInBoth, Unit, User
from consortium.roles import Permission, has, standing

CLUSTER_NAME = RegexValidator(
    r"^[a-z][a-z0-9_]{1,30}\Z",
    _("Use 2 to 31 lower-case letters, digits or underscores, beginning with a letter."),
)


class Precision(models.TextChoices):
    """Number formats in which peak is stated and time is asked."""

    FP64 = "FP64", "FP64"
    FP32 = "FP32", "FP32"
    TF32 = "TF32", "TF32"
    BF16 = "BF16", "BF16"
    FP16 = "FP16", "FP16"
    FP8 = "FP8", "FP8"
    INT8 = "INT8", "INT8"


class FusionStage(models.TextChoices):
    """The three stages of the fusion of supercomputing and AI computing."""

    FOR_AI = "for_ai", _("for AI: systems adapted to run AI")
    BY_AI = "by_ai", _("by AI: AI solves classical computing problems")
    BEING_AI = "being_ai", _("being AI: the system itself is intelligent")


class MachineQuerySet(models.QuerySet["Machine"]):
    def visible_to(self, user: object) -> MachineQuerySet:
        """Published machines for anybody; drafts for their centre's operators and the office."""
        public = ~Q(state=Machine.State.DRAFT)
        if not isinstance(user, User):
            return self.filter(public)
        if has(user, Permission.CALL_PUBLISH):
            return self
        mine = standing(user).institutions_as(Affiliation.Role.OPERATOR)
        return self.filter(public | Q(centre__in=mine))

    def run_by(self, user: User) -> MachineQuerySet:
        """Machines of the centres where this person is an operator."""
        return self.filter(centre__in=standing(user).institutions_as(Affiliation.Role.OPERATOR))

    def in_service(self) -> MachineQuerySet:
        return self.filter(state__in=[Machine.State.PUBLISHED, Machine.State.MAINTENANCE])


class Machine(NamedInBoth):
    """A supercomputer, an AI cluster or a general cluster of one centre.

    Cards and cores are those of the whole machine; partitions say where they stand. Power,
    nodes, cards and cores are 0 where they are not known; what may be null is null there.
    compared_at: when its accounts were last held against what grants want.
    site, country, listing, rmax, rpeak, megaflops_per_watt: as a public list of machines states
    them, FP64 in the LINPACK benchmark. fabric_bits_per_second: of one node's links together.
    """

    class Kind(models.TextChoices):
        SUPERCOMPUTING = "supercomputing", _("supercomputing")
        AI = "ai", _("AI computing")
        GENERAL = "general", _("general computing")

    class Backend(models.TextChoices):
        MEMORY = "memory", _("in memory (a trial without a cluster)")
        SLURM = "slurm", "Slurm"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("in service")
        MAINTENANCE = "maintenance", _("in maintenance")
        RETIRED = "retired", _("retired")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.PUBLISHED}),
        State.PUBLISHED: frozenset({State.MAINTENANCE, State.RETIRED}),
        State.MAINTENANCE: frozenset({State.PUBLISHED, State.RETIRED}),
        State.RETIRED: frozenset[State](),
    }

    class OnDrift(models.TextChoices):
        """What follows where the cluster differs from what its grants want."""

        REPORT = "report", _("report only; an operator repairs")
        REPAIR = "repair", _("repair at once")

    code = models.SlugField(max_length=32, unique=True)
    centre = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="machines")
    kind = models.CharField(max_length=16, choices=Kind)
    cluster = models.CharField(max_length=31, unique=True, validators=[CLUSTER_NAME])
    backend = models.CharField(max_length=12, choices=Backend, default=Backend.MEMORY)
    on_drift = models.CharField(max_length=8, choices=OnDrift, default=OnDrift.REPORT)
    compared_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    power_watts = models.PositiveBigIntegerField(default=0)
    nodes = models.PositiveIntegerField(default=0)
    cards = models.PositiveIntegerField(default=0)
    cores = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=300, blank=True)
    stages = ArrayField(models.CharField(max_length=12, choices=FusionStage), default=list)
    fabric = models.CharField(max_length=80, blank=True)
    fabric_bits_per_second = models.PositiveBigIntegerField(null=True, blank=True)
    memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    storage_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    site = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    listing = models.CharField(max_length=80, blank=True)
    rmax_gigaflops = models.PositiveBigIntegerField(null=True, blank=True)
    rpeak_gigaflops = models.PositiveBigIntegerField(null=True, blank=True)
    megaflops_per_watt = models.PositiveIntegerField(null=True, blank=True)
    description_en = models.TextField(blank=True)
    description_zh = models.TextField(blank=True)

    objects = MachineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="machine_cluster_name_is_safe",
                condition=Q(cluster__regex=r"^[a-z][a-z0-9_]{1,30}$"),
            ),
        ]

    def units_of(self, tres: str) -> int:
        """How many of what `tres` names the machine has: cards or cores."""
        return self.cards if tres == Resource.Tres.CARDS else self.cores

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:machine", args=[self.code])

    @property
    def power_kilowatts(self) -> int:
        return self.power_watts // 1000

    @property
    def fabric_gigabits(self) -> int | None:
        """Per second and node; None where it is not stated."""
        rate = self.fabric_bits_per_second
        return None if rate is None else rate // 10**9

    @property
    def rmax_petaflops(self) -> float | None:
        return None if self.rmax_gigaflops is None else self.rmax_gigaflops / 1e6

    @property
    def rpeak_petaflops(self) -> float | None:
        return None if self.rpeak_gigaflops is None else self.rpeak_gigaflops / 1e6

    @property
    def gigaflops_per_watt(self) -> float | None:
        return None if self.megaflops_per_watt is None else self.megaflops_per_watt / 1000


class Origin(models.TextChoices):
    """Where an accelerator's vendor is, as the centre declares it for export rules."""

    DOMESTIC = "domestic", _("domestic")
    FOREIGN = "foreign", _("foreign")


class Partition(models.Model):
    """A part of a machine with nodes of one kind.

    max_nodes_per_job: the widest job it takes; null where the whole partition can be had.
    """

    class NodeType(models.TextChoices):
        CPU = "cpu", _("CPU only")
        CPU_GPU = "cpu_gpu", _("CPU and GPU")
        SUPERCHIP = "superchip", _("CPU and GPU in one superchip")
        MANYCORE = "manycore", _("manycore CPU")
        DOMESTIC = "domestic", _("domestic accelerator")

    WITHOUT_CARDS = frozenset({NodeType.CPU, NodeType.MANYCORE})

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="partitions")
    name = models.CharField(max_length=40)
    nodes = models.PositiveIntegerField()
    accelerator = models.CharField(
        max_length=80, blank=True, help_text=_("Model; empty where nodes have only CPUs.")
    )
    node_type = models.CharField(max_length=10, choices=NodeType, default=NodeType.CPU)
    accelerators_per_node = models.PositiveSmallIntegerField(default=0)
    accelerator_vendor = models.CharField(max_length=80, blank=True)
    accelerator_origin = models.CharField(max_length=8, choices=Origin, blank=True)
    accelerator_memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    cores_per_node = models.PositiveIntegerField()
    memory_bytes_per_node = models.PositiveBigIntegerField()
    max_wall_seconds = models.PositiveIntegerField()
    max_nodes_per_job = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["machine", "name"], name="partition_once"),
            models.CheckConstraint(
                name="partition_cards_fit_node_type",
                condition=Q(node_type__in=["cpu", "manycore"], accelerators_per_node=0)
                | Q(
                    node_type__in=["cpu_gpu", "superchip", "domestic"], accelerators_per_node__gt=0
                ),
            ),
            models.CheckConstraint(
                name="partition_domestic_accelerator_is_domestic",
                condition=~Q(node_type="domestic") | Q(accelerator_origin="domestic"),
            ),
            models.CheckConstraint(
                name="partition_accelerator_named_where_there_is_one",
                condition=Q(accelerator="", accelerators_per_node=0)
                | ~Q(accelerator="") & Q(accelerators_per_node__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def cards(self) -> int:
        return self.nodes * self.accelerators_per_node


class PeakRate(models.Model):
    """The vendor's peak of one card (of one node where there are no cards) at a precision."""

    partition = models.ForeignKey(Partition, on_delete=models.CASCADE, related_name="peaks")
    precision = models.CharField(max_length=4, choices=Precision)
    gigaflops = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partition", "precision"], name="peak_rate_once"),
            models.CheckConstraint(name="peak_rate_not_zero", condition=Q(gigaflops__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.partition} {self.precision}"


class Resource(models.Model):
    """What a machine gives time of: its cards or its cores."""

    class Tres(models.TextChoices):
        CARDS = "gres/gpu", _("accelerator cards")
        CORES = "cpu", _("processor cores")

    UNITS = {Tres.CARDS: Unit.CARD_SECONDS, Tres.CORES: Unit.CORE_SECONDS}

    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="resources")
    tres = models.CharField(max_length=12, choices=Tres)
    unit = models.CharField(max_length=16, choices=Unit)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["machine", "tres"], name="resource_once"),
            models.CheckConstraint(
                name="resource_unit_fits_tres",
                condition=Q(tres="gres/gpu", unit="card_seconds")
                | Q(tres="cpu", unit="core_seconds"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.machine}, {self.get_tres_display()}"

    @property
    def label(self) -> str:
        """The machine and the unit time is counted in there, for lists of choices."""
        return f"{self.machine.name} · {self.hours_unit}"

    @property
    def hours_unit(self) -> str:
        return str(_("card-hours") if self.tres == self.Tres.CARDS else _("core-hours"))


class Capacity(models.Model):
    """The time of one resource in one month that the centre certifies it can give away."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="capacities")
    month = models.DateField(help_text=_("The first day of the month."))
    seconds = models.PositiveBigIntegerField()
    certified_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    certified_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resource", "month"], name="capacity_once"),
            models.CheckConstraint(name="capacity_by_month", condition=Q(month__day=1)),
            models.CheckConstraint(name="capacity_not_zero", condition=Q(seconds__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.month:%Y-%m}"

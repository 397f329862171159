from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import HoursField, ProseField, ResourceField, ScaledField, offer
from compute_grants.models import FusionStage, Machine, Origin, Partition, Precision, Resource
from compute_grants.models.machines import CLUSTER_NAME
from consortium.models import Affiliation, Institution, User
from consortium.roles import standing

KILO = 1000
GIGA = 10**9
PETA_IN_GIGA = 10**6


class MachineForm(forms.Form):
    """What is said about a machine, in people's units outside and the smallest ones inside."""

    groups = (
        (
            _("What it is"),
            ("code", "cluster", "name_en", "name_zh", "kind", "backend", "on_drift", "stages"),
        ),
        (
            _("How large it is"),
            (
                *("nodes", "cards", "cores", "power_watts", "memory_bytes", "storage_bytes"),
                *("fabric", "fabric_bits_per_second"),
            ),
        ),
        (
            _("Where the figures are from"),
            ("source", "listing", "rmax_gigaflops", "rpeak_gigaflops", "megaflops_per_watt"),
        ),
        (_("Description"), ("description_en", "description_zh")),
    )
    code = forms.SlugField(
        label=_("Code"), max_length=32, help_text=_("In its address: letters, digits, hyphens.")
    )
    cluster = forms.CharField(
        label=_("Cluster name"),
        max_length=31,
        validators=[CLUSTER_NAME],
        help_text=_("The name that sacct prints in its Cluster column."),
    )
    backend = forms.ChoiceField(label=_("Connection"), choices=Machine.Backend.choices)
    on_drift = forms.ChoiceField(
        label=_("Where its accounts differ from grants"),
        choices=Machine.OnDrift.choices,
        initial=Machine.OnDrift.REPORT,
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=200)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind of compute"), choices=Machine.Kind.choices)
    stages = forms.MultipleChoiceField(
        label=_("Stages of fusion it serves"),
        choices=FusionStage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    nodes = forms.IntegerField(
        label=_("Nodes"), min_value=0, max_value=10**7, help_text=_("0 where it is not known.")
    )
    cards = forms.IntegerField(
        label=_("Accelerator cards"), min_value=0, max_value=10**8, help_text=_("0 for none.")
    )
    cores = forms.IntegerField(
        label=_("Processor cores"),
        min_value=0,
        max_value=2 * 10**9,
        help_text=_("0 where it is not known."),
    )
    power_watts = ScaledField(
        label=_("Power in kW"),
        scale=KILO,
        required=True,
        min_value=1,
        max_value=10**7,
        help_text=_("Of the whole machine."),
    )
    memory_bytes = ScaledField(label=_("Memory in TB"), scale=10**12, max_value=10**6)
    storage_bytes = ScaledField(label=_("Storage in PB"), scale=10**15, max_value=9000)
    fabric = forms.CharField(
        label=_("Fabric"),
        max_length=80,
        required=False,
        help_text=_("The network between nodes, by its name."),
    )
    fabric_bits_per_second = ScaledField(
        label=_("Fabric in Gbit/s per node"), scale=GIGA, max_value=10**6
    )
    source = forms.CharField(
        label=_("Source of the figures"),
        max_length=300,
        help_text=_("A list, a data sheet, a measurement, with its date."),
    )
    listing = forms.CharField(
        label=_("Place on a public list"),
        max_length=80,
        required=False,
        help_text=_("With the list's date."),
    )
    rmax_gigaflops = ScaledField(
        label=_("LINPACK in PFLOPS"), scale=PETA_IN_GIGA, help_text=_("As the list states it.")
    )
    rpeak_gigaflops = ScaledField(label=_("Peak of the list in PFLOPS"), scale=PETA_IN_GIGA)
    megaflops_per_watt = ScaledField(
        label=_("Efficiency in GFLOPS per watt"), scale=KILO, max_value=10**6
    )
    description_en = ProseField(label=_("Description in English"), required=False)
    description_zh = ProseField(label=_("Description in Chinese"), required=False)

    @classmethod
    def of(cls, machine: Machine, data: Any = None) -> MachineForm:
        """A form that shows what is stored."""
        return cls(data, initial={name: getattr(machine, name, None) for name in cls.base_fields})


class NewMachineForm(MachineForm):
    """Also at which of one's centres it stands."""

    centre = forms.ModelChoiceField(label=_("Centre"), queryset=Institution.objects.none())
    field_order = ["centre"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = standing(user).institutions_as(Affiliation.Role.OPERATOR)
        offer(self, "centre", Institution.objects.filter(pk__in=mine).order_by("pk"))
        if len(mine) == 1:
            self.initial["centre"] = next(iter(mine))


class PartitionForm(forms.Form):
    groups = (
        (
            _("Nodes"),
            ("name", "nodes", "cores_per_node", "memory_bytes_per_node", "node_type"),
        ),
        (
            _("Accelerators"),
            (
                *("accelerator", "accelerators_per_node", "accelerator_vendor"),
                *("accelerator_origin", "accelerator_memory_bytes"),
            ),
        ),
        (_("Limits of a job"), ("max_wall_seconds", "max_nodes_per_job")),
    )
    name = forms.CharField(label=_("Partition"), max_length=40)
    nodes = forms.IntegerField(label=_("Nodes"), min_value=1, max_value=10**7)
    node_type = forms.ChoiceField(
        label=_("Kind of node"),
        choices=[("", _("As the accelerators say")), *Partition.NodeType.choices],
        required=False,
    )
    accelerator = forms.CharField(
        label=_("Accelerator model"),
        max_length=80,
        required=False,
        help_text=_("Empty where nodes have only CPUs."),
    )
    accelerators_per_node = forms.IntegerField(
        label=_("Accelerators per node"), min_value=0, max_value=1024, initial=0
    )
    accelerator_vendor = forms.CharField(
        label=_("Accelerator's vendor"), max_length=80, required=False
    )
    accelerator_origin = forms.ChoiceField(
        label=_("Accelerator's origin"),
        choices=[("", _("Not stated")), *Origin.choices],
        required=False,
    )
    accelerator_memory_bytes = ScaledField(
        label=_("Memory per accelerator in GB"), scale=GIGA, max_value=10**6
    )
    cores_per_node = forms.IntegerField(label=_("Cores per node"), min_value=1, max_value=10**6)
    memory_bytes_per_node = ScaledField(
        label=_("Memory per node in GB"), scale=GIGA, required=True, min_value=1, max_value=10**6
    )
    max_wall_seconds = ScaledField(
        label=_("Longest run in hours"), scale=3600, required=True, min_value=1, max_value=24 * 366
    )
    max_nodes_per_job = forms.IntegerField(
        label=_("Nodes of the widest job"),
        min_value=1,
        max_value=10**7,
        required=False,
        help_text=_("Empty where the whole partition can be had."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("node_type"):  # it follows from the accelerators
            data.pop("node_type", None)
        return data

    @classmethod
    def of(cls, partition: Partition, data: Any = None) -> PartitionForm:
        """A form that shows what is stored."""
        return cls(data, initial={name: getattr(partition, name) for name in cls.base_fields})


class PeaksForm(forms.Form):
    """The peak of one card (or node) at each precision, in TFLOPS; empty where there is none."""

    def __init__(self, *args: Any, partition: Partition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stated = dict(partition.peaks.values_list("precision", "gigaflops"))
        for precision in Precision:
            initial = stated.get(precision.value)
            self.fields[precision.value] = forms.DecimalField(
                label=precision.label,
                required=False,
                min_value=0,
                max_value=10**9,
                decimal_places=3,
                initial=None if initial is None else f"{initial / KILO:g}",
            )

    def gigaflops(self) -> dict[str, int]:
        """What was stated, by precision. TOPS for INT8."""
        given = self.cleaned_data.items()
        return {name: int(value * KILO) for name, value in given if value}


class ResourceForm(forms.Form):
    tres = forms.ChoiceField(label=_("Give time of"), choices=Resource.Tres.choices)


class CapacityForm(forms.Form):
    resource = ResourceField(label=_("Resource"))
    month = forms.DateField(
        label=_("Month"),
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
        input_formats=["%Y-%m", "%Y-%m-%d"],
    )
    seconds = HoursField(label=_("Hours that can be given away in that month"))

    def __init__(self, *args: Any, machine: Machine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "resource", machine.resources.select_related("machine").order_by("pk"))


class StateForm(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=Machine.State.choices)

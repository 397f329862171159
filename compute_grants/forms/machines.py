from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import HoursField, ProseField, ResourceField, offer
from compute_grants.models import Machine, Partition, Precision, Resource
from compute_grants.models.machines import CLUSTER_NAME
from consortium.models import Affiliation, Institution, User
from consortium.roles import standing

KILO = 1000
GIGA = 10**9
HOUR = 3600


class MachineForm(forms.Form):
    """What is said about a machine. Power in kilowatts outside, watts inside."""

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
    name_en = forms.CharField(label=_("Name in English"), max_length=200)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind of compute"), choices=Machine.Kind.choices)
    nodes = forms.IntegerField(label=_("Nodes"), min_value=1, max_value=10**7)
    cards = forms.IntegerField(
        label=_("Accelerator cards"), min_value=0, max_value=10**8, help_text=_("0 for none.")
    )
    cores = forms.IntegerField(label=_("Processor cores"), min_value=1, max_value=2 * 10**9)
    power_kilowatts = forms.IntegerField(
        label=_("Power in kW"), min_value=1, max_value=10**7, help_text=_("Of the whole machine.")
    )
    source = forms.CharField(
        label=_("Source of the figures"),
        max_length=300,
        help_text=_("A list, a data sheet, a measurement, with its date."),
    )
    description_en = ProseField(label=_("Description in English"), required=False)
    description_zh = ProseField(label=_("Description in Chinese"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (kilowatts := data.pop("power_kilowatts", None)) is not None:
            data["power_watts"] = kilowatts * KILO
        return data

    @classmethod
    def of(cls, machine: Machine, data: Any = None) -> MachineForm:
        """A form that shows what is stored."""
        stored = {name: getattr(machine, name, None) for name in cls.base_fields}
        return cls(data, initial=stored | {"power_kilowatts": machine.power_watts // KILO})


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
    name = forms.CharField(label=_("Partition"), max_length=40)
    nodes = forms.IntegerField(label=_("Nodes"), min_value=1, max_value=10**7)
    accelerator = forms.CharField(
        label=_("Accelerator model"),
        max_length=80,
        required=False,
        help_text=_("Empty where nodes have only CPUs."),
    )
    accelerators_per_node = forms.IntegerField(
        label=_("Accelerators per node"), min_value=0, max_value=1024, initial=0
    )
    cores_per_node = forms.IntegerField(label=_("Cores per node"), min_value=1, max_value=10**6)
    memory_gigabytes = forms.IntegerField(
        label=_("Memory per node in GB"), min_value=1, max_value=10**6
    )
    max_wall_hours = forms.IntegerField(
        label=_("Longest run in hours"), min_value=1, max_value=24 * 366
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (gigabytes := data.pop("memory_gigabytes", None)) is not None:
            data["memory_bytes_per_node"] = gigabytes * GIGA
        if (hours := data.pop("max_wall_hours", None)) is not None:
            data["max_wall_seconds"] = hours * HOUR
        return data


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

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import DayField, ResourceField, ScaledField, offer
from compute_grants.models import Machine, Resource
from compute_grants.models.rates import MILLION

GIB = 1024**3


class RateForm(forms.Form):
    """What an hour of a resource is worth, from a day on."""

    resource = ResourceField(label=_("Resource"))
    parts_per_million = ScaledField(
        label=_("Credits for one hour"),
        scale=MILLION,
        decimal_places=6,
        required=True,
        min_value=Decimal("0.000001"),
        max_value=10**6,
        help_text=_("Up to six decimals."),
    )
    since = DayField(label=_("First day"), help_text=_("Today or later."))
    until = DayField(label=_("Last day"), required=False, help_text=_("Empty: until it is ended."))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = Resource.objects.filter(machine__in=Machine.objects.in_service())
        offer(self, "resource", given.select_related("machine").order_by("machine__code", "tres"))


class EndRateForm(forms.Form):
    until = DayField(label=_("Last day"), help_text=_("Today or later."))


class ChargingForm(forms.Form):
    """From a day on, so many cores or so much memory count as one card or core."""

    resource = ResourceField(label=_("Resource"))
    since = DayField(label=_("First day"), help_text=_("Today or later."))
    cores_per_card = forms.IntegerField(
        label=_("Cores that count as one card"),
        min_value=1,
        max_value=10**6,
        required=False,
        help_text=_("Empty: cores do not count. For cards only."),
    )
    memory_bytes_per_unit = ScaledField(
        label=_("Memory that counts as one card or core, in GiB"),
        scale=GIB,
        min_value=Decimal("0.001"),
        max_value=10**6,
        help_text=_("Empty: memory does not count."),
    )

    def __init__(self, *args: Any, machine: Machine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "resource", machine.resources.select_related("machine").order_by("-tres"))

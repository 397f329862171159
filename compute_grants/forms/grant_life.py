"""Forms about a running grant: alerts, the plan of its stages, parts of its award."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.alert_rules import Wanted
from compute_grants.models import UsageRecord

_BETWEEN = re.compile(r"[\s,，、;；]+")


class AlertsForm(forms.Form):
    percents = forms.CharField(
        label=_("Shares of the hours, in percent"),
        max_length=100,
        required=False,
        help_text=_("Up to ten, with commas between: 50, 75, 90, 100."),
    )
    runs_out = forms.BooleanField(
        label=_("Tell us when the hours run out before the grant ends, at the current pace"),
        required=False,
    )
    idle_days = forms.IntegerField(
        label=_("Days without use"),
        min_value=0,
        max_value=365,
        help_text=_("0 for no such alert."),
    )

    @classmethod
    def of(cls, wanted: Wanted) -> AlertsForm:
        return cls(
            initial={
                "percents": ", ".join(str(percent) for percent in sorted(wanted.percents)),
                "runs_out": wanted.runs_out,
                "idle_days": wanted.idle_days,
            }
        )

    def clean_percents(self) -> list[int]:
        parts = [part.rstrip("%") for part in _BETWEEN.split(self.cleaned_data["percents"]) if part]
        if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):  # noqa: PLR2004
            raise forms.ValidationError(_("Enter whole numbers with commas between them."))
        return [int(part) for part in parts]


class StagesForm(forms.Form):
    """A share for each stage; together 100."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for stage in UsageRecord.Stage:
            self.fields[stage.value] = forms.IntegerField(
                label=stage.label, min_value=0, max_value=100, help_text=_("Percent of the grant.")
            )

    @classmethod
    def of(cls, plan: dict[str, int]) -> StagesForm:
        return cls(initial={stage.value: plan.get(stage.value, 0) for stage in UsageRecord.Stage})


class PartForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The members read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

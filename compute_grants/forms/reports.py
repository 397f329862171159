from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import DayField, ProseField
from compute_grants.models import GrantReport


class ReportForm(forms.Form):
    """The texts of a report. `version` is the one that was on the screen."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    achievements = ProseField(
        label=_("Achievements"),
        rows=10,
        required=False,
        help_text=_("What came of the grant, for readers of other fields. Markdown."),
    )
    deviations = ProseField(
        label=_("Deviations from the plan"),
        rows=6,
        required=False,
        help_text=_("What was done otherwise than proposed, and why."),
    )
    compute_use = ProseField(
        label=_("Use of compute against the plan"),
        rows=6,
        required=False,
        help_text=_("The figures beside are filled in for you. Explain them here."),
    )
    energy_note = ProseField(
        label=_("Energy"),
        rows=4,
        required=False,
        help_text=_("What the runs cost in energy, and what was done to save it."),
    )

    @classmethod
    def of(cls, report: GrantReport, data: Any = None) -> ReportForm:
        return cls(data, initial={name: getattr(report, name) for name in cls.base_fields})

    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in GrantReport.TEXTS}


class SubmitReportForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class JudgeForm(forms.Form):
    reason = ProseField(
        label=_("Your word to the members"),
        rows=4,
        max_length=4000,
        required=False,
        help_text=_("Needed to return it: say what has to be corrected."),
    )


class ExtendForm(forms.Form):
    due_on = DayField(label=_("New due date"))
    reason = ProseField(
        label=_("Reason"), rows=3, max_length=2000, help_text=_("The members read it.")
    )


class WaiveForm(forms.Form):
    reason = ProseField(
        label=_("Reason"), rows=3, max_length=2000, help_text=_("The members read it.")
    )

"""Forms of use it or lose it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import ProseField


class ExemptionForm(forms.Form):
    reason = ProseField(
        label=_("Why the time is still needed"),
        rows=5,
        max_length=4000,
        help_text=_("Say what held the work up and by when the hours are used."),
    )


class WordForm(forms.Form):
    reason = ProseField(
        label=_("Reason"), rows=3, max_length=2000, help_text=_("The lead reads it.")
    )

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import ProseField


class AcceptForm(forms.Form):
    """Says that the letter was read; carries which one."""

    letter_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput, required=False)
    read = forms.BooleanField(
        label=_("I have read the letter and accept its terms for my team."),
        error_messages={"required": _("Confirm that you have read the letter.")},
    )


class DeclineAwardForm(forms.Form):
    reason = ProseField(
        label=_("Why you decline"),
        rows=3,
        max_length=2000,
        help_text=_("One sentence. The panel reads it. All of the time goes back to the call."),
    )

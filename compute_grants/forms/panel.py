from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import ProseField


class PanelConflictForm(forms.Form):
    reason = ProseField(
        label=_("Which conflict"),
        rows=3,
        max_length=2000,
        help_text=_("One sentence. The R&D office reads it."),
    )

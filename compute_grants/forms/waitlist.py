from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LeastForm(forms.Form):
    """The least share that still makes sense to the lead."""

    percent = forms.IntegerField(
        label=_("The least that still makes sense, in percent of what is asked and feasible"),
        min_value=1,
        max_value=100,
        help_text=_("100 waits for the whole. Less may come sooner; you would be awarded less."),
    )

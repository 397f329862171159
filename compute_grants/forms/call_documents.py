from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DocumentForm(forms.Form):
    """A file of a call, and what it is."""

    file = forms.FileField(
        label=_("File"), help_text=_("A PDF document or a picture, at most 20 MB.")
    )
    title_en = forms.CharField(label=_("Title in English"), max_length=200, required=False)
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=200, required=False)

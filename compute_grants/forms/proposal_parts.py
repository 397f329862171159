"""What the editor's pages of files and measurements take."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import CHOOSE, ProseField
from compute_grants.models import Precision
from compute_grants.models.proposal_sections import TEXTS_OF, SectionName

# Files illustrate what is written or measured.
WITH_FILES = (*TEXTS_OF, SectionName.RESOURCES, SectionName.SCALING)
LONGEST_SECONDS = 10**9
WIDEST = 2 * 10**9


class AttachForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("A PDF document or a PNG, JPEG or WebP picture of at most 20 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.webp"}),
    )
    section = forms.ChoiceField(
        label=_("Section it belongs to"),
        choices=[(name.value, name.label) for name in WITH_FILES],
        initial=SectionName.SCIENCE,
    )
    caption = forms.CharField(label=_("Caption"), max_length=200, required=False)


class PointsField(ProseField):
    """A width and seconds on each line; cleans to [(width, milliseconds)]."""

    def clean(self, value: Any) -> list[tuple[int, int]]:
        text = super().clean(value)
        lines = enumerate(text.splitlines(), 1)
        return [self._point(number, line) for number, line in lines if line.strip()]

    @staticmethod
    def _point(number: int, line: str) -> tuple[int, int]:
        parts = line.replace(",", " ").replace("，", " ").replace(";", " ").split()
        try:
            first, second = parts
            width, seconds = int(first), float(second)
        except ValueError:
            width, seconds = 0, 0
        fits = 0 < width <= WIDEST and 0 < seconds <= LONGEST_SECONDS
        if not fits:
            message = _now("Line %(number)s: write a width and seconds, such as “64 1250.5”.")
            raise forms.ValidationError(message % {"number": number})
        return width, max(1, round(seconds * 1000))


class ScalingForm(forms.Form):
    """One series. Sent again for the same machine and precision, it replaces the one before."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    machine = forms.CharField(
        label=_("Measured on"),
        max_length=80,
        help_text=_("The machine and partition, here or elsewhere."),
    )
    precision = forms.ChoiceField(label=_("Precision"), choices=[("", CHOOSE), *Precision.choices])
    points = PointsField(
        label=_("Width and seconds of the same work"),
        rows=8,
        max_length=5000,
        required=False,
        help_text=_("One run a line, such as “64 1250.5”. Empty removes the series."),
    )

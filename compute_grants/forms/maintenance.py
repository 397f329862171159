from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import MomentField
from compute_grants.models import MaintenanceWindow


class WindowForm(forms.Form):
    """A planned stop: its times in Beijing time, and why, in both languages."""

    starts_at = MomentField(label=_("Begins at"))
    ends_at = MomentField(label=_("Ends at"))
    note_en = forms.CharField(
        label=_("What is done, in English"),
        max_length=300,
        help_text=_("Users of the machine read it."),
    )
    note_zh = forms.CharField(label=_("What is done, in Chinese"), max_length=300)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.fields["starts_at"].disabled:  # as stored, not as shown to the minute
            data["starts_at"] = self.initial["starts_at"]
        return data

    @classmethod
    def of(cls, window: MaintenanceWindow, data: Any = None) -> WindowForm:
        """A form that shows what is stored; the beginning is fixed once it is under way."""
        form = cls(data, initial={name: getattr(window, name) for name in cls.base_fields})
        if window.state == MaintenanceWindow.State.UNDER_WAY:
            form.fields["starts_at"].disabled = True
        return form

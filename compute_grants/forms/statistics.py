from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.forms.fields import DayField
from compute_grants.models import Call, Machine
from compute_grants.policies.statistics import Audience, Reader
from compute_grants.queries.statistics.scope import Asked
from consortium.models import Institution

ANY = gettext_lazy("Any")


class ScopeForm(forms.Form):
    """The filters of a report, by the names that its address has. Empty means any."""

    call = forms.ModelChoiceField(
        label=gettext_lazy("Call"),
        queryset=Call.objects.exclude(state=Call.State.DRAFT).order_by("-opens_at"),
        to_field_name="code",
        required=False,
        empty_label=ANY,
    )
    centre = forms.ModelChoiceField(
        label=gettext_lazy("Centre"),
        queryset=Institution.objects.filter(kind=Institution.Kind.CENTRE).order_by("name_en"),
        to_field_name="slug",
        required=False,
        empty_label=ANY,
    )
    machine = forms.ModelChoiceField(
        label=gettext_lazy("Machine"),
        queryset=Machine.objects.order_by("name_en"),
        to_field_name="code",
        required=False,
        empty_label=ANY,
    )
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("Until"), required=False)

    def __init__(self, data: Any, *, reader: Reader) -> None:
        super().__init__(data)
        if reader.centres is not None:
            self._offer("machine", Machine.objects.filter(centre__in=reader.centres))
            self._offer("centre", Institution.objects.filter(pk__in=reader.centres))
        if reader.audience == Audience.SUMMARY:
            self.fields.clear()

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows.order_by("name_en")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("Choose a day on or after the first one."))
        return given

    @property
    def asked(self) -> Asked:
        """What was asked for; nothing where the form is not in order."""
        if not self.is_valid():
            return Asked()
        return Asked(**{name: value or None for name, value in self.cleaned_data.items()})

    @property
    def chosen(self) -> list[tuple[str, Any]]:
        """(label, value) of each filter in force, for the print layout."""
        if not self.is_valid():
            return []
        return [
            (str(self.fields[name].label), value)
            for name, value in self.cleaned_data.items()
            if value
        ]

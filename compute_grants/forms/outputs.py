from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.outputs import Author, Work
from compute_grants.forms.fields import ProseField
from compute_grants.models import Allocation, GrantReport, Output
from consortium.identifiers import parse_author


class GrantsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Allocation) -> str:
        return f"{obj.number} {obj.title}"


class AuthorsField(ProseField):
    """One author a line; cleans to a list of Author."""

    def clean(self, value: Any) -> Any:
        lines = [line for line in str(super().clean(value)).splitlines() if line.strip()]
        authors, errors = [], []
        for line in lines:
            try:
                authors.append(Author(*parse_author(line)))
            except ValueError as error:
                errors.append(str(error))
        if errors:
            raise forms.ValidationError(errors)
        return authors


class OutputForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=Output.Kind.choices)
    title = forms.CharField(label=_("Title"), max_length=400)
    authors = AuthorsField(
        label=_("Authors"),
        rows=5,
        max_length=20_000,
        help_text=_("One a line, in the order of the work: the name, then the ORCID iD."),
    )
    venue = forms.CharField(
        label=_("Journal, conference or archive"), max_length=200, required=False
    )
    year = forms.IntegerField(label=_("Year"), min_value=1)
    doi = forms.CharField(
        label=_("DOI"),
        max_length=300,
        required=False,
        help_text=_("With or without https://doi.org/. Its form is checked."),
    )
    url = forms.URLField(label=_("Address"), max_length=500, required=False, assume_scheme="https")
    licence = forms.CharField(
        label=_("Licence"),
        max_length=60,
        required=False,
        help_text=_("An SPDX identifier where there is one: CC-BY-4.0, Apache-2.0."),
    )
    grants = GrantsField(
        label=_("Grants it came of"),
        queryset=Allocation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    report = forms.ModelChoiceField(
        label=_("Report it belongs to"),
        queryset=GrantReport.objects.none(),
        required=False,
        empty_label=_("None"),
    )

    def __init__(self, *args: Any, grants: Any, reports: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("grants", grants), ("report", reports)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    @classmethod
    def stored(cls, output: Output) -> dict[str, Any]:
        """What the form begins with for an output that is there."""
        names = ("kind", "title", "venue", "year", "doi", "url", "licence", "report")
        return {name: getattr(output, name) for name in names} | {
            "authors": "\n".join(author.line for author in output.authors.all()),
            "grants": [grant.pk for grant in output.grants.all()],
        }

    def work(self) -> Work:
        names = ("kind", "title", "year", "authors", "venue", "doi", "url", "licence")
        return Work(**{name: self.cleaned_data[name] for name in names})

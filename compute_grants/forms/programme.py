"""The form of a rule of the programme, made from the fields of its dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compute_grants import programme
from compute_grants.forms.fields import DayField

MORE_ROWS = 2  # empty ones beneath those that are there
MOST_ROWS = 12


class PolicyForm(forms.Form):
    """Cleans to `body`, the JSON that `programme.parse` takes; rows left empty are left out."""

    since = DayField(label=_("In force from"))
    note = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("Members read it beside the version.")
    )

    def __init__(self, *args: Any, now: programme.Body, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shape = fields(now)
        self.rows: dict[int, list[str]] = {}
        for one in self.shape:
            if "shape" in one.metadata:
                self._add_rows(one, getattr(now, one.name))
            else:
                self.fields[one.name] = _control(one.metadata, one.metadata["label"])
                self.initial.setdefault(one.name, getattr(now, one.name))
        self.order_fields(
            ["since", *(n for n in self.fields if n not in {"since", "note"}), "note"]
        )

    def _add_rows(self, one: Field[Any], rows: tuple[Any, ...]) -> None:
        for n in range(min(len(rows) + MORE_ROWS, MOST_ROWS)):
            for column in fields(one.metadata["shape"]):
                name = f"{one.name}-{n}-{column.name}"
                label = format_lazy("{n}. {label}", n=n + 1, label=column.metadata["label"])
                self.fields[name] = _control(column.metadata, label, required=False)
                self.rows.setdefault(n, []).append(name)
                if n < len(rows):
                    self.initial.setdefault(name, getattr(rows[n], column.name))

    @property
    def groups(self) -> list[tuple[Any, list[str]]]:
        """Headings over the fields, for {% form_fields %}: a row each, the reason last."""
        if not self.rows:
            return []
        rows = [
            (gettext("Row %(number)s") % {"number": n + 1}, names) for n, names in self.rows.items()
        ]
        return [*rows, (_("Reason of the version"), ["note"])]

    def body(self) -> dict[str, Any]:
        return {
            one.name: self._rows(one) if "shape" in one.metadata else self.cleaned_data[one.name]
            for one in self.shape
        }

    def _rows(self, one: Field[Any]) -> list[dict[str, Any]]:
        columns = [column.name for column in fields(one.metadata["shape"])]
        found = []
        for n in range(MOST_ROWS):
            row = {c: self.cleaned_data.get(f"{one.name}-{n}-{c}") for c in columns}
            given = {name: value for name, value in row.items() if value not in {None, ""}}
            if given:
                found.append(given)
        return found


def _control(
    about: Mapping[str, Any], label: Any, *, required: bool = True
) -> forms.IntegerField | forms.ChoiceField:
    if "choices" in about:
        choices = [("", "–"), *about["choices"].items()]
        return forms.ChoiceField(label=label, choices=choices, required=required)
    return forms.IntegerField(
        label=label, min_value=about["least"], max_value=about["most"], required=required
    )

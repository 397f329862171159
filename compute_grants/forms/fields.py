"""Fields in people's units: hours, megawatts, gigabytes outside; whole small units inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from compute_grants.models import Resource
from consortium.errors import DomainError, Invalid

HOUR = 3600
MOST_HOURS = 10**12  # hours that still fit a 64-bit count of seconds
BEIJING = _("Beijing time.")
CHOOSE = _("Choose")


class HoursField(forms.IntegerField):
    """Whole hours; cleans to seconds."""

    def __init__(self, *, min_value: int = 1, max_value: int = MOST_HOURS, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def clean(self, value: Any) -> int | None:
        hours = super().clean(value)
        return None if hours is None else hours * HOUR


class ScaledField(forms.DecimalField):
    """A figure in people's unit, of which one is `scale` of the stored one; cleans to an int."""

    def __init__(self, *, scale: int, **kwargs: Any) -> None:
        self.scale = scale
        given = {"required": False, "min_value": 0, "max_value": 10**18 // scale}
        super().__init__(**given | {"decimal_places": 3} | kwargs)

    def clean(self, value: Any) -> int | None:
        figure = super().clean(value)
        return None if figure is None else int(figure * self.scale)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):  # as stored; what was typed is text
            return f"{(Decimal(value) / self.scale).normalize():f}"
        return value


class MomentField(forms.DateTimeField):
    """A moment in Beijing time, to the minute."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", BEIJING)
        super().__init__(**kwargs)


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ProseField(forms.CharField):
    """Longer text; `rows` is the height it begins with."""

    def __init__(self, *, rows: int = 6, max_length: int = 20_000, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(max_length=max_length, **kwargs)


class ResourceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of some resources, by machine and unit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Resource.objects.none(), empty_label=CHOOSE, **kwargs)

    def label_from_instance(self, obj: Resource) -> str:
        return obj.label


def offer(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """Let the field `name` choose among `rows`."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
    if field.empty_label is not None:
        field.empty_label = str(CHOOSE)


def offer_read(form: forms.Form, name: str, rows: Iterable[Model]) -> None:
    """As `offer`, with rows that were read already: to show them asks nothing more."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    assert field.queryset is not None
    read = list(rows)
    offer(form, name, field.queryset.model.objects.filter(pk__in=[row.pk for row in read]))
    nothing = [] if field.empty_label is None else [("", field.empty_label)]
    field.choices = [*nothing, *((row.pk, field.label_from_instance(row)) for row in read)]


def attempt(form: forms.Form, act: Callable[[], object]) -> bool:
    """Do it; or put what the rules say against it on the form, and return False.

    The answer's status is then `status_of(form)`: 422 for fields, 409 for the rules.
    """
    try:
        act()
    except (Invalid, DomainError) as error:
        refuse(form, error)
        return False
    return True


def refuse(form: forms.Form, error: Invalid | DomainError) -> None:
    """Put a refusal on the form, where the person who filled it in reads it."""
    if isinstance(error, DomainError):
        form.add_error(None, str(error))
        form.refused = True  # type: ignore[attr-defined]
        return
    for name, messages in error.errors.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, message)


def status_of(*given: forms.Form) -> int:
    """200 for forms in order, 422 for badly filled in, 409 for what a rule forbids now."""
    if any(getattr(form, "refused", False) for form in given):
        return 409
    return 422 if any(form.errors for form in given) else 200

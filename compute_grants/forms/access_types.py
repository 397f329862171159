from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.access_types import Limit
from compute_grants.forms.fields import HoursField, ProseField, ResourceField, ScaledField, offer
from compute_grants.models import AccessType, Machine, Resource

HOUR = 3600
BLANK_LIMITS = 2
MOST_LIMITS = 40


class AccessTypeForm(forms.Form):
    """How much can be asked, how deeply it is reviewed, for how long it is given."""

    groups = (
        (
            _("Name and description"),
            ("name_en", "name_zh", "description_en", "description_zh"),
        ),
        (_("Review and length"), ("depth", "reviewers", "months")),
        (
            _("Credits and benchmarks"),
            ("min_credit_seconds", "max_credit_seconds", "needs_benchmark", "gives_benchmark"),
        ),
    )
    code = forms.SlugField(
        label=_("Code"), max_length=24, help_text=_("In its address: letters, digits, hyphens.")
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=200)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=200)
    description_en = ProseField(label=_("Description in English"), rows=3, required=False)
    description_zh = ProseField(label=_("Description in Chinese"), rows=3, required=False)
    depth = forms.ChoiceField(label=_("Depth of review"), choices=AccessType.Depth.choices)
    reviewers = forms.IntegerField(
        label=_("Reviewers"),
        min_value=0,
        max_value=9,
        initial=0,
        help_text=_("Of each proposal. 0 where the centres' technical check is all."),
    )
    months = forms.IntegerField(label=_("Months it is given for"), min_value=1, max_value=120)
    min_credit_seconds = ScaledField(
        label=_("Least credits"), scale=HOUR, help_text=_("Empty for no limit.")
    )
    max_credit_seconds = ScaledField(
        label=_("Most credits"), scale=HOUR, help_text=_("Empty for no limit.")
    )
    needs_benchmark = forms.BooleanField(
        label=_("Its lead must have had an award that counts as a benchmark"), required=False
    )
    gives_benchmark = forms.BooleanField(
        label=_("An award of it counts as a benchmark"), required=False
    )

    @classmethod
    def of(cls, access_type: AccessType, data: Any = None) -> AccessTypeForm:
        """A form of the next version; the code stays."""
        stored = {name: getattr(access_type, name) for name in cls.base_fields}
        form = cls(data, initial=stored)
        form.fields["code"].disabled = True
        return form


class LimitForm(forms.Form):
    """What can be asked of one resource; a line without a resource is left out."""

    resource = ResourceField(label=_("Resource"), required=False)
    min_seconds = HoursField(label=_("Least hours"), min_value=0, required=False)
    max_seconds = HoursField(label=_("Most hours"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = Resource.objects.filter(machine__in=Machine.objects.in_service())
        offer(self, "resource", given.select_related("machine").order_by("machine__code", "tres"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("resource") and not data.get("max_seconds") and not self.errors:
            self.add_error("max_seconds", _("Give the most hours that can be asked there."))
        return data


class LimitFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    def limits(self) -> list[Limit]:
        filled = [form.cleaned_data for form in self.forms if form.cleaned_data.get("resource")]
        return [
            Limit(data["resource"], data["max_seconds"], data["min_seconds"] or 0)
            for data in filled
        ]


_LimitForms = forms.formset_factory(
    LimitForm,
    formset=LimitFormSet,
    extra=BLANK_LIMITS,
    max_num=MOST_LIMITS,
    absolute_max=MOST_LIMITS,
)


def limit_forms(access_type: AccessType | None, data: Any = None) -> LimitFormSet:
    """The limits there are, and blank lines."""
    stored = [
        {
            "resource": limit.resource_id,
            "min_seconds": limit.min_seconds // HOUR,
            "max_seconds": limit.max_seconds // HOUR,
        }
        for limit in (access_type.limits.all() if access_type else [])
    ]
    made: LimitFormSet = _LimitForms(data, initial=stored, prefix="limit")  # type: ignore[assignment]
    return made

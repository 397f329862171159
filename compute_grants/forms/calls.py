from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.calls import Line
from compute_grants.forms.fields import (
    DayField,
    HoursField,
    MomentField,
    ProseField,
    ResourceField,
    offer,
)
from compute_grants.models import Call, FusionStage, Machine, Resource
from consortium.models import User, in_force

BLANK_LINES = 2
MOST_LINES = 12


class CallForm(forms.Form):
    groups = (
        (
            _("What it is for"),
            (
                *("kind", "stage", "title_en", "title_zh", "summary_en", "summary_zh"),
                *("rules_en", "rules_zh"),
            ),
        ),
        (_("Dates"), ("opens_at", "closes_at", "awards_from", "awards_until")),
        (_("Review"), ("reviewers_per_proposal", "rolling")),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Call.Kind.choices)
    stage = forms.ChoiceField(label=_("Stage of fusion"), choices=FusionStage.choices)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=200)
    summary_en = ProseField(label=_("Summary in English"), rows=4, required=False)
    summary_zh = ProseField(label=_("Summary in Chinese"), rows=4, required=False)
    rules_en = ProseField(
        label=_("Rules in English"),
        required=False,
        help_text=_("Who can apply, for what, what they owe. Markdown."),
    )
    rules_zh = ProseField(label=_("Rules in Chinese"), required=False)
    opens_at = MomentField(label=_("Opens at"), help_text=_("Beijing time. Of the first round."))
    closes_at = MomentField(label=_("Closes at"), help_text=_("Beijing time. Of the first round."))
    awards_from = DayField(
        label=_("First day of the award period"),
        required=False,
        help_text=_("Awarded time can be used from then on. Empty for any time."),
    )
    awards_until = DayField(label=_("Last day of the award period"), required=False)
    rolling = forms.BooleanField(
        label=_("Decide on proposals as they come in, while the call is open"), required=False
    )
    reviewers_per_proposal = forms.IntegerField(
        label=_("Reviewers per proposal"), min_value=1, max_value=9, initial=2
    )

    @classmethod
    def of(cls, call: Call, data: Any = None) -> CallForm:
        stored = {name: getattr(call, name) for name in cls.base_fields}
        first = call.rounds.first()
        if first is not None:  # the call's own window spans all its rounds
            stored |= {"opens_at": first.opens_at, "closes_at": first.closes_at}
        return cls(data, initial=stored)


class LineForm(forms.Form):
    """One line of a rubric; a line without a weight is left out."""

    name_en = forms.CharField(label=_("Criterion in English"), max_length=200, required=False)
    name_zh = forms.CharField(label=_("Criterion in Chinese"), max_length=200, required=False)
    anchors_en = ProseField(label=_("What 0, 3 and 5 mean, in English"), rows=2, required=False)
    anchors_zh = ProseField(label=_("What 0, 3 and 5 mean, in Chinese"), rows=2, required=False)
    weight_percent = forms.IntegerField(
        label=_("Weight in %"), min_value=1, max_value=100, required=False
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("weight_percent"):
            for name in ("name_en", "name_zh"):
                if not data.get(name):
                    self.add_error(name, _("Name the criterion in both languages."))
        elif (data.get("name_en") or data.get("name_zh")) and not self.errors:
            self.add_error("weight_percent", _("Give the criterion its weight."))
        return data


class RubricFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    def lines(self) -> list[Line]:
        filled = [form.cleaned_data for form in self.forms if form.cleaned_data]
        return [Line(**data) for data in filled if data.get("weight_percent")]


_RubricForms = forms.formset_factory(
    LineForm, formset=RubricFormSet, extra=BLANK_LINES, max_num=MOST_LINES, absolute_max=MOST_LINES
)


def rubric_forms(call: Call, data: Any = None) -> RubricFormSet:
    """The call's criteria and some blank lines."""
    fields = list(LineForm.base_fields)
    stored = [{name: getattr(line, name) for name in fields} for line in call.criteria.all()]
    made: RubricFormSet = _RubricForms(data, initial=stored, prefix="line")  # type: ignore[assignment]
    return made


class BudgetForm(forms.Form):
    """Hours that the call may award on one resource; 0 takes it out of the call."""

    resource = ResourceField(label=_("Resource"))
    seconds = HoursField(label=_("Hours"), min_value=0, help_text=_("0 takes it out of the call."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = Resource.objects.filter(machine__in=Machine.objects.in_service())
        offer(self, "resource", given.select_related("machine").order_by("machine__code", "tres"))


class PanelForm(forms.Form):
    """Who sits on the panel, out of the people with that standing."""

    panel = forms.ModelMultipleChoiceField(
        label=_("Panel"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seated = in_force(timezone.localdate(), "reviewer__")
        people = User.objects.filter(seated, reviewer__panellist=True, is_active=True)
        offer(self, "panel", people.order_by("name_en", "pk"))


class MoveForm(forms.Form):
    """Which step of its life the call takes."""

    to = forms.ChoiceField(
        choices=[("open", ""), ("in_review", ""), ("decided", ""), ("closed", "")]
    )

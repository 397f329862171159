"""What the office sets about a call beyond its text: rounds, eligibility, access, more hours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.call_terms import Condition
from compute_grants.actions.rounds import Window
from compute_grants.forms.fields import HoursField, MomentField, ProseField, ResourceField, offer
from compute_grants.models import AccessType, Call, CallRound, EligibilityRule, Resource
from consortium.errors import Invalid
from consortium.models import Affiliation, Arm, Institution

Kind = EligibilityRule.Kind
BLANK_ROUNDS = 1
MOST_ROUNDS = 12
MOMENTS = ("opens_at", "closes_at", "review_by", "decision_by")


class RoundForm(forms.Form):
    """One window; a line without an opening is left out."""

    opens_at = MomentField(label=_("Opens at"), required=False)
    closes_at = MomentField(label=_("Closes at"), required=False)
    review_by = MomentField(label=_("Reviews are in by"), required=False)
    decision_by = MomentField(label=_("Decisions are out by"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if any(data.values()) and not self.errors:
            for name in ("opens_at", "closes_at"):
                if not data.get(name):
                    self.add_error(name, _("A round has an opening and a closing."))
        return data


class RoundFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    def windows(self) -> list[Window]:
        filled = [form.cleaned_data for form in self.forms if form.cleaned_data.get("opens_at")]
        return [Window(**data) for data in filled]

    def refuse(self, error: Invalid) -> list[str]:
        """Put what is wrong on the lines it names; return what is about the whole."""
        whole: list[str] = []
        filled = [form for form in self.forms if form.cleaned_data.get("opens_at")]
        for key, messages in error.errors.items():
            number, _dot, name = key.partition(".")
            if number.isdigit():
                for message in messages:
                    filled[int(number) - 1].add_error(name, message)
            else:
                whole += messages
        return whole


_RoundForms = forms.formset_factory(
    RoundForm,
    formset=RoundFormSet,
    extra=BLANK_ROUNDS,
    max_num=MOST_ROUNDS,
    absolute_max=MOST_ROUNDS,
)


def round_forms(call: Call, data: Any = None) -> RoundFormSet:
    """The call's rounds and a blank line."""
    stored = [{name: getattr(each, name) for name in MOMENTS} for each in call.rounds.all()]
    made: RoundFormSet = _RoundForms(data, initial=stored, prefix="round")  # type: ignore[assignment]
    return made


class NewRoundForm(forms.Form):
    """One more round of a published call."""

    opens_at = MomentField(label=_("Opens at"))
    closes_at = MomentField(label=_("Closes at"))
    review_by = MomentField(label=_("Reviews are in by"), required=False)
    decision_by = MomentField(label=_("Decisions are out by"), required=False)


class ExtendForm(forms.Form):
    """Later times of one round, and why."""

    closes_at = MomentField(label=_("Closes at"))
    review_by = MomentField(label=_("Reviews are in by"), required=False)
    decision_by = MomentField(label=_("Decisions are out by"), required=False)
    reason = ProseField(
        label=_("Reason"),
        rows=3,
        max_length=1000,
        help_text=_("Followers and everybody with a draft read it."),
    )

    @classmethod
    def of(cls, each: CallRound, data: Any = None) -> ExtendForm:
        names = ("closes_at", "review_by", "decision_by")
        return cls(data, initial={name: getattr(each, name) for name in names})


def _several(label: Any, choices: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class EligibilityForm(forms.Form):
    """Which rules there are; what is left empty is no rule."""

    institution_kind = _several(_("Kinds of institution"), Institution.Kind.choices)
    role = _several(_("Roles at the institution"), Affiliation.Role.choices)
    tier = _several(_("Tiers of membership"), Institution.Tier.choices)
    arm = _several(_("Arms of the consortium"), Arm.choices)
    contract = forms.IntegerField(
        label=_("Months that the contract lasts past the award period"),
        min_value=0,
        max_value=120,
        required=False,
        help_text=_("Empty for no such rule."),
    )
    second_factor = forms.BooleanField(
        label=_("The lead signs in with a second factor"), required=False
    )
    no_overdue_report = forms.BooleanField(
        label=_("The lead has no overdue report"), required=False
    )

    @classmethod
    def of(cls, call: Call, data: Any = None) -> EligibilityForm:
        stored: dict[str, Any] = {}
        for rule in call.eligibility_rules.all():
            stored[rule.kind] = rule.values or (True if rule.months is None else rule.months)
        return cls(data, initial=stored)

    def conditions(self) -> list[Condition]:
        data = self.cleaned_data
        listed = [Condition(k, tuple(data[k])) for k in EligibilityRule.LISTED if data[k]]
        rest = [Condition(k) for k in (Kind.SECOND_FACTOR, Kind.NO_OVERDUE_REPORT) if data[k]]
        if data["contract"] is not None:
            rest.insert(0, Condition(Kind.CONTRACT, months=data["contract"]))
        order = list(Kind)
        return sorted([*listed, *rest], key=lambda condition: order.index(Kind(condition.kind)))


class AccessForm(forms.Form):
    """Which access types the call offers; none: size is bounded by its hours alone."""

    access_types = forms.ModelMultipleChoiceField(
        label=_("Access types"),
        queryset=AccessType.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "access_types", AccessType.objects.filter(current=True).order_by("pk"))


class RaiseForm(forms.Form):
    """More hours of a resource that a published call offers."""

    resource = ResourceField(label=_("Resource"))
    seconds = HoursField(
        label=_("Hours in all"), help_text=_("More than now; a budget is only ever raised.")
    )
    reason = ProseField(label=_("Reason"), rows=3, max_length=1000)

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Resource.objects.filter(budgets__call=call).select_related("machine")
        offer(self, "resource", offered.order_by("machine__code", "tres"))

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import CHOOSE, DayField, ProseField
from compute_grants.models import ReviewPolicy, Tie
from compute_grants.policies.conflicts import Reason
from consortium.models import Institution


class TieForm(forms.Form):
    """Employment names an institution; every other tie names a person."""

    kind = forms.ChoiceField(label=_("Kind of tie"), choices=Tie.Kind.choices)
    institution = forms.ModelChoiceField(
        label=_("Institution"),
        queryset=Institution.objects.none(),
        required=False,
        empty_label=CHOOSE,
        help_text=_("For employment."),
    )
    other_email = forms.EmailField(
        label=_("The other person's e-mail"),
        required=False,
        help_text=_("For every tie with a person. Nobody is told."),
    )
    other_name = forms.CharField(label=_("The other person's name"), max_length=120, required=False)
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False, help_text=_("Empty while it lasts."))
    note = ProseField(label=_("Note"), rows=2, max_length=1000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["institution"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Institution.objects.filter(state__in=Institution.KNOWN).order_by("name_en")


class RetractForm(forms.Form):
    reason = ProseField(label=_("Why it is taken back"), rows=3, max_length=1000)


class DisputeForm(forms.Form):
    reason = ProseField(
        label=_("What is wrong with it"),
        rows=4,
        max_length=2000,
        help_text=_("Such as another author of the same name, or work that you had no part in."),
    )


class DisputeAnswerForm(forms.Form):
    note = ProseField(label=_("Answer"), rows=4, max_length=2000)


class PolicyForm(forms.Form):
    """The next version; its figures begin as those in force."""

    since = DayField(label=_("In force from"))
    former_employer_months = forms.IntegerField(
        label=_("Former employer, months"), min_value=0, max_value=600
    )
    collaborator_months = forms.IntegerField(
        label=_("Co-author or collaborator, months"), min_value=0, max_value=600
    )
    co_editor_months = forms.IntegerField(label=_("Co-editor, months"), min_value=0, max_value=600)
    waiver_days = forms.IntegerField(label=_("Longest waiver, days"), min_value=1, max_value=3650)
    remind_hours_before = forms.IntegerField(
        label=_("Remind before a review is due, hours"), min_value=1, max_value=2000
    )
    escalate_hours_after = forms.IntegerField(
        label=_("Tell the office after it was due, hours"), min_value=1, max_value=2000
    )
    reason = ProseField(label=_("Reason"), rows=3, max_length=2000)

    @classmethod
    def of(cls, policy: ReviewPolicy) -> PolicyForm:
        return cls(initial={n: getattr(policy, n, None) for n in cls.base_fields if n != "reason"})


class WaiverForm(forms.Form):
    ground = forms.ChoiceField(label=_("Conflict to be waived"), widget=forms.RadioSelect)
    reason = ProseField(
        label=_("Reason"),
        rows=4,
        max_length=4000,
        help_text=_("Why nobody else can do it. The second person and the panel read it."),
    )
    expires_on = DayField(label=_("Until"), required=False)

    def __init__(self, *args: Any, reasons: list[Reason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["ground"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(reason.key, reason.text) for reason in reasons if reason.waivable]


class WaiverDecisionForm(forms.Form):
    note = ProseField(
        label=_("Note"),
        rows=3,
        max_length=2000,
        required=False,
        help_text=_("Needed to refuse or revoke it."),
    )

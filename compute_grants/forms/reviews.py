from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.reviews import BEST, Mark
from compute_grants.forms.fields import DayField, HoursField, MomentField, ProseField, offer
from compute_grants.models import Criterion, PanelDecision, Proposal, TechnicalReview
from consortium.models import User, localized

TWO_WEEKS = timedelta(days=14)
FOR_AWARDS = _("Only for an award.")


class TechnicalForm(forms.Form):
    verdict = forms.ChoiceField(
        label=_("Verdict"), choices=TechnicalReview.Verdict.choices, widget=forms.RadioSelect
    )
    cap_hours = HoursField(
        label=_("Cap in hours"),
        required=False,
        help_text=_("Only where it is partly feasible: the most that can be awarded."),
    )
    reason = ProseField(
        label=_("Reason"), rows=5, help_text=_("The applicant and panel read this.")
    )

    @classmethod
    def of(cls, review: TechnicalReview | None, data: Any = None) -> TechnicalForm:
        if review is None:
            return cls(data)
        cap = review.cap_seconds and review.cap_seconds // 3600
        stored = {"verdict": review.verdict, "cap_hours": cap, "reason": review.reason}
        return cls(data, initial=stored)


class AssignForm(forms.Form):
    reviewer = forms.ModelChoiceField(label=_("Reviewer"), queryset=User.objects.none())
    due_at = MomentField(label=_("Due"))

    def __init__(self, *args: Any, fit: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(pk__in=[person.pk for person in fit])
        offer(self, "reviewer", people.order_by("name_en", "pk"))
        due = timezone.localtime(timezone.now() + TWO_WEEKS)
        self.fields["due_at"].initial = due.replace(hour=17, minute=0, second=0)


class DeclareForm(forms.Form):
    """First of all: conflict or none. A conflict says which."""

    NONE, CONFLICT = "none", "conflict"
    answer = forms.ChoiceField(
        label=_("Do you have a conflict of interest?"),
        choices=[
            (NONE, _("No. I have none of these, and I keep what I read to myself.")),
            (CONFLICT, _("Yes, or I cannot review it. I decline.")),
        ],
        widget=forms.RadioSelect,
    )
    conflict = ProseField(
        label=_("Which"),
        rows=3,
        required=False,
        help_text=_("One sentence. The R&D office reads it."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("answer") == self.CONFLICT and not data.get("conflict"):
            self.add_error("conflict", _("Say in one sentence what the conflict is."))
        if data.get("answer") == self.NONE and data.get("conflict"):
            self.add_error("answer", _("You named a conflict below. Answer yes, or clear it."))
        return data


class ReviewForm(forms.Form):
    """A score and a reason for each criterion, then the comments."""

    def __init__(self, *args: Any, criteria: list[Criterion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = criteria
        for criterion in criteria:
            self.fields[f"score_{criterion.pk}"] = forms.TypedChoiceField(
                label=criterion.name,
                help_text=localized(criterion, "anchors"),
                choices=[(n, str(n)) for n in range(BEST + 1)],
                coerce=int,
                widget=forms.RadioSelect(attrs={"class": "scores"}),
            )
            self.fields[f"reason_{criterion.pk}"] = ProseField(
                label=_("Reason for this score"), rows=3
            )
        self.fields["comment"] = ProseField(
            label=_("Comment"), rows=5, help_text=_("The applicant reads this after the decision.")
        )
        self.fields["confidential_note"] = ProseField(
            label=_("Confidential note"),
            rows=3,
            required=False,
            help_text=_("Only the panel reads this."),
        )

    def marks(self) -> dict[int, Mark]:
        data = self.cleaned_data
        return {c.pk: Mark(data[f"score_{c.pk}"], data[f"reason_{c.pk}"]) for c in self.criteria}


class DecisionForm(forms.Form):
    """The outcome; for an award hours per request and dates. Hours left empty award none."""

    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=PanelDecision.Outcome.choices, widget=forms.RadioSelect
    )
    starts_on = DayField(label=_("First day"), required=False, help_text=FOR_AWARDS)
    ends_on = DayField(label=_("Last day"), required=False, help_text=FOR_AWARDS)
    reason = ProseField(label=_("Reason"), rows=5, help_text=_("The applicant reads this."))

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.requests = list(
            proposal.requests.select_related("resource__machine", "technical_review")
        )
        for request in self.requests:
            hours = HoursField(label=request.resource.label, required=False, min_value=0)
            hours.initial = request.technical_review.ceiling // 3600
            hours.help_text = _("The most that is asked and feasible stands in the field.")
            self.fields[f"hours_{request.pk}"] = hours
        today = timezone.localdate()
        self.fields["starts_on"].initial = today
        self.fields["ends_on"].initial = today + timedelta(days=365)
        self.order_fields(
            ["outcome", *(f"hours_{r.pk}" for r in self.requests), "starts_on", "ends_on", "reason"]
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("outcome") == PanelDecision.Outcome.AWARDED:
            for name in ("starts_on", "ends_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("An award has a first and a last day."))
        return data

    def seconds(self) -> dict[int, int]:
        """What would be awarded, by request id."""
        given = {r.pk: self.cleaned_data.get(f"hours_{r.pk}") for r in self.requests}
        return {pk: seconds for pk, seconds in given.items() if seconds}

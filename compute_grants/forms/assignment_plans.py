from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import MomentField, offer_read
from compute_grants.forms.reviews import in_two_weeks
from compute_grants.models import AssignmentPlan, Call
from compute_grants.queries.assignment_plans import Candidate
from consortium.models import User

MOST = 8  # reviews in hand that are asked of one person unless the office says otherwise


class WishForm(forms.Form):
    """How a plan shall be computed."""

    per_proposal = forms.IntegerField(
        label=_("Reviewers of each proposal"),
        min_value=1,
        max_value=10,
        help_text=_("Those invited already count. An access type's own number holds."),
    )
    most = forms.IntegerField(
        label=_("Reviews in hand at once, at most"),
        min_value=1,
        max_value=50,
        help_text=_("A reviewer's own lower limit holds."),
    )
    least = forms.IntegerField(
        label=_("New reviews each, at least"),
        min_value=0,
        max_value=50,
        help_text=_("Kept as far as conflicts allow."),
    )
    seconds = forms.IntegerField(label=_("Seconds to compute, at most"), min_value=1, max_value=120)
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        help_text=_("Equal choices are drawn by lot; the same seed draws the same."),
    )

    @classmethod
    def of(cls, call: Call, latest: AssignmentPlan | None) -> WishForm:
        if latest is not None:
            return cls(initial={name: getattr(latest, name) for name in cls.base_fields})
        start = {"most": MOST, "least": 0, "seconds": 30, "seed": 0}
        return cls(initial=start | {"per_proposal": call.reviewers_per_proposal})


class CandidateForm(forms.Form):
    """Somebody out of those who could review it, the closest first."""

    reviewer = forms.ModelChoiceField(label=_("Reviewer"), queryset=User.objects.none())

    def __init__(self, *args: Any, fit: list[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_read(self, "reviewer", [each.person for each in fit])


class ApplyForm(forms.Form):
    pairs = forms.TypedMultipleChoiceField(label=_("Pairs"), coerce=int, required=False)
    due_at = MomentField(label=_("Reviews due"))

    def __init__(self, *args: Any, ids: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["pairs"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(pk, str(pk)) for pk in ids]
        self.fields["due_at"].initial = in_two_weeks()

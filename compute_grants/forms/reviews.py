from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.reviews import BEST, Mark
from compute_grants.forms.fields import MomentField, ProseField, offer_read
from compute_grants.models import Criterion, ReviewDraft
from compute_grants.rubric import anchors
from consortium.forms import number_sent
from consortium.models import User, localized

TWO_WEEKS = timedelta(days=14)


def in_two_weeks() -> datetime:
    due = timezone.localtime(timezone.now() + TWO_WEEKS)
    return due.replace(hour=17, minute=0, second=0, microsecond=0)


def by_name(people: list[User]) -> list[User]:
    return sorted(people, key=lambda person: (person.name_en, person.pk))


class AssignForm(forms.Form):
    reviewer = forms.ModelChoiceField(label=_("Reviewer"), queryset=User.objects.none())
    due_at = MomentField(label=_("Due"))

    def __init__(self, *args: Any, fit: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_read(self, "reviewer", by_name(fit))
        self.fields["due_at"].initial = in_two_weeks()


class DeclareForm(forms.Form):
    """First of all: conflict or none. A conflict says which."""

    NONE, CONFLICT = "none", "conflict"
    answer = forms.ChoiceField(
        label=_("Do you have a conflict of interest?"),
        choices=[
            (NONE, _("No. I have none of these, and I keep what I read to myself.")),
            (CONFLICT, _("Yes. I decline.")),
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


class DeclineForm(forms.Form):
    reason = ProseField(
        label=_("Why"),
        rows=3,
        max_length=2000,
        help_text=_("One sentence. The R&D office reads it."),
    )
    suggestion = ProseField(
        label=_("Whom would you ask instead?"),
        rows=2,
        max_length=2000,
        required=False,
        help_text=_("A name and an institution, somebody without a tie to the applicants."),
    )


class ReviewForm(forms.Form):
    """A score and a reason for each criterion, then the comments. `version` is the draft's."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def __init__(self, *args: Any, criteria: list[Criterion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = criteria
        for criterion in criteria:
            words = anchors(localized(criterion, "anchors"))
            self.fields[f"score_{criterion.pk}"] = forms.TypedChoiceField(
                label=criterion.name,
                help_text=gettext("Weight: %(weight)s of 100")
                % {"weight": criterion.weight_percent},
                choices=[(n, f"{n} · {text}") for n, text in words.items()],
                coerce=int,
                widget=forms.RadioSelect,
            )
            self.fields[f"reason_{criterion.pk}"] = ProseField(
                label=_("Reason for this score"), rows=3
            )
        self.fields["comment"] = ProseField(
            label=_("Comment"), rows=5, help_text=_("The applicant reads this, without your name.")
        )
        self.fields["confidential_note"] = ProseField(
            label=_("Confidential note"),
            rows=3,
            required=False,
            help_text=_("Only the panel reads this."),
        )

    @classmethod
    def of(cls, criteria: list[Criterion], draft: ReviewDraft | None) -> ReviewForm:
        """Filled in with what was saved so far."""
        if draft is None:
            return cls(criteria=criteria, initial={"version": 0})
        return cls(criteria=criteria, initial=cls.stored(draft))

    @staticmethod
    def stored(draft: ReviewDraft) -> dict[str, Any]:
        """A draft as the values of the form's fields."""
        values: dict[str, Any] = {"version": draft.version}
        for pk, row in draft.content.get("scores", {}).items():
            values[f"score_{pk}"] = row.get("value")
            values[f"reason_{pk}"] = row.get("reason", "")
        texts = ("comment", "confidential_note")
        return values | {name: draft.content.get(name, "") for name in texts}

    def unfinished(self) -> dict[str, Any]:
        """What was typed, complete or not, as a draft's content."""
        return {
            "scores": {
                str(c.pk): {
                    "value": self._score(c.pk),
                    "reason": self.data.get(f"reason_{c.pk}", ""),
                }
                for c in self.criteria
            },
            "comment": self.data.get("comment", ""),
            "confidential_note": self.data.get("confidential_note", ""),
        }

    def _score(self, pk: int) -> int | None:
        given = self.data.get(f"score_{pk}", "")
        return int(given) if given in {str(n) for n in range(BEST + 1)} else None

    def draft_version(self) -> int:
        return number_sent(self.data, "version") or 0

    def marks(self) -> dict[int, Mark]:
        data = self.cleaned_data
        return {c.pk: Mark(data[f"score_{c.pk}"], data[f"reason_{c.pk}"]) for c in self.criteria}


class ReasonedForm(forms.Form):
    """An act of the office that says why."""

    reason = ProseField(label=_("Reason"), rows=3, max_length=2000)


class DueForm(ReasonedForm):
    """More time, or a reopened review: until when, and why."""

    due_at = MomentField(label=_("Due"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_at"].initial = in_two_weeks()
        self.order_fields(["reviewer", "due_at", "reason"])


class ReplaceForm(DueForm):
    reviewer = forms.ModelChoiceField(label=_("Reviewer"), queryset=User.objects.none())

    def __init__(self, *args: Any, fit: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_read(self, "reviewer", by_name(fit))


class RebuttalOpenForm(forms.Form):
    until = MomentField(label=_("Open until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = in_two_weeks()


class RebuttalForm(forms.Form):
    text = ProseField(
        label=_("Your answer"),
        rows=6,
        max_length=6000,
        help_text=_("Once, and final. The reviewer, the panel and the R&D office read it."),
    )

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.technical import Finding
from compute_grants.forms.fields import HoursField, ProseField
from compute_grants.models import TechnicalCheck, TechnicalReview
from compute_grants.queries.technical import Found

Item = TechnicalCheck.Item
Findings = Mapping[TechnicalCheck.Item, Found]


class TechnicalForm(forms.Form):
    """The checklist line by line, then the verdict. The portal's own findings stand filled in."""

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

    def __init__(self, *args: Any, found: Findings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in Item:
            result = forms.ChoiceField(
                label=item.label, choices=TechnicalCheck.Result.choices, widget=forms.RadioSelect
            )
            note = forms.CharField(label=_("Note"), max_length=2000, required=False)
            if item in found:
                result.help_text = gettext("The portal finds: %(note)s") % {
                    "note": found[item].note
                }
                result.initial = found[item].result
            self.fields[f"result_{item}"] = result
            self.fields[f"note_{item}"] = note
        for name, value in self.initial.items():
            self.fields[name].initial = value

    @classmethod
    def of(
        cls,
        review: TechnicalReview | None,
        found: Findings,
        data: Any = None,
    ) -> TechnicalForm:
        if review is None:
            return cls(data, found=found)
        cap = review.cap_seconds and review.cap_seconds // 3600
        stored: dict[str, Any] = {
            "verdict": review.verdict,
            "cap_hours": cap,
            "reason": review.reason,
        }
        for check in review.checks.all():
            stored[f"result_{check.item}"] = check.result
            stored[f"note_{check.item}"] = check.note
        return cls(data, found=found, initial=stored)

    def lines(self) -> Iterator[tuple[forms.BoundField, forms.BoundField]]:
        for item in Item:
            yield self[f"result_{item}"], self[f"note_{item}"]

    def conclusion(self) -> list[forms.BoundField]:
        return [self[name] for name in ("verdict", "cap_hours", "reason")]

    def checks(self) -> dict[str, Finding]:
        data = self.cleaned_data
        return {item: Finding(data[f"result_{item}"], data[f"note_{item}"]) for item in Item}

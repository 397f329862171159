"""Forms of a panel's decisions: on one proposal, on several, and the signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from compute_grants.actions.decision_sets import Choice
from compute_grants.forms.fields import DayField, HoursField, ProseField
from compute_grants.models import DecisionItem, PanelDecision, Proposal, ResourceRequest
from compute_grants.policies.award_terms import latest_end, within
from compute_grants.queries.decision_sets import Candidate, ceiling

Outcome = PanelDecision.Outcome
FOR_AWARDS = _("Only for an award.")
HOUR = 3600


def override_field() -> ProseField:
    return ProseField(
        label=_("Why it departs from the award run"),
        rows=3,
        required=False,
        help_text=_("Both signatories read it; the applicant does not."),
    )


class DatedForm(forms.Form):
    """The outcome with its reason; for an award, dates."""

    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    starts_on = DayField(label=_("First day"), required=False, help_text=FOR_AWARDS)
    ends_on = DayField(label=_("Last day"), required=False, help_text=FOR_AWARDS)
    reason = ProseField(label=_("Reason"), rows=5, help_text=_("The applicant reads this."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["starts_on"].initial = today
        self.fields["ends_on"].initial = today + timedelta(days=365)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("outcome") == Outcome.AWARDED:
            for name in ("starts_on", "ends_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("An award has a first and a last day."))
        return data

    def _choice(self, proposal: Proposal, seconds: dict[int, int], override: str = "") -> Choice:
        data = self.cleaned_data
        awarded = data["outcome"] == Outcome.AWARDED
        return Choice(
            proposal,
            data["outcome"],
            seconds if awarded else {},
            data["starts_on"] if awarded else None,
            self._last_day(proposal) if awarded else None,
            data["reason"],
            override,
        )

    def _last_day(self, _proposal: Proposal) -> date:
        ends_on: date = self.cleaned_data["ends_on"]
        return ends_on


class DecisionForm(DatedForm):
    """One proposal; for an award hours per request. Hours left empty award none.

    requests: all of its, with machine and technical review loaded.
    item: the decision that stands on it in an open set; the form begins with what it says.
    weighed: whether an adopted award run gave it anything, or nothing.
    """

    override_reason = override_field()

    def __init__(
        self,
        *args: Any,
        proposal: Proposal,
        requests: Sequence[ResourceRequest],
        item: DecisionItem | None,
        weighed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.proposal = proposal
        self._bound_term()
        self.requests = requests
        for request in self.requests:
            hours = HoursField(label=request.resource.label, required=False, min_value=0)
            hours.initial = ceiling(request) // HOUR
            hours.help_text = _("The most that is asked and feasible stands in the field.")
            self.fields[f"hours_{request.pk}"] = hours
        if item is not None:
            self._begin_with(item)
        if not (item.adopted if item else weighed):
            del self.fields["override_reason"]
        hours_names = [f"hours_{row.pk}" for row in self.requests]
        self.order_fields(["outcome", *hours_names, "starts_on", "ends_on", "reason"])

    def _bound_term(self) -> None:
        """The term of its access type, in the field and beside it."""
        kind = self.proposal.access_type
        if kind is None:
            return
        first = self.fields["starts_on"].initial
        self.fields["ends_on"].initial = latest_end(self.proposal, first)
        text = ngettext(
            "Only for an award: at most %(count)s month, as its access type says.",
            "Only for an award: at most %(count)s months, as its access type says.",
            kind.months,
        )
        self.fields["ends_on"].help_text = text % {"count": kind.months}

    def _begin_with(self, item: DecisionItem) -> None:
        given = {line.request_id: line.seconds for line in item.lines.all()}
        for name in ("outcome", "reason", "override_reason"):
            self.fields[name].initial = getattr(item, name)
        if item.outcome != Outcome.AWARDED:
            return
        self.fields["starts_on"].initial, self.fields["ends_on"].initial = (
            item.starts_on,
            item.ends_on,
        )
        for request in self.requests:
            self.fields[f"hours_{request.pk}"].initial = given.get(request.pk, 0) // HOUR

    def choice(self) -> Choice:
        given = {row.pk: self.cleaned_data.get(f"hours_{row.pk}") for row in self.requests}
        seconds = {pk: value for pk, value in given.items() if value}
        return self._choice(self.proposal, seconds, self.cleaned_data.get("override_reason", ""))


class BulkForm(DatedForm):
    """One outcome for several proposals; an award gives each the same share of what it asked."""

    proposals = forms.MultipleChoiceField(
        label=_("Proposals"),
        error_messages={"required": _("Tick at least one proposal.")},
        widget=forms.MultipleHiddenInput,
    )
    percent = forms.IntegerField(
        label=_("Share of what is asked and feasible, in percent"),
        min_value=1,
        max_value=100,
        initial=100,
        required=False,
        help_text=_("Only for an award. Whole hours on each machine, rounded down."),
    )
    override_reason = override_field()

    def __init__(
        self, *args: Any, offered: Sequence[Candidate], weighed: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not weighed:
            del self.fields["override_reason"]
        self.offered = {row.proposal.number: row for row in offered}
        field = self.fields["proposals"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(number, number) for number in self.offered]
        self.fields["ends_on"].help_text = _(
            "Only for an award. Earlier where the access type does not give so long."
        )
        self.order_fields(["outcome", "percent", "starts_on", "ends_on", "reason"])

    def _last_day(self, proposal: Proposal) -> date:
        return within(proposal, self.cleaned_data["starts_on"], self.cleaned_data["ends_on"])

    @property
    def ticked(self) -> set[str]:
        """Numbers of what was ticked, whether or not the rest is filled in."""
        return set(self["proposals"].value() or [])

    def choices(self) -> list[Choice]:
        rows = [self.offered[number] for number in self.cleaned_data["proposals"]]
        share = self.cleaned_data.get("percent") or 100
        return [
            self._choice(
                row.proposal,
                {
                    asked.pk: seconds
                    for asked in row.asked
                    if (seconds := ceiling(asked) * share // (100 * HOUR) * HOUR)
                },
                self.cleaned_data.get("override_reason", ""),
            )
            for row in rows
        ]


class DiscardForm(forms.Form):
    reason = ProseField(label=_("Why it is given up"), rows=3, max_length=2000)


class SignSetForm(forms.Form):
    """Says that the set was read; carries which text."""

    content_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    read = forms.BooleanField(
        label=_("I have read every decision of this set and stand by it."),
        error_messages={"required": _("Confirm that you have read the decisions.")},
    )

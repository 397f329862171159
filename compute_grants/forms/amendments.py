"""One form for each kind of request to change a grant."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.actions.amendments import Wish
from compute_grants.amendment_facts import Facts
from compute_grants.forms.fields import CHOOSE, HOUR, MOST_HOURS, DayField, HoursField, ProseField
from compute_grants.models import Allocation, Amendment
from compute_grants.policies import amendments as policies
from compute_grants.queries.amendments import receivers

Kind = Amendment.Kind


class RequestForm(forms.Form):
    """What every request has; each kind adds its own. cleans to a Wish."""

    kind: Kind
    reason = ProseField(
        label=gettext_lazy("Reason"),
        rows=5,
        max_length=4000,
        help_text=gettext_lazy("Those who decide read it."),
    )
    field_order = ("against", "other", "seconds", "ends_on", "reason")

    def __init__(self, *args: Any, facts: Facts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.facts = facts
        self.unit = str(facts.allocation.resource.hours_unit)
        self._bound_seconds(policies.most_seconds(facts, self.kind))
        self._bound_end(policies.latest_end(facts, self.kind))

    def _bound_seconds(self, most: int | None) -> None:
        if most is not None and "seconds" in self.fields:
            text = _("In %(unit)s; at most %(hours)s.")
            self.fields["seconds"].help_text = text % {
                "unit": self.unit,
                "hours": f"{most // HOUR:,}",
            }

    def _bound_end(self, latest: date | None) -> None:
        if latest is not None and "ends_on" in self.fields:
            text = _("The grant ends on %(now)s; at the latest %(latest)s.")
            self.fields["ends_on"].help_text = text % {
                "now": date_format(self.facts.allocation.ends_on),
                "latest": date_format(latest),
            }

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(**{name: given[name] for name in given if name in Wish.__slots__})

    @staticmethod
    def initial_of(amendment: Amendment) -> dict[str, Any]:
        """A draft as its form shows it; hours in hours."""
        hours = None if amendment.seconds is None else amendment.seconds // HOUR
        return {
            "reason": amendment.reason,
            "seconds": hours,
            "ends_on": amendment.ends_on,
            "other": amendment.other_id,
            "against": amendment.against_id,
        }


class ExtensionForm(RequestForm):
    kind = Kind.EXTENSION
    ends_on = DayField(label=gettext_lazy("New last day"))


class SupplementForm(RequestForm):
    kind = Kind.SUPPLEMENT
    seconds = HoursField(label=gettext_lazy("Hours to add"))


class AdvanceForm(RequestForm):
    kind = Kind.ADVANCE
    seconds = HoursField(label=gettext_lazy("Hours in advance"))


class RenewalForm(RequestForm):
    kind = Kind.RENEWAL
    ends_on = DayField(label=gettext_lazy("New last day"))
    seconds = HoursField(label=gettext_lazy("Hours to add"), min_value=0, required=False)


class GrantField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the lead's other grants."""

    def label_from_instance(self, obj: Allocation) -> str:
        return f"{obj.number} · {obj.resource.label} · {obj.title}"


class TransferForm(RequestForm):
    kind = Kind.TRANSFER
    other = GrantField(
        label=gettext_lazy("To which grant"),
        queryset=Allocation.objects.none(),
        empty_label=CHOOSE,
        help_text=gettext_lazy(
            "Another grant of the same lead. Between machines the rates of today apply."
        ),
    )
    seconds = HoursField(label=gettext_lazy("Hours to give"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["other"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = receivers(self.facts.allocation)


class PastField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the requests that were refused."""

    def label_from_instance(self, obj: Amendment) -> str:
        return f"{obj.number} · {obj.get_kind_display()} · {obj.decision_reason[:80]}"


class AppealForm(RequestForm):
    kind = Kind.APPEAL
    against = PastField(
        label=gettext_lazy("Against which decision"),
        queryset=Amendment.objects.none(),
        empty_label=CHOOSE,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["against"]
        assert isinstance(field, forms.ModelChoiceField)
        open_to_appeal = [past.pk for past in policies.appealable(self.facts)]
        field.queryset = Amendment.objects.filter(pk__in=open_to_appeal).order_by("-pk")


class AdjustmentForm(RequestForm):
    kind = Kind.ADJUSTMENT
    seconds = HoursField(
        label=gettext_lazy("Hours to add, or to take back with a minus"), min_value=-MOST_HOURS
    )


FORMS: dict[str, type[RequestForm]] = {
    form.kind.value: form
    for form in (
        ExtensionForm,
        SupplementForm,
        TransferForm,
        AdvanceForm,
        RenewalForm,
        AppealForm,
        AdjustmentForm,
    )
}


class DecideForm(forms.Form):
    reason = ProseField(
        label=gettext_lazy("Reason"),
        rows=4,
        max_length=4000,
        help_text=gettext_lazy("The lead reads it."),
    )

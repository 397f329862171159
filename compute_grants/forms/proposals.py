from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import (
    CHOOSE,
    HoursField,
    ProseField,
    ResourceField,
    ScaledField,
    offer,
    offer_read,
)
from compute_grants.models import AccessType, Precision, Proposal, Resource, SectionName
from compute_grants.queries.calls import Offer
from compute_grants.queries.sections import SHOWN
from consortium.models import Affiliation, Institution, User
from consortium.roles import standing

GIGABYTE = 10**9


class StartForm(forms.Form):
    institution = forms.ModelChoiceField(
        label=_("Institution"),
        queryset=Institution.objects.none(),
        help_text=_("Where you are PI-eligible. The grant will be the institution's."),
    )
    title_en = forms.CharField(label=_("Title in English"), max_length=200, required=False)
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=200, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = standing(user).institutions_as(Affiliation.Role.PRINCIPAL)
        offer(self, "institution", Institution.objects.filter(pk__in=mine).order_by("pk"))
        if len(mine) == 1:
            self.initial["institution"] = next(iter(mine))


class SectionForm(forms.Form):
    """One section of the text. `version` is the one that was on the screen."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    @classmethod
    def of(cls, proposal: Proposal, data: Any = None) -> SectionForm:
        stored = {name: getattr(proposal, name) for name in cls.base_fields}
        return cls(data, initial=stored)

    def texts(self) -> dict[str, str]:
        return {name: text for name, text in self.cleaned_data.items() if name != "version"}


class SummaryForm(SectionForm):
    title_en = forms.CharField(label=_("Title in English"), max_length=200, required=False)
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=200, required=False)
    summary = ProseField(
        label=_("Summary"),
        required=False,
        max_length=3000,
        help_text=_("For readers of other fields. At most 3,000 characters."),
    )


class ScienceForm(SectionForm):
    science_case = ProseField(
        label=_("Science case"),
        rows=16,
        required=False,
        help_text=_("Aim, method, why this scale of computing, what is expected. Markdown."),
    )


class DataForm(SectionForm):
    data_ethics = ProseField(
        label=_("Data and ethics"),
        rows=10,
        required=False,
        help_text=_("Data sets and their origin, personal data, licences, risks of misuse."),
    )


class SoftwareForm(SectionForm):
    software = ProseField(
        label=_("Software"),
        rows=8,
        required=False,
        help_text=_("Codes, versions and licences; containers; what the centre must install."),
    )


class EnergyForm(SectionForm):
    energy = ProseField(
        label=_("How you save energy"),
        rows=6,
        required=False,
        help_text=_("Early stopping, lower precision, runs that are reused. Optional."),
    )


SECTION_FORMS: dict[str, type[SectionForm]] = {
    SectionName.SUMMARY: SummaryForm,
    SectionName.SCIENCE: ScienceForm,
    SectionName.SOFTWARE: SoftwareForm,
    SectionName.DATA: DataForm,
    SectionName.ENERGY: EnergyForm,
}


class RequestForm(forms.Form):
    """Time on one of the call's resources."""

    resource = ResourceField(label=_("Machine"))
    precision = forms.ChoiceField(
        label=_("Precision"),
        choices=[("", CHOOSE), *Precision.choices],
        help_text=_("The one most of the work runs at. The machine must state a peak for it."),
    )
    seconds = HoursField(label=_("Hours"), help_text=_("Card-hours, or core-hours for cores."))
    cards = forms.IntegerField(
        label=_("Cards or cores at once"),
        min_value=1,
        max_value=2 * 10**9,
        help_text=_("The width of a typical run."),
    )
    runs = forms.IntegerField(
        label=_("Number of runs"), min_value=1, max_value=10**9, required=False
    )
    run_seconds = HoursField(
        label=_("Hours of one run"), required=False, help_text=_("By the clock, at this width.")
    )
    memory_bytes = ScaledField(
        scale=GIGABYTE,
        label=_("Memory for each card or core, GB"),
        required=False,
        help_text=_("With weights, states and buffers."),
    )
    justification = ProseField(
        label=_("How you arrived at this"),
        rows=4,
        help_text=_("Runs x hours x width, and measurements that support it."),
    )

    def __init__(self, *args: Any, offers: list[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given: list[Resource] = [each.budget.resource for each in offers]
        given.sort(key=lambda resource: (resource.machine.code, resource.tres))
        offer_read(self, "resource", given)

    def add_error(self, field: str | None, error: Any) -> None:
        """The rules speak of hours; the field is called after what it cleans to."""
        super().add_error("seconds" if field == "hours" else field, error)


class AccessForm(forms.Form):
    """The kind of access asked for, one of the call's."""

    access_type = forms.ModelChoiceField(
        label=_("Kind of access"),
        queryset=AccessType.objects.none(),
        empty_label=CHOOSE,
        help_text=_("It sets how much can be asked and how deeply it is reviewed."),
    )

    def __init__(self, *args: Any, kinds: list[AccessType], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_read(self, "access_type", kinds)


class MatchForm(forms.Form):
    """A need, to rank the call's machines by."""

    precision = forms.ChoiceField(label=_("Rank by precision"), choices=Precision.choices)
    memory = ScaledField(scale=GIGABYTE, label=_("Rank by memory for each card or core, GB"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # It stands beside RequestForm, whose fields have the same names: ids must differ.
        super().__init__(*args, **{"auto_id": "rank_%s", **kwargs})


class ReasonForm(forms.Form):
    reason = ProseField(label=_("Reason"), rows=4, help_text=_("The applicant reads this."))


class ReturnForm(ReasonForm):
    """Which sections are to be corrected, beside the reason."""

    sections = forms.MultipleChoiceField(
        label=_("Sections to correct"),
        choices=[(name.value, name.label) for name in SHOWN],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("They are marked in the editor until they are saved again."),
    )


class WithdrawForm(forms.Form):
    reason = ProseField(label=_("Reason"), rows=3, required=False)


class SubmitForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

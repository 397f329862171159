from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import MomentField, ProseField
from consortium.models import Institution
from registry.models import RESEARCH_LICENCE, DataSetUse, Model, ResearchRelease

LONGEST_CARD = 100_000
LICENCES = (
    RESEARCH_LICENCE,
    "Apache-2.0",
    "MIT",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "MulanPSL-2.0",
)


class ModelForm(forms.Form):
    """What a model says about itself."""

    name_en = forms.CharField(label=_("Name in English"), max_length=200)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Model.Kind.choices)
    description_en = ProseField(label=_("Description in English"), required=False)
    description_zh = ProseField(label=_("Description in Chinese"), required=False)


class DraftForm(forms.Form):
    version = forms.CharField(
        label=_("Version"), max_length=40, help_text=_("For example 1.0, or 2.1.3-rc1.")
    )


class DataSetForm(forms.Form):
    name = forms.CharField(label=_("Name of the data set"), max_length=200)
    use = forms.ChoiceField(label=_("Used for"), choices=DataSetUse.Use.choices)
    origin = forms.CharField(
        label=_("Origin"),
        max_length=300,
        help_text=_("Where it comes from: an address or a source."),
    )
    licence = forms.CharField(
        label=_("Licence"), max_length=120, help_text=_("An SPDX name, or how it may be used.")
    )


class RetireForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class EditForm(forms.Form):
    """A part of a draft. `revision` is the draft the editor saw."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, release: ResearchRelease, data: Any = None) -> EditForm:
        initial = {
            name: getattr(release, name) for name in cls.base_fields if name != "institutions"
        }
        if "institutions" in cls.base_fields:
            initial["institutions"] = list(release.institutions.all())
        return cls(data, initial=initial)


class CardForm(EditForm):
    """The model card and the notes, in both languages. Markdown."""

    card_en = ProseField(
        label=_("Model card in English"),
        help_text=_("What it does, what it is for and not for, how it was evaluated. Markdown."),
        rows=14,
        max_length=LONGEST_CARD,
        required=False,
    )
    card_zh = ProseField(
        label=_("Model card in Chinese"), rows=14, max_length=LONGEST_CARD, required=False
    )
    notes_en = ProseField(label=_("What is new, in English"), rows=4, required=False)
    notes_zh = ProseField(label=_("What is new, in Chinese"), rows=4, required=False)


class TermsForm(EditForm):
    """Licence, audience and citation."""

    licence = forms.CharField(
        label=_("Licence"),
        max_length=120,
        widget=forms.TextInput(attrs={"list": "licences"}),
        required=False,
    )
    audience = forms.ChoiceField(
        label=_("Who may see and download it"),
        choices=ResearchRelease.Audience.choices,
        widget=forms.RadioSelect,
    )
    institutions = forms.ModelMultipleChoiceField(
        label=_("Named institutions"),
        help_text=_("Used when the audience is named institutions."),
        queryset=Institution.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    citation = ProseField(
        label=_("Citation"), help_text=_("As you want to be cited; BibTeX works."), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Institution.objects.filter(state=Institution.State.ACTIVE).order_by("slug")
        self.fields["institutions"].queryset = active  # type: ignore[attr-defined]
        ours = _("An SPDX expression, or %(ours)s for the consortium's research licence.")
        self.fields["licence"].help_text = ours % {"ours": RESEARCH_LICENCE}  # in today's language


class DecideForm(forms.Form):
    """The research office's decision."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("release", _("Release it")), ("send_back", _("Send it back"))],
        widget=forms.RadioSelect,
    )
    embargo_until = MomentField(label=_("Embargo until"), required=False)
    note = ProseField(
        label=_("Note to the lab"),
        help_text=_("Needed when you send it back: what is to be done."),
        rows=4,
        required=False,
    )


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Readers of the page will see this.")
    )

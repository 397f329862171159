"""Forms of the gate, of offerings, of negotiations and of receipts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import DayField, ProseField
from consortium.models import Institution
from registry.models import MODEL_SLUG, Deployment, FieldOfUse, GateCheck, GateConsent
from registry.terms import Terms

FEN_PER_YUAN = 100
MOST_YUAN = 10**12


class YuanField(forms.DecimalField):
    """Yuan with at most two decimals; cleans to whole fen."""

    def __init__(self, *, min_value: int = 0, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=MOST_YUAN, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> Any:
        yuan = super().clean(value)
        return None if yuan is None else int(yuan * FEN_PER_YUAN)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / FEN_PER_YUAN if isinstance(value, int) else value


class PercentField(forms.DecimalField):
    """Percent with two decimals; cleans to basis points."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=100, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> Any:
        percent = super().clean(value)
        return None if percent is None else int(percent * FEN_PER_YUAN)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / FEN_PER_YUAN if isinstance(value, int) else value


class ListField(forms.CharField):
    """Several short texts, separated by commas; cleans to a tuple."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace("，", ",").replace("\n", ",")
        return tuple(item.strip() for item in text.split(",") if item.strip())

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value


class ReasonForm(forms.Form):
    reason = ProseField(label=_("Reason"), rows=4, help_text=_("The other side can read it."))


class NoteForm(forms.Form):
    note = ProseField(label=_("Note"), rows=3, required=False)


class StatementsForm(forms.Form):
    """What the requester states where no fact decides."""

    data_rights = ProseField(
        label=GateCheck.Code.DATA_RIGHTS.label,
        rows=3,
        required=False,
        help_text=_("That every data set may be used commercially, and where that is on file."),
    )
    export = ProseField(
        label=GateCheck.Code.EXPORT.label,
        rows=3,
        required=False,
        help_text=_("That no controlled technology is given out, and whose opinion that is."),
    )
    filing = ProseField(
        label=GateCheck.Code.FILING.label,
        rows=3,
        required=False,
        help_text=_("Whether it will be offered to the public, and its filing number if so."),
    )


class GateRequestForm(StatementsForm):
    purpose_en = ProseField(label=_("Purpose in English"), rows=3, required=False)
    purpose_zh = ProseField(label=_("Purpose in Chinese"), rows=3, required=False)
    field_order = ("purpose_en", "purpose_zh", *GateCheck.STATED)

    def statements(self) -> dict[str, str]:
        return {code: self.cleaned_data[code] for code in GateCheck.STATED}


class ArmDecisionForm(forms.Form):
    """What an arm decides. A refusal needs its reason."""

    verdict = forms.ChoiceField(
        label=_("Decision"),
        choices=[("approve", _("Approve")), ("refuse", _("Refuse"))],
        widget=forms.RadioSelect,
    )
    note = ProseField(label=_("Reason or note"), rows=4, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("verdict") == "refuse" and not str(data.get("note", "")).strip():
            self.add_error("note", _("Give the reason. Everybody concerned can read it."))
        return data


class ConsentForm(forms.Form):
    verdict = forms.ChoiceField(
        label=_("Your institution's answer"),
        choices=GateConsent.Verdict.choices,
        widget=forms.RadioSelect,
    )
    reason = ProseField(
        label=_("Reason"), rows=4, required=False, help_text=_("An objection needs one.")
    )


class OfferingForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        validators=[RegexValidator(MODEL_SLUG, _("Lower-case letters, digits and dashes."))],
        help_text=_("Lower-case letters, digits and dashes. It cannot be changed later."),
    )
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=200)
    summary_en = ProseField(label=_("Summary in English"), rows=4)
    summary_zh = ProseField(label=_("Summary in Chinese"), rows=4)
    fields_of_use = forms.MultipleChoiceField(
        label=_("Fields of use"), choices=FieldOfUse.choices, widget=forms.CheckboxSelectMultiple
    )
    forms = forms.MultipleChoiceField(
        label=_("Forms of deployment"),
        choices=Deployment.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    list_price_fen = YuanField(
        label=_("List price in yuan"), help_text=_("For one year and the smallest scale.")
    )

    def details(self) -> dict[str, Any]:
        details = dict(self.cleaned_data)
        details["fields"] = details.pop("fields_of_use")
        return details


class InstitutionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Institution) -> str:
        return obj.name


class QuoteForm(forms.Form):
    """A request for a licence, for one of the institutions given."""

    licensee = InstitutionField(
        label=_("For"), queryset=Institution.objects.none(), empty_label=None
    )
    note = ProseField(
        label=_("What you want to use it for"),
        rows=5,
        help_text=_("The product or process, the sites, and how many cards and nodes."),
    )

    def __init__(self, *args: Any, licensees: list[Institution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["licensee"].queryset = Institution.objects.filter(  # type: ignore[attr-defined]
            pk__in=[licensee.pk for licensee in licensees]
        )


class TermsForm(forms.Form):
    """A revision of the terms. `answers` is the revision it answers, 0 for none."""

    answers = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    fields_of_use = forms.MultipleChoiceField(
        label=_("Fields of use"), choices=FieldOfUse.choices, widget=forms.CheckboxSelectMultiple
    )
    regions = ListField(
        label=_("Regions"), max_length=400, help_text=_("ISO codes, such as CN or CN-BJ.")
    )
    sites = ListField(
        label=_("Sites"),
        max_length=800,
        required=False,
        help_text=_("Separated by commas. Empty: any."),
    )
    nodes = forms.IntegerField(label=_("Nodes, at most"), min_value=1)
    cards = forms.IntegerField(label=_("Accelerator cards, at most"), min_value=1)
    card_classes = ListField(
        label=_("Classes of cards"),
        max_length=400,
        required=False,
        help_text=_("Separated by commas. Empty: any."),
    )
    concurrency = forms.IntegerField(
        label=_("Instances at once"), min_value=0, initial=0, help_text=_("0: unlimited.")
    )
    hosts = ListField(
        label=_("Bound to hosts"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "code"}),
        help_text=_("Fingerprints from omic-verify fingerprint. Empty: any host."),
    )
    public_facing = forms.BooleanField(label=_("Service to the public"), required=False)
    filing = forms.CharField(label=_("Filing number"), max_length=64, required=False)
    finetune = forms.BooleanField(label=_("Fine-tuning allowed"), required=False)
    sublicense_depth = forms.IntegerField(
        label=_("Levels of sublicences"), min_value=0, max_value=3, initial=0
    )
    updates = forms.ChoiceField(
        label=_("Updates included"),
        choices=[
            ("none", _("none: this version only")),
            ("fixes", _("fixes of this version")),
            ("all", _("all later versions")),
        ],
        initial="fixes",
    )
    months = forms.IntegerField(label=_("Term in months"), min_value=1, max_value=120, initial=12)
    grace_days = forms.IntegerField(
        label=_("Grace after the end, in days"), min_value=0, max_value=365, initial=30
    )
    price_fen = YuanField(label=_("Price for the term, in yuan"))
    royalty_basis_points = PercentField(label=_("Royalty on income, in percent"), initial=0)
    meter_unit = forms.ChoiceField(
        label=_("Metered in"),
        choices=[
            ("none", _("not metered")),
            ("card_seconds", _("card-seconds")),
            ("requests", _("requests")),
            ("tokens", _("tokens")),
        ],
    )
    meter_period = forms.ChoiceField(
        label=_("Reported"),
        choices=[
            ("month", _("each month")),
            ("quarter", _("each quarter")),
            ("year", _("each year")),
        ],
        initial="quarter",
    )
    status_days = forms.IntegerField(
        label=_("Status list renewed within, in days"), min_value=1, max_value=365, initial=30
    )
    status_grace_days = forms.IntegerField(
        label=_("Grace for a missed renewal, in days"), min_value=0, max_value=365, initial=15
    )
    comment = ProseField(
        label=_("Comment"), rows=4, required=False, help_text=_("The other side reads it.")
    )

    @staticmethod
    def initial_from(terms: Mapping[str, Any], answers: int) -> dict[str, Any]:
        """What the form begins with: the other side's terms."""
        first = dict(terms)
        if "fields" in first:
            first["fields_of_use"] = first.pop("fields")
        return {**first, "answers": answers}

    def terms(self) -> Terms:
        """The terms filled in. Raises Invalid with the names of this form's fields."""
        values = {n: v for n, v in self.cleaned_data.items() if n not in ("answers", "comment")}
        values["fields"] = tuple(values.pop("fields_of_use"))
        return Terms(**values)


class SignForm(forms.Form):
    """Says that the document was read; carries which one."""

    document_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    read = forms.BooleanField(
        label=_("I have read the agreement and sign it for my side."),
        error_messages={"required": _("Confirm that you have read the agreement.")},
    )


class ReceiptForm(forms.Form):
    amount_fen = YuanField(label=_("Amount received, in yuan"))
    tax_fen = YuanField(label=_("Tax in it, in yuan"), initial=0)
    third_party_fen = YuanField(label=_("Third-party cost, in yuan"), initial=0)
    received_on = DayField(label=_("Received on"))
    bank_reference = forms.CharField(
        label=_("Bank reference"),
        max_length=64,
        help_text=_("The same payment recorded twice is one receipt."),
    )

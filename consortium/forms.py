"""What people fill in. Forms parse; the actions decide."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from consortium.errors import DomainError, Invalid
from consortium.models import Affiliation, ArmAppointment, Institution, Scope, User
from consortium.notices import topics_in_use
from consortium.tokens import LONGEST

Done = TypeVar("Done")
BIGINT_DIGITS = 18  # any number of so many digits fits a bigint


def number_sent(data: Mapping[str, Any], name: str) -> int | None:
    """A whole number from a hidden field, a button or the address; None for all else."""
    given = data.get(name, "")
    return int(given) if given.isdecimal() and len(given) <= BIGINT_DIGITS else None


class DateField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"})


def reason_field(help_text: Any, *, required: bool = True) -> forms.CharField:
    """`help_text`: a lazy translation."""
    return forms.CharField(
        label=_("Reason"),
        max_length=1000,
        required=required,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=help_text,
    )


class SignUpForm(forms.Form):
    """What allauth's sign-up form asks besides the address and the password."""

    name_en = forms.CharField(
        label=_("Name in Latin letters"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)

    field_order = ("name_en", "name_zh", "email", "password1", "password2")

    def signup(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002  allauth calls it
        user.name_en = self.cleaned_data["name_en"]
        user.name_zh = self.cleaned_data["name_zh"]
        user.save(update_fields=["name_en", "name_zh"])


class ProfileForm(forms.Form):
    name_en = forms.CharField(label=_("Name in Latin letters"), max_length=120, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    orcid = forms.CharField(
        label=_("ORCID iD"),
        max_length=60,
        required=False,
        help_text=_(
            "Such as 0000-0002-1825-0097. Your co-authors are known by it, so that nobody judges "
            "a proposal of somebody they published with."
        ),
    )
    language = forms.ChoiceField(
        label=_("Language of pages and mails"),
        choices=User.Language.choices,
        widget=forms.RadioSelect,
    )


class NoticeForm(forms.Form):
    """Which topics come by mail, of those that there are notices of."""

    mailed = forms.MultipleChoiceField(
        label=_("By mail, once a day"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Every notice is shown on the portal, whatever you choose here."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["mailed"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(topic.value, topic.label) for topic in topics_in_use()]


class TokenForm(forms.Form):
    label = forms.CharField(
        label=_("What is it for?"),
        max_length=80,
        help_text=_("For example: training runs on the workstation."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it be used for?"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose as little as will do. A token never has more rights than you."),
    )
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=LONGEST.days, initial=30
    )

    def __init__(self, *args: Any, scopes: list[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(scope.value, scope.label) for scope in scopes]


class InstitutionFilter(forms.Form):
    q = forms.CharField(label=_("Name"), required=False, max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, states: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = ("", _("All"))
        shown = [(value, label) for value, label in Institution.State.choices if value in states]
        self._choose("kind", [everything, *Institution.Kind.choices])
        self._choose("state", [everything, *shown])

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class ApplicationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A membership application. Its action saves; the form only parses."""

    class Meta:
        model = Institution
        fields = (
            "name_en",
            "name_zh",
            "kind",
            "tier",
            "arm",
            "country",
            "related_group",
            "credit_code",
            "ror_id",
            "mail_domains",
        )
        labels = {
            "name_en": _("Name in English"),
            "name_zh": _("Name in Chinese"),
            "kind": _("Kind of institution"),
            "tier": _("Membership applied for"),
            "arm": _("Interest"),
            "country": _("Country"),
            "related_group": _("Group it belongs to"),
            "credit_code": _("Unified social credit code"),
            "ror_id": _("ROR id"),
            "mail_domains": _("Mail domains"),
        }
        help_texts = {
            "country": _("Two letters, such as CN."),
            "ror_id": _("Such as 03cve4549, from ror.org."),
            "mail_domains": _("Separated by commas. They help your admin to know colleagues."),
        }

    def validate_unique(self) -> None:
        """Left to the action, which knows the row as it is now."""

    def validate_constraints(self) -> None:
        """Left to the action and the database."""


class MoveForm(forms.Form):
    """The next state of a membership. `states`: those that may follow."""

    to = forms.ChoiceField(label=_("New state"), widget=forms.RadioSelect)
    reason = reason_field(_("The institution reads it in its history."))

    def __init__(self, *args: Any, states: list[Institution.State], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(state.value, state.label) for state in states]


class AffiliationForm(forms.Form):
    """Somebody taken on by mail address; names are needed for those new to the consortium."""

    email = forms.EmailField(label=_("E-mail address"))
    name_en = forms.CharField(
        label=_("Name in Latin letters"),
        max_length=120,
        required=False,
        help_text=_("For people who have no account yet. They are sent a link."),
    )
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Affiliation.Role.choices)
    until = DateField(label=_("Last day"), required=False)


class EndForm(forms.Form):
    until = DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Leave empty to end it now: the rights end with the next request."),
    )


class JoinForm(forms.Form):
    role = forms.ChoiceField(
        label=_("As"),
        choices=[
            (role.value, role.label)
            for role in (
                Affiliation.Role.MEMBER,
                Affiliation.Role.PRINCIPAL,
                Affiliation.Role.OPERATOR,
            )
        ],
    )
    note = forms.CharField(
        label=_("Note to the institution's admin"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Your group and who knows you there."),
    )


class DecisionForm(forms.Form):
    reason = reason_field(_("Needed to decline. The asker reads it."), required=False)


class CloseForm(forms.Form):
    reason = reason_field(_("It is kept in the audit log."))


class AppointmentForm(forms.Form):
    office = forms.ChoiceField(label=_("Office"), choices=ArmAppointment.Office.choices)
    since = DateField(label=_("From"), initial=date.today)
    until = DateField(label=_("To"), required=False)


class ReviewerForm(forms.Form):
    topics = forms.CharField(
        label=_("Topics"),
        required=False,
        max_length=500,
        help_text=_("Separated by commas."),
    )
    panellist = forms.BooleanField(label=_("Also sits on panels"), required=False)
    until = DateField(label=_("To"), required=False)

    def clean_topics(self) -> list[str]:
        parts = self.cleaned_data["topics"].replace("，", ",").replace("、", ",").split(",")
        return [part.strip() for part in parts if part.strip()]


class PersonFilter(forms.Form):
    q = forms.CharField(label=_("Name or e-mail"), required=False, max_length=80)


def attempt(form: forms.BaseForm, act: Callable[[], Done]) -> Done | None:
    """Do what the form asks for. A refusal is shown in the form, and None comes back."""
    try:
        return act()
    except DomainError as error:
        form.add_error(None, str(error))
    except Invalid as error:
        add_errors(form, error.errors)
    return None


def add_errors(form: forms.BaseForm, errors: dict[str, list[str]]) -> None:
    """Show an action's Invalid beside the fields it names."""
    for name, messages in errors.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, message)


def form_page(
    request: HttpRequest, template: str, form: forms.BaseForm, **context: Any
) -> HttpResponse:
    """A page around one form: 422, with what was typed, when it cannot be used."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consortium.models import Affiliation, Institution, User
from consortium.roles import standing
from registry.models import LAB_SLUG, Lab, LabMember

SLUG_HELP = _("Lower-case letters, digits and single dashes. It cannot be changed later.")


def colleagues(institution: Institution) -> Any:
    """People who belong to the institution, by name."""
    open_rows = Affiliation.objects.filter(Q(until__isnull=True), institution=institution)
    return User.objects.filter(pk__in=open_rows.values("user")).order_by("name_en", "email")


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} ({obj.email})"


class LabForm(forms.Form):
    """A new lab; its institution is one that `user` administers."""

    institution = forms.ModelChoiceField(
        label=_("Institution"), queryset=Institution.objects.none(), empty_label=None
    )
    slug = forms.CharField(
        label=_("Address name"),
        help_text=SLUG_HELP,
        max_length=40,
        min_length=2,
        validators=[RegexValidator(LAB_SLUG, SLUG_HELP)],
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=200)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=200)
    about_en = forms.CharField(
        label=_("About the lab, in English"), required=False, widget=forms.Textarea
    )
    about_zh = forms.CharField(
        label=_("About the lab, in Chinese"), required=False, widget=forms.Textarea
    )
    maintainer = PersonField(
        label=_("First maintainer"),
        help_text=_("Publishes for the lab and names its members."),
        queryset=User.objects.none(),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        led = standing(user).institutions_as(Affiliation.Role.ADMIN)
        institutions = Institution.objects.filter(pk__in=led).order_by("slug")
        self.fields["institution"].queryset = institutions  # type: ignore[attr-defined]
        rows = Affiliation.objects.filter(institution__in=led, until__isnull=True)
        people = User.objects.filter(pk__in=rows.values("user")).order_by("name_en", "email")
        self.fields["maintainer"].queryset = people  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    """A person of the lab's institution, and their role in the lab."""

    user = PersonField(label=_("Person"), queryset=User.objects.none())
    role = forms.ChoiceField(label=_("Role"), choices=LabMember.Role.choices)

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = colleagues(lab.institution)  # type: ignore[attr-defined]

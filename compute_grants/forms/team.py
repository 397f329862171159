from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import CHOOSE, ProseField
from compute_grants.models import TeamMember
from consortium.models import User


class ColleagueField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A person by name and address."""

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} <{obj.email}>"


class InviteForm(forms.Form):
    """One person: a colleague from the list, or anybody by address."""

    person = ColleagueField(
        label=_("Colleague"),
        queryset=User.objects.none(),
        required=False,
        empty_label=CHOOSE,
        help_text=_("People of your institutions."),
    )
    email = forms.EmailField(
        label=_("Or by e-mail address"),
        required=False,
        help_text=_("For people elsewhere, with or without an account."),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, role.label) for role in reversed(TeamMember.OFFERED)],
        help_text=_("A co-investigator may change the draft; a team member reads it."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        people = User.objects.visible_to(user).filter(is_active=True).exclude(pk=user.pk)
        field.queryset = people.order_by("name_en", "pk")
        field.empty_label = str(CHOOSE)


class AnswerForm(forms.Form):
    note = ProseField(label=_("Note to the lead"), rows=3, max_length=1000, required=False)

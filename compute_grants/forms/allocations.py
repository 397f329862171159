from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import offer
from compute_grants.models import Machine
from compute_grants.models.allocations import CLUSTER_USER
from consortium.models import User

LARGEST_UPLOAD = 64 * 1024 * 1024


class MemberForm(forms.Form):
    user = forms.CharField(
        label=_("E-mail of the person"),
        max_length=254,
        help_text=_("They must have an account here. They see the grant from then on."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    cluster_user = forms.CharField(
        label=_("Name on the machine"),
        max_length=31,
        required=False,
        help_text=_("Leave it empty unless the centre has given the person a name already."),
    )

    def clean_user(self) -> User:
        found = User.objects.filter(
            email__iexact=self.cleaned_data["user"].strip(), is_active=True
        ).first()
        if found is None:
            raise forms.ValidationError(
                _("Nobody has an account with this e-mail. Check it, or ask the person to join.")
            )
        return found


class ChangeForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The members read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class UsageImportForm(forms.Form):
    """`machine` is offered from those the operator's centre runs."""

    machine = forms.ModelChoiceField(label=_("Machine"), queryset=Machine.objects.none())
    file = forms.FileField(
        label=_("Accounting file"),
        help_text=_("Output of sacct with --parsable2, at most 64 MB."),
        allow_empty_file=True,
    )
    skip_bad = forms.BooleanField(
        label=_("Leave bad rows out"),
        required=False,
        help_text=_("They are listed afterwards. Without this, one bad row stops the file."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        machines = Machine.objects.run_by(user).exclude(state=Machine.State.DRAFT)
        offer(self, "machine", machines.order_by("code"))
        if machines.count() == 1:
            self.initial["machine"] = machines.get()

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        if given.size > LARGEST_UPLOAD:
            raise forms.ValidationError(
                _("The file is larger than 64 MB. Export shorter periods, one file each.")
            )
        return given


class AdoptForm(forms.Form):
    account = forms.CharField(
        label=_("Account"), max_length=31, validators=[CLUSTER_USER], help_text=_("On the machine.")
    )
    may_stop = forms.CharField(
        label=_("Users who may run no more jobs on it"),
        required=False,
        max_length=2000,
        help_text=_("Those of the account who are no members of the grant, with spaces between."),
    )

    def clean_may_stop(self) -> list[str]:
        return str(self.cleaned_data["may_stop"]).replace(",", " ").split()

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import CHOOSE, offer
from compute_grants.models import Call
from consortium.models import Affiliation, Institution, User
from consortium.roles import standing


class CloneForm(forms.Form):
    """Under which open call, and for which of one's institutions."""

    call = forms.ModelChoiceField(label=_("Call"), queryset=Call.objects.none(), empty_label=CHOOSE)
    institution = forms.ModelChoiceField(
        label=_("Institution"),
        queryset=Institution.objects.none(),
        help_text=_("Where you are PI-eligible. The grant will be the institution's."),
    )

    def __init__(self, *args: Any, user: User, calls: QuerySet[Call], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "call", calls)
        mine = standing(user).institutions_as(Affiliation.Role.PRINCIPAL)
        offer(self, "institution", Institution.objects.filter(pk__in=mine).order_by("pk"))
        if len(mine) == 1:
            self.initial["institution"] = next(iter(mine))

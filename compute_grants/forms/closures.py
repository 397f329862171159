from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compute_grants.forms.fields import ProseField
from compute_grants.models import Allocation


class EndEarlyForm(forms.Form):
    reason = ProseField(label=_("Reason"), rows=4, max_length=300)
    confirm = forms.BooleanField(
        label=_("I understand that no job runs on this grant any more and that it stays closed.")
    )


class BulkForm(forms.Form):
    """Which of the grants on the page."""

    grants = forms.ModelMultipleChoiceField(
        label=_("Grants"), queryset=Allocation.objects.none(), to_field_name="number"
    )

    def __init__(self, *args: Any, grants: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["grants"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = grants

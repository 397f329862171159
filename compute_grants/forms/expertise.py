from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compute_grants.actions.expertise import MOST_TOPICS
from compute_grants.forms.fields import DayField, ProseField
from compute_grants.models import Expertise, ResearchTopic


class ExpertiseForm(forms.Form):
    topics = forms.ModelMultipleChoiceField(
        label=_("Topics"),
        queryset=ResearchTopic.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    statement = ProseField(
        label=_("What you work on"),
        rows=5,
        max_length=4000,
        required=False,
        help_text=_("A few sentences, in Chinese, English or both. The R&D office reads them."),
    )
    most_reviews = forms.IntegerField(
        label=_("Reviews in hand at once, at most"),
        min_value=0,
        max_value=Expertise.MOST,
        required=False,
        help_text=_("Empty leaves it to the R&D office."),
    )
    away_until = DayField(
        label=_("Away until"),
        required=False,
        help_text=_("Until then you are not planned for new reviews."),
    )

    def __init__(self, *args: Any, expertise: Expertise | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Q(experts=expertise) if expertise else Q(pk__in=[])
        field = self.fields["topics"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = ResearchTopic.objects.filter(Q(retired_at__isnull=True) | mine).distinct()
        field.help_text = _("At most %(count)s: those you know best.") % {"count": MOST_TOPICS}

    @classmethod
    def of(cls, expertise: Expertise | None) -> ExpertiseForm:
        if expertise is None:
            return cls()
        names = ("statement", "most_reviews", "away_until")
        initial = {name: getattr(expertise, name) for name in names}
        return cls(expertise=expertise, initial=initial | {"topics": expertise.topics.all()})


class TopicForm(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=40)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=40)
    keywords = forms.CharField(
        label=_("Keywords"),
        max_length=1000,
        required=False,
        help_text=_("In both languages, separated by commas. Texts are searched for them."),
    )

    def clean_keywords(self) -> list[str]:
        parts = self.cleaned_data["keywords"].replace("，", ",").replace("、", ",").split(",")
        return [part.strip() for part in parts if part.strip()]

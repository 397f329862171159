"""Rendering one component, for its tests."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

HOUR = 3600
KWH = 3_600_000


@dataclass
class Named:
    name_en: str = ""
    name_zh: str = ""


@dataclass
class Stateful:
    state: str

    def get_state_display(self) -> str:
        return self.state.title()


class Sample(forms.Form):
    title = forms.CharField(help_text="Short.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    stage = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B")])
    agree = forms.BooleanField()
    files = forms.FileField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def show(source: str, **context: object) -> str:
    request = RequestFactory().get("/list/", {"q": "water", "page": "2"})
    return Template(source).render(Context({"request": request, **context}))


def in_chinese():
    return translation.override("zh-hans")

"""The gallery of components, for those who write pages: every component in every state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from consortium.inbox import Task
from consortium.policies import ALLOW, deny
from portal.formatting import BEIJING

NOW = dt.datetime(2026, 11, 24, 9, 40, tzinfo=BEIJING)
HOUR = 3600
CODE = """from huggingface_hub import snapshot_download

snapshot_download("weather/fengyun")
"""


class SampleForm(forms.Form):
    """One field of each shape that a page may have."""

    title = forms.CharField(label=_("Title"), help_text=_("At most 120 characters."))
    hours = forms.IntegerField(
        label=_("Card-hours"),
        max_value=2_000_000,
        help_text=_("A whole number. One accelerator card for one hour is one card-hour."),
    )
    basis = forms.CharField(label=_("How did you arrive at this figure?"), widget=forms.Textarea)
    precision = forms.ChoiceField(
        label=_("Precision"), choices=[("bf16", "BF16"), ("fp8", "FP8"), ("fp64", "FP64")]
    )
    stage = forms.ChoiceField(
        label=_("Stage"),
        widget=forms.RadioSelect,
        choices=[("train", _("Training")), ("tune", _("Fine-tuning"))],
    )
    regions = forms.MultipleChoiceField(
        label=_("Regions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("north", _("North")), ("south", _("South"))],
    )
    starts = forms.DateField(
        label=_("Starts on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    evidence = forms.FileField(label=_("Evidence of scaling"), required=False)
    agree = forms.BooleanField(
        label=_("I have read the rules of this call"),
        help_text=_("They open in a page of their own."),
    )


class SampleGroupsForm(forms.Form):
    """More fields than one reads at a glance, under headings; two stand beside each other."""

    groups = (
        (_("Name"), ("title_en", "title_zh")),
        (_("Size"), ("nodes", "cards", "cores")),
    )

    title_en = forms.CharField(label=_("Title in English"))
    title_zh = forms.CharField(label=_("Title in Chinese"))
    nodes = forms.IntegerField(label=_("Nodes"))
    cards = forms.IntegerField(label=_("Accelerator cards"), help_text=_("0 for none."))
    cores = forms.IntegerField(label=_("Processor cores"))


@dataclass(frozen=True)
class SampleName:
    """Something with a name in one language only."""

    name_en: str = ""
    name_zh: str = ""


@dataclass(frozen=True)
class SampleEvent:
    """A row of a timeline."""

    at: dt.datetime
    label: str | Promise
    actor_name: str
    detail: dict[str, Any] = field(default_factory=dict)


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component with sample data; nothing here is read from the database."""
    empty_form = SampleForm(prefix="empty")
    refused_form = SampleForm(
        {"refused-title": "", "refused-hours": "9000000", "refused-stage": "0"},
        prefix="refused",
    )
    context = {
        "empty_form": empty_form,
        "groups_form": SampleGroupsForm(prefix="groups"),
        "refused_form": refused_form,
        "allowed": ALLOW,
        "denied": deny(_("The call closed on 15 December. Ask its organiser to reopen it.")),
        "tasks": _tasks(),
        "steps": _steps(),
        "tabs": _tabs(),
        "events": _events(),
        "links": _links(),
        "chart": _chart(),
        "months": _months(),
        "page_obj": Paginator(range(100), 20).page(3),
        "english_only": SampleName(name_en="Regional weather model"),
        "chinese_only": SampleName(name_zh="区域天气模式"),
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "now": NOW,
        "prose": "## Limits\n\nTrained on **ERA5** only.\n\n- no hail\n- no lightning\n",
        "code": CODE,
    }
    return render(request, "portal/design.html", context)


def _tasks() -> list[Task]:
    return [
        Task(
            verb=str(_("Sign")),
            title=str(_("Licence agreement")),
            href="#",
            why=str(_("The other party has signed. Your signature makes it binding.")),
            due=NOW + dt.timedelta(days=2),
            tone="seal",
        ),
        Task(
            verb=str(_("Review")),
            title=str(_("Proposal: typhoon ensemble emulator")),
            href="#",
            why=str(_("You are the second reviewer. A draft of yours is saved.")),
            due=NOW - dt.timedelta(days=1),
            tone="warn",
        ),
        Task(
            verb=str(_("Continue")),
            title=str(_("Draft proposal")),
            href="#",
            why=str(_("Three of six sections are complete.")),
        ),
    ]


def _steps() -> list[dict[str, Any]]:
    return [
        {"label": _("Team"), "state": "done", "href": "#"},
        {"label": _("Resources"), "state": "current", "href": "#"},
        {"label": _("Check and submit"), "state": "todo"},
    ]


def _tabs() -> list[dict[str, Any]]:
    return [
        {"label": _("Research"), "href": "#research", "current": True},
        {"label": _("Commercial"), "href": "#commercial"},
    ]


def _events() -> list[SampleEvent]:
    return [
        SampleEvent(
            NOW,
            _("Proposal awarded"),
            "Zhou Min",
            {"reason": str(_("By the panel, 7 votes of 9."))},
        ),
        SampleEvent(NOW - dt.timedelta(days=9), _("Proposal submitted"), "A. Novák"),
    ]


def _links() -> list[dict[str, Any]]:
    return [
        {
            "kind": _("Grant"),
            "number": "G-2026-0147",
            "title": _("Regional weather model at 3 km"),
            "href": "#",
            "evidence": [(_("Card-hours"), "743,000"), (_("Energy"), "412.6 MWh")],
            "ok": True,
        },
        {
            "kind": _("Checkpoint"),
            "number": "C-2026-0031",
            "title": _("Step 120,000"),
            "href": "#",
            "evidence": [(_("Manifest root"), "9f86d081884c7d659a2feaa0c55ad015")],
            "ok": True,
        },
        {"kind": _("Release"), "number": "R-2026-0012", "title": _("Research"), "ok": False},
    ]


def _months() -> list[tuple[str, int]]:
    left = (900_000, 862_000, 802_000, 731_000, 640_000, 548_000, 452_000, 301_000, 157_000)
    return [(f"2026-{month:02d}", hours * HOUR) for month, hours in enumerate(left, start=3)]


def _chart() -> dict[str, Any]:
    months = _months()
    return {
        "xAxis": {
            "type": "category",
            "data": [month for month, _seconds in months],
            "boundaryGap": False,
        },
        "yAxis": {"type": "value"},
        "legend": {},
        "series": [
            {
                "name": str(_("Card-hours left")),
                "type": "line",
                "data": [seconds // HOUR for _month, seconds in months],
                "areaStyle": {"opacity": 0.12},
            },
            {
                "name": str(_("Even pace")),
                "type": "line",
                "showSymbol": False,
                "lineStyle": {"type": "dotted"},
                "data": [900_000 - index * 112_500 for index in range(len(months))],
            },
        ],
    }

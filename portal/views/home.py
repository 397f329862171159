"""The two front pages: for anybody, and for somebody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compute_grants.queries import machines_overview, open_calls
from consortium.access import may
from consortium.http import actor
from portal.inbox import desk_for
from registry.queries.catalogue import newest_releases

CALLS_SHOWN = 5
MACHINES_SHOWN = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What anybody may find here: calls, models, licences, machines."""
    context = {
        "doors": _doors(request),
        "calls": open_calls()[:CALLS_SHOWN],
        "releases": newest_releases(request.user),
        "machines": machines_overview()[:MACHINES_SHOWN],
        "chain": _chain(),
    }
    return render(request, "portal/home.html", context)


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """What needs me, and what is mine."""
    tasks, holdings = desk_for(actor(request))
    context = {"tasks": tasks, "needs_me": len(tasks), "holdings": holdings}
    return render(request, "portal/dashboard.html", context)


def _doors(request: HttpRequest) -> list[dict[str, Any]]:
    """The three ways in, each to a list that this reader may open."""
    doors = [
        (
            "compute_grants:call_list",
            _("Find a call"),
            _("Apply for card-hours on the pooled machines. Peers review, a panel decides."),
        ),
        (
            "registry:model_list",
            _("Find a model"),
            _("The root model and what derives from it, with card, hashes and lineage."),
        ),
        (
            "registry:offering_list",
            _("Find a licence"),
            _("Models cleared for deployment, with terms that a machine can check offline."),
        ),
    ]
    return [
        {"label": label, "text": text, "href": reverse(name)}
        for name, label, text in doors
        if may(request.user, name)
    ]


def _chain() -> list[str]:
    """The links that the portal keeps for every licence, in order."""
    return [
        _("Award"),
        _("Card-hours used"),
        _("Training run"),
        _("Checkpoint"),
        _("Release"),
        _("Transfer gate"),
        _("Licence"),
        _("Revenue shared"),
    ]

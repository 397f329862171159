"""Addresses of what is set on a running grant; before those of grants, which end in a verb."""

from django.urls import path

from compute_grants.views import grant_life

URLS = [
    path("grants/<slug:number>/alerts/", grant_life.allocation_alerts, name="allocation_alerts"),
    path(
        "grants/<slug:number>/alerts/listen/",
        grant_life.allocation_listen,
        name="allocation_listen",
    ),
    path("grants/<slug:number>/stages/", grant_life.allocation_stages, name="allocation_stages"),
    path(
        "grants/<slug:number>/parts/<int:position>/",
        grant_life.allocation_part,
        name="allocation_part",
    ),
]

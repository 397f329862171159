"""Addresses of calls."""

from django.urls import path

from compute_grants.views import call_edit, calls

URLS = [
    path("calls/", calls.call_list, name="call_list"),
    path("calls/new/", call_edit.create, name="call_create"),
    path("calls/<slug:code>/", calls.call, name="call"),
    path("calls/<slug:code>/edit/", call_edit.edit, name="call_edit"),
    path("calls/<slug:code>/rubric/", call_edit.rubric, name="call_rubric"),
    path("calls/<slug:code>/budget/", call_edit.budget, name="call_budget"),
    path("calls/<slug:code>/panel/", call_edit.panel, name="call_panel"),
    path("calls/<slug:code>/publish/", call_edit.publish, name="call_publish"),
    path("calls/<slug:code>/state/", call_edit.move, name="call_state"),
    path("calls/<slug:code>/apply/", calls.apply, name="call_apply"),
]

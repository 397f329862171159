"""Addresses of the programme's rules."""

from django.urls import path

from compute_grants.views import programme

URLS = [
    path("programme/", programme.programme_list, name="programme_list"),
    path("programme/<slug:kind>/", programme.programme_kind, name="programme_kind"),
    path("programme/<slug:kind>/publish/", programme.programme_publish, name="programme_publish"),
]

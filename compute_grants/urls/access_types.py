"""Addresses of access types."""

from django.urls import path

from compute_grants.views import access_types

URLS = [
    path("access-types/", access_types.access_type_list, name="access_type_list"),
    path("access-types/new/", access_types.create, name="access_type_create"),
    path("access-types/<slug:code>/", access_types.access_type, name="access_type"),
    path("access-types/<slug:code>/revise/", access_types.revise, name="access_type_revise"),
]

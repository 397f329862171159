"""Addresses of readings of usage."""

from django.urls import path

from compute_grants.views import usage

URLS = [
    path("usage-imports/", usage.usage_import_list, name="usage_import_list"),
    path("usage-imports/new/", usage.usage_import_create, name="usage_import_create"),
    path("usage-imports/<int:pk>/", usage.usage_import, name="usage_import"),
]

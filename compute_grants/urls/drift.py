"""Addresses of differences between machines and grants."""

from django.urls import path

from compute_grants.views import drift

URLS = [
    path("drift/", drift.drift_list, name="drift_list"),
    path("drift/<int:pk>/repair/", drift.drift_repair, name="drift_repair"),
    path("machines/<slug:code>/compare/", drift.drift_compare, name="drift_compare"),
    path("machines/<slug:code>/repair/", drift.drift_repair_all, name="drift_repair_all"),
]

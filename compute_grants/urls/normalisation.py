"""Addresses of adjusted scores."""

from django.urls import path

from compute_grants.views import normalisation

URLS = [
    path("calls/<slug:code>/scores/", normalisation.normalisation, name="normalisation"),
    path("calls/<slug:code>/scores.csv", normalisation.normalisation_csv, name="normalisation_csv"),
]

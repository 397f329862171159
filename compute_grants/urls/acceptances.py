"""Addresses of awards that wait for their leads."""

from django.urls import path

from compute_grants.views import acceptances

URLS = [
    path("proposals/<slug:number>/award/", acceptances.acceptance, name="acceptance"),
]

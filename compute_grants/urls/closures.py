"""Addresses of the closing of grants."""

from django.urls import path

from compute_grants.views import closures

URLS = [
    path("grant-closing/", closures.closure_list, name="closure_list"),
    path("grant-closing/<slug:number>/", closures.closure, name="closure"),
    path(
        "grant-closing/<slug:number>/statement.pdf",
        closures.statement,
        name="closure_statement",
    ),
    path("grant-closing/<slug:number>/end/", closures.end_early, name="grant_end_early"),
]

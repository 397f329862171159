"""Addresses of use it or lose it."""

from django.urls import path

from compute_grants.views import reclaims

URLS = [
    path("reclaims/", reclaims.reclaim_list, name="reclaim_list"),
    path("reclaims/dry-run/", reclaims.reclaim_dry_run, name="reclaim_dry_run"),
    path("reclaims/notices/", reclaims.reclaim_notices, name="reclaim_notices"),
    path("reclaims/apply/", reclaims.reclaim_apply, name="reclaim_apply"),
    path("reclaims/<slug:number>/", reclaims.reclaim, name="reclaim"),
    path("reclaims/<slug:number>/ask/", reclaims.reclaim_ask, name="reclaim_ask"),
    path("reclaims/<slug:number>/decide/", reclaims.reclaim_decide, name="reclaim_decide"),
    path("reclaims/<slug:number>/cancel/", reclaims.reclaim_cancel, name="reclaim_cancel"),
]

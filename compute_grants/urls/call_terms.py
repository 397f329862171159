"""Addresses of what the office sets about a call beyond its text."""

from django.urls import path

from compute_grants.views import call_terms

URLS = [
    path("calls/<slug:code>/rounds/", call_terms.rounds, name="call_rounds"),
    path("calls/<slug:code>/rounds/new/", call_terms.round_add, name="call_round_add"),
    path("calls/<slug:code>/rounds/<int:position>/extend/", call_terms.extend, name="call_extend"),
    path("calls/<slug:code>/eligibility/", call_terms.eligibility, name="call_eligibility"),
    path("calls/<slug:code>/access/", call_terms.access, name="call_access"),
    path("calls/<slug:code>/raise/", call_terms.raise_budget, name="call_raise"),
    path("calls/<slug:code>/follow/", call_terms.follow, name="call_follow"),
]

"""Addresses of exchange rates and charging rules."""

from django.urls import path

from compute_grants.views import rates

URLS = [
    path("rates/", rates.rate_list, name="rate_list"),
    path("rates/new/", rates.rate_set, name="rate_set"),
    path("rates/<int:pk>/end/", rates.rate_end, name="rate_end"),
    path("machines/<slug:code>/charging/", rates.charging, name="charging"),
]

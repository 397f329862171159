"""Addresses of reports for funders and centres."""

from django.urls import path

from compute_grants.views import statistics

URLS = [
    path("statistics/", statistics.statistics_index, name="statistics_index"),
    path("statistics/<slug:slug>/", statistics.statistics, name="statistics"),
    path(
        "statistics/<slug:slug>/<slug:table>.csv", statistics.statistics_csv, name="statistics_csv"
    ),
]

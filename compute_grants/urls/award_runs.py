"""Addresses of the award optimiser's runs."""

from django.urls import path

from compute_grants.views import award_runs

URLS = [
    path("calls/<slug:code>/award-runs/", award_runs.award_run_list, name="award_run_list"),
    path("calls/<slug:code>/award-runs/new/", award_runs.award_run_create, name="award_run_create"),
    path(
        "calls/<slug:code>/award-runs/compare/",
        award_runs.award_run_compare,
        name="award_run_compare",
    ),
    path("award-runs/<int:pk>/", award_runs.award_run, name="award_run"),
    path("award-runs/<int:pk>/progress/", award_runs.award_run_progress, name="award_run_progress"),
    path("award-runs/<int:pk>/adopt/", award_runs.award_run_adopt, name="award_run_adopt"),
    path("award-runs/<int:pk>/stop/", award_runs.award_run_stop, name="award_run_stop"),
    path("award-runs/<int:pk>/awards.csv", award_runs.award_run_csv, name="award_run_csv"),
]

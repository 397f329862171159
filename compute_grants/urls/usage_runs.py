"""Addresses of job runs."""

from django.urls import path

from compute_grants.views import usage_runs

URLS = [
    path("job-runs/", usage_runs.usage_run_list, name="usage_run_list"),
    path("job-runs/<int:pk>/", usage_runs.usage_run, name="usage_run"),
    path("job-runs.csv", usage_runs.usage_run_csv, name="usage_run_csv"),
]

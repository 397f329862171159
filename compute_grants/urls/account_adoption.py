"""Addresses of accounts that a machine has already."""

from django.urls import path

from compute_grants.views import account_adoption

URLS = [
    path(
        "machines/<slug:code>/accounts/", account_adoption.machine_accounts, name="machine_accounts"
    ),
    path("grants/<slug:number>/adopt/", account_adoption.allocation_adopt, name="allocation_adopt"),
]

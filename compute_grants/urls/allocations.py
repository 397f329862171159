"""Addresses of grants."""

from django.urls import path

from compute_grants.views import allocation_edit, allocations

URLS = [
    path("grants/", allocations.allocation_list, name="allocation_list"),
    path("grants/<slug:number>/", allocations.allocation, name="allocation"),
    path("grants/<slug:number>/usage.csv", allocations.usage_csv, name="allocation_usage_csv"),
    path("grants/<slug:number>/ledger.csv", allocations.ledger_csv, name="allocation_ledger_csv"),
    path("grants/<slug:number>/by-day.csv", allocations.burn_csv, name="allocation_burn_csv"),
    path("grants/<slug:number>/members/", allocation_edit.member_add, name="member_add"),
    path(
        "grants/<slug:number>/members/<int:pk>/remove/",
        allocation_edit.member_remove,
        name="member_remove",
    ),
    path("grants/<slug:number>/resume/", allocation_edit.resume, name="allocation_resume"),
    path("grants/<slug:number>/<slug:verb>/", allocation_edit.change, name="allocation_change"),
]

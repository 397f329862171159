"""The addresses of this app's pages, one module per noun."""

from compute_grants.urls import (
    access_types,
    allocations,
    amendments,
    award_runs,
    call_terms,
    calls,
    decision_sets,
    machines,
    maintenance,
    outputs,
    panel,
    proposals,
    rates,
    reports,
    reviews,
    statistics,
    ties,
    usage,
    usage_runs,
)

app_name = "compute_grants"
MODULES = (
    amendments,
    machines,
    rates,
    calls,
    call_terms,
    access_types,
    proposals,
    reviews,
    ties,
    panel,
    decision_sets,
    award_runs,
    allocations,
    usage,
    statistics,
    maintenance,
    reports,
    outputs,
    usage_runs,
)
urlpatterns = [address for module in MODULES for address in module.URLS]

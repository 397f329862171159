"""Who may call which route of this app, one module per noun: PAGES and API."""

from compute_grants.access import (
    access_types,
    allocations,
    amendments,
    assignment_plans,
    award_runs,
    call_documents,
    call_terms,
    calls,
    closures,
    decision_sets,
    expertise,
    machines,
    maintenance,
    normalisation,
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
from consortium.access import Table

MODULES = (
    machines,
    maintenance,
    rates,
    calls,
    call_terms,
    call_documents,
    access_types,
    proposals,
    reviews,
    ties,
    panel,
    decision_sets,
    award_runs,
    allocations,
    amendments,
    reports,
    outputs,
    closures,
    usage,
    statistics,
    usage_runs,
    expertise,
    assignment_plans,
    normalisation,
)
API: Table = {name: rules for module in MODULES for name, rules in module.API.items()}
PAGES: Table = {name: rules for module in MODULES for name, rules in module.PAGES.items()}
TABLE: Table = {**PAGES, **API}

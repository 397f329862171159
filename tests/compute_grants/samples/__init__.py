"""Samples of compute grants: something at every step. See tests/samples.py."""

from compute_grants.access import API
from tests.compute_grants.samples import (
    acceptances,
    access_types,
    account_adoption,
    allocations,
    amendments,
    assignment_plans,
    award_letters,
    award_runs,
    call_documents,
    call_terms,
    calls,
    closures,
    decision_sets,
    drift,
    expertise,
    grant_life,
    machines,
    maintenance,
    normalisation,
    outputs,
    panel,
    programme,
    proposal_parts,
    proposals,
    rates,
    reclaims,
    reports,
    reviews,
    statistics,
    team,
    ties,
    usage,
    usage_runs,
    waitlist,
)
from tests.samples import Samples

# One for each module of compute_grants.access, by the same name; each stands alone.
MODULES = (
    amendments,
    programme,
    reclaims,
    grant_life,
    machines,
    drift,
    account_adoption,
    maintenance,
    rates,
    calls,
    call_terms,
    call_documents,
    access_types,
    proposals,
    proposal_parts,
    team,
    reviews,
    ties,
    panel,
    decision_sets,
    waitlist,
    award_letters,
    acceptances,
    award_runs,
    allocations,
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
# API routes by the page whose sample is about the same kind of row.
LIKE = {
    "api:machine-": "compute_grants:machine_edit",
    "api:call-": "compute_grants:call_edit",
    "api:proposal-": "compute_grants:proposal",
    "api:review-": "compute_grants:review",
}


def samples() -> Samples:
    """Of every module; API routes that no module names take the sample of a page."""
    found: Samples = {}
    for module in MODULES:
        found |= module.samples()
    for name in API:
        page = LIKE.get(f"{name.split('-')[0]}-")
        if page and name not in found and not name.endswith("-list"):
            found[name] = found[page]
    return found

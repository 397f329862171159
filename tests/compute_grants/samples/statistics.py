"""Samples of reports for funders and centres: one call with a request and an award."""

from compute_grants.queries.statistics import REPORTS
from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    call = make.call_with(state="in_review")
    make.proposal_for(call, state="ranked")
    slug = {"slug": next(iter(REPORTS))}
    return {
        "compute_grants:statistics_index": ({}, office),
        "compute_grants:statistics": (slug, office),
        "compute_grants:statistics_csv": (slug | {"table": "card_seconds"}, office),
        "api:statistics-list": ({}, office),
        "api:statistics-detail": (slug, office),
    }

"""Samples of the closing of grants."""

from compute_grants.actions import closures
from tests.factories.allocations import active
from tests.factories.closures import settled
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    grant = settled()
    done = settled(resource=grant.resource)
    closures.close_books(done, by=office)
    running = active(resource=grant.resource)
    ready, closed = {"number": grant.number}, {"number": done.number}
    own = {"number": running.number}
    return {
        "compute_grants:closure_list": ({}, office),
        "compute_grants:closure": (ready, office),
        "compute_grants:closure_statement": (closed, office),
        "compute_grants:grant_end_early": (own, running.proposal.lead),
        "api:closure-detail": (closed, office),
        "api:closure-checklist": (ready, office),
        "api:closure-end-early": (own, running.proposal.lead),
    }

"""Samples of outputs."""

from tests.factories import allocations as grants
from tests.factories.outputs import output_of
from tests.samples import Samples


def samples() -> Samples:
    grant = grants.active()
    lead = grant.proposal.lead
    number = {"number": output_of(grant).number}
    return {
        "compute_grants:output_list": ({}, lead),
        "compute_grants:output_add": ({}, lead),
        "compute_grants:outputs_csv": ({}, lead),
        "compute_grants:outputs_bibtex": ({}, lead),
        **{f"compute_grants:{name}": (number, lead) for name in ("output", "output_edit")},
        "compute_grants:output_remove": (number, lead),
        "api:output-detail": (number, lead),
        "api:output-remove": (number, lead),
    }

"""Outputs of grants, as the actions leave them."""

from compute_grants.actions import outputs
from compute_grants.models import Allocation, Output

ORCID = "0000-0002-1825-0097"


def work(**fields) -> outputs.Work:
    return outputs.Work(
        **{
            "kind": "article",
            "title": "Scaling a root model",
            "year": 2026,
            "authors": [outputs.Author("Chen Yi", ORCID), outputs.Author("Josiah Carberry")],
            "venue": "Journal of Models",
            "doi": "10.5555/12345678",
            "licence": "CC-BY-4.0",
        }
        | fields
    )


def output_of(*grants: Allocation, **fields) -> Output:
    return outputs.add(work(**fields), grants=grants, by=grants[0].proposal.lead)

"""Who may call which route of adjusted scores; the call's policy decides next."""

from compute_grants.access.rules import api_read
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:normalisation": page(Permission.PROPOSAL_VIEW),
    "compute_grants:normalisation_csv": page(Permission.PROPOSAL_VIEW),
}
API: Table = {"api:normalisation-detail": api_read(Permission.PROPOSAL_VIEW)}

"""Who may call which route of awards that wait for their leads."""

from compute_grants.access.rules import api_acts, api_read
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:acceptance": page(Permission.PROPOSAL_VIEW, Permission.PROPOSAL_WRITE),
}
API: Table = {
    "api:acceptance-list": api_read(Permission.PROPOSAL_VIEW),
    "api:acceptance-detail": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("acceptance", Permission.PROPOSAL_WRITE, ["accept", "decline"]),
}

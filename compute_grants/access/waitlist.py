"""Who may call which route of the waitlist."""

from compute_grants.access.rules import api_acts, api_read
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:waitlist": page(Permission.PROPOSAL_VIEW),
    "compute_grants:waitlist_place": page(Permission.PROPOSAL_VIEW, Permission.PROPOSAL_WRITE),
}
API: Table = {
    "api:waitlist-list": api_read(Permission.PROPOSAL_VIEW),
    "api:waitlist-detail": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("waitlist", Permission.PROPOSAL_WRITE, ["set-least"]),
}

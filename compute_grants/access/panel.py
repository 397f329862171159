"""Who may call which route of the panel's board and decisions."""

from compute_grants.access.rules import api_acts, api_read, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:board": page(Permission.PROPOSAL_VIEW),
    "compute_grants:board_csv": page(Permission.PROPOSAL_VIEW),
    "compute_grants:call_rank": only_post(Permission.PANEL_DECIDE),
    "compute_grants:panel_conflict": both(Permission.PANEL_DECIDE),
    "compute_grants:decision_receipt": page(Permission.PROPOSAL_VIEW),
}
API: Table = {
    "api:proposal-decision": api_read(Permission.PROPOSAL_VIEW),
    "api:call-board": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("call", Permission.PANEL_DECIDE, ["rank"]),
    **api_acts("proposal", Permission.PANEL_DECIDE, ["declare-conflict"]),
}

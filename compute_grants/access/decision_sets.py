"""Who may call which route of a panel's decisions."""

from compute_grants.access.rules import api_acts, api_read, api_write, both, only_post
from consortium.access import Auth, Rule, Table, page
from consortium.roles import Permission

DECIDE = Permission.PANEL_DECIDE
PAGES: Table = {
    "compute_grants:decide": both(DECIDE),
    "compute_grants:decision_set_list": page(Permission.PROPOSAL_VIEW),
    "compute_grants:decision_set_choose": both(DECIDE),
    "compute_grants:decision_set": page(Permission.PROPOSAL_VIEW),
    "compute_grants:decision_set_propose": only_post(DECIDE),
    "compute_grants:decision_set_item_remove": only_post(DECIDE),
    "compute_grants:decision_set_discard": both(DECIDE),
    "compute_grants:decision_set_sign": both(DECIDE),
}
API: Table = {
    **api_acts("proposal", DECIDE, ["decide"]),
    "api:decisionset-list": api_read(Permission.PROPOSAL_VIEW) | api_write(DECIDE),
    "api:decisionset-detail": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("decisionset", DECIDE, ["put", "remove", "propose", "discard"]),
    # A signature is a person's, never a token's.
    "api:decisionset-sign": {"POST": Rule(DECIDE, Auth.SESSION)},
}

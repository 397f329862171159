"""Who may call which route of calls."""

from compute_grants.access.rules import api_acts, api_public, api_write, both, only_post
from consortium.access import Table, public_page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:call_list": public_page(Permission.CALL_VIEW),
    "compute_grants:call": public_page(Permission.CALL_VIEW),
    "compute_grants:call_create": both(Permission.CALL_PUBLISH),
    "compute_grants:call_edit": both(Permission.CALL_PUBLISH),
    "compute_grants:call_rubric": both(Permission.CALL_PUBLISH),
    "compute_grants:call_budget": both(Permission.CALL_PUBLISH),
    "compute_grants:call_panel": both(Permission.CALL_PUBLISH),
    "compute_grants:call_publish": both(Permission.CALL_PUBLISH),
    "compute_grants:call_state": only_post(Permission.CALL_PUBLISH),
    "compute_grants:call_apply": both(Permission.PROPOSAL_WRITE),
}
API: Table = {
    "api:call-list": api_public(Permission.CALL_VIEW) | api_write(Permission.CALL_PUBLISH),
    "api:call-detail": api_public(Permission.CALL_VIEW)
    | api_write(Permission.CALL_PUBLISH, "PATCH"),
    **api_acts(
        "call",
        Permission.CALL_PUBLISH,
        ["rubric", "budget", "panel", "publish", "open", "close-to-review", "decide", "close"],
    ),
}

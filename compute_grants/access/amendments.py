"""Who may call which route of requests to change grants."""

from compute_grants.access.rules import api_acts, api_read, api_write, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:amendment_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:amendment": page(Permission.ALLOCATION_VIEW),
    "compute_grants:amendment_kinds": page(Permission.ALLOCATION_VIEW),
    # The lead, or the office for adjustments: the policy says who.
    "compute_grants:amendment_ask": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:amendment_change": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:amendment_check": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:amendment_withdraw": only_post(Permission.ALLOCATION_MEMBERS),
    "compute_grants:amendment_take_up": only_post(Permission.ALLOCATION_MANAGE),
    "compute_grants:amendment_decide": both(Permission.ALLOCATION_MANAGE),
}
API: Table = {
    "api:amendment-list": api_read(Permission.ALLOCATION_VIEW)
    | api_write(Permission.ALLOCATION_MEMBERS),
    "api:amendment-detail": api_read(Permission.ALLOCATION_VIEW),
    **api_acts("amendment", Permission.ALLOCATION_MEMBERS, ("revise", "submit", "withdraw")),
    **api_acts("amendment", Permission.ALLOCATION_MANAGE, ("take-up", "decide")),
}

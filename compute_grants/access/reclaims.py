"""Who may call which route of use it or lose it."""

from compute_grants.access.rules import api_acts, api_read, both
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:reclaim_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:reclaim_dry_run": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:reclaim_notices": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:reclaim_apply": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:reclaim": page(Permission.ALLOCATION_VIEW),
    "compute_grants:reclaim_ask": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:reclaim_decide": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:reclaim_cancel": both(Permission.ALLOCATION_MANAGE),
}
API: Table = {
    "api:reclaim-list": api_read(Permission.ALLOCATION_VIEW),
    "api:reclaim-detail": api_read(Permission.ALLOCATION_VIEW),
    "api:reclaim-dry-run": api_read(Permission.ALLOCATION_MANAGE),
    **api_acts("reclaim", Permission.ALLOCATION_MEMBERS, ["ask"]),
    **api_acts(
        "reclaim", Permission.ALLOCATION_MANAGE, ["plan", "notice", "decide", "cancel", "apply"]
    ),
}

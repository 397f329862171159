"""Who may call which route of the closing of grants."""

from compute_grants.access.rules import api_acts, api_read, api_write, both
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:closure_list": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:closure": page(Permission.ALLOCATION_VIEW, Permission.ALLOCATION_MANAGE),
    "compute_grants:closure_statement": page(Permission.ALLOCATION_VIEW),
    "compute_grants:grant_end_early": both(Permission.ALLOCATION_MEMBERS),
}
API: Table = {
    "api:closure-list": api_read(Permission.ALLOCATION_VIEW)
    | api_write(Permission.ALLOCATION_MANAGE),
    "api:closure-detail": api_read(Permission.ALLOCATION_VIEW),
    "api:closure-checklist": api_read(Permission.ALLOCATION_VIEW),
    **api_acts("closure", Permission.ALLOCATION_MANAGE, ["bulk"]),
    **api_acts("closure", Permission.ALLOCATION_MEMBERS, ["end-early"]),
}

"""Who may call which route of requests to change grants."""

from compute_grants.access.rules import api_acts, api_read, api_write
from consortium.access import Table
from consortium.roles import Permission

PAGES: Table = {}
API: Table = {
    "api:amendment-list": api_read(Permission.ALLOCATION_VIEW)
    | api_write(Permission.ALLOCATION_MEMBERS),
    "api:amendment-detail": api_read(Permission.ALLOCATION_VIEW),
    **api_acts("amendment", Permission.ALLOCATION_MEMBERS, ("submit", "withdraw")),
    **api_acts("amendment", Permission.ALLOCATION_MANAGE, ("take-up", "decide")),
}

"""Who may call which route of differences between machines and grants."""

from compute_grants.access.rules import api_acts, api_read, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:drift_list": page(Permission.ALLOCATION_MANAGE),
    "compute_grants:drift_compare": only_post(Permission.ALLOCATION_MANAGE),
    "compute_grants:drift_repair": only_post(Permission.ALLOCATION_MANAGE),
    "compute_grants:drift_repair_all": only_post(Permission.ALLOCATION_MANAGE),
}
API: Table = {
    "api:drift-list": api_read(Permission.ALLOCATION_MANAGE),
    "api:drift-detail": api_read(Permission.ALLOCATION_MANAGE),
    **api_acts("drift", Permission.ALLOCATION_MANAGE, ["repair"]),
}

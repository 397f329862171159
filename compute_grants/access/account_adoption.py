"""Who may call which route of accounts that a machine has already."""

from compute_grants.access.rules import api_acts, api_read, both
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:machine_accounts": page(Permission.ALLOCATION_MANAGE),
    "compute_grants:allocation_adopt": both(Permission.ALLOCATION_MANAGE),
}
API: Table = {
    "api:machine-accounts": api_read(Permission.ALLOCATION_MANAGE),
    **api_acts("allocation", Permission.ALLOCATION_MANAGE, ["adopt"]),
}

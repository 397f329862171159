"""Who may call which route of job runs."""

from compute_grants.access.rules import api_read
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:usage_run_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:usage_run": page(Permission.ALLOCATION_VIEW),
    "compute_grants:usage_run_csv": page(Permission.ALLOCATION_VIEW),
}
API: Table = {
    "api:usagerun-list": api_read(Permission.ALLOCATION_VIEW),
    "api:usagerun-detail": api_read(Permission.ALLOCATION_VIEW),
}

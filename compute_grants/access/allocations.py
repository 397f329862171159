"""Who may call which route of grants."""

from compute_grants.access.rules import api_read, api_write, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:allocation_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation_usage_csv": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation_ledger_csv": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation_burn_csv": page(Permission.ALLOCATION_VIEW),
    # The lead or those who manage grants: the policy says who, of those who may see it.
    "compute_grants:member_add": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:member_remove": only_post(Permission.ALLOCATION_MEMBERS),
    "compute_grants:allocation_change": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:allocation_resume": only_post(Permission.ALLOCATION_MANAGE),
}
API: Table = {
    "api:allocation-list": api_read(Permission.ALLOCATION_VIEW),
    "api:allocation-detail": api_read(Permission.ALLOCATION_VIEW),
    "api:allocation-usage": api_read(Permission.ALLOCATION_VIEW),
    "api:allocation-usage-csv": api_read(Permission.ALLOCATION_VIEW),
    "api:allocation-members": api_read(Permission.ALLOCATION_VIEW),
    "api:allocation-burn-down": api_read(Permission.ALLOCATION_VIEW),
    "api:allocation-add-member": api_write(Permission.ALLOCATION_MEMBERS),
    "api:allocation-remove-member": api_write(Permission.ALLOCATION_MEMBERS),
    "api:allocation-suspend": api_write(Permission.ALLOCATION_MANAGE),
    "api:allocation-resume": api_write(Permission.ALLOCATION_MANAGE),
    "api:allocation-close": api_write(Permission.ALLOCATION_MANAGE),
}

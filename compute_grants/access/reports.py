"""Who may call which route of reports on grants."""

from compute_grants.access.rules import api_acts, api_read, api_write, both
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:report_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:report": page(Permission.ALLOCATION_VIEW, Permission.ALLOCATION_MANAGE),
    # The grant's own people write: the policy says so to everybody else who sees the grant.
    "compute_grants:report_edit": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:report_check": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:report_extend": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:report_waive": both(Permission.ALLOCATION_MANAGE),
    "compute_grants:report_receipt": page(Permission.ALLOCATION_VIEW),
}
API: Table = {
    "api:grantreport-list": api_read(Permission.ALLOCATION_VIEW),
    "api:grantreport-detail": api_read(Permission.ALLOCATION_VIEW)
    | api_write(Permission.ALLOCATION_MEMBERS, "PATCH"),
    "api:grantreport-figures": api_read(Permission.ALLOCATION_VIEW),
    **api_acts("grantreport", Permission.ALLOCATION_MEMBERS, ["submit"]),
    **api_acts(
        "grantreport", Permission.ALLOCATION_MANAGE, ["accept", "return", "extend", "waive"]
    ),
}

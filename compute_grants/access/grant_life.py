"""Who may call which route of what is set on a running grant."""

from compute_grants.access.rules import api_acts, api_read, both, only_post
from consortium.access import Table
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:allocation_alerts": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:allocation_listen": only_post(Permission.ALLOCATION_MEMBERS),
    "compute_grants:allocation_stages": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:allocation_part": both(Permission.ALLOCATION_MANAGE),
}
API: Table = {
    "api:allocation-life": api_read(Permission.ALLOCATION_VIEW),
    "api:allocation-queue": api_read(Permission.ALLOCATION_VIEW),
    **api_acts(
        "allocation", Permission.ALLOCATION_MEMBERS, ("set-alerts", "listen", "plan-stages")
    ),
    **api_acts("allocation", Permission.ALLOCATION_MANAGE, ("release-part", "withhold-part")),
}

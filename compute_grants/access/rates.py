"""Who may call which route of exchange rates and charging rules."""

from compute_grants.access.rules import api_acts, api_public, api_write, both, only_post
from consortium.access import Table, public_page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:rate_list": public_page(Permission.MACHINE_VIEW),
    "compute_grants:rate_set": both(Permission.CALL_PUBLISH),
    "compute_grants:rate_end": both(Permission.CALL_PUBLISH),
    "compute_grants:charging": public_page(Permission.MACHINE_VIEW)
    | only_post(Permission.MACHINE_PUBLISH),
}
API: Table = {
    "api:exchangerate-list": api_public(Permission.MACHINE_VIEW)
    | api_write(Permission.CALL_PUBLISH),
    "api:exchangerate-detail": api_public(Permission.MACHINE_VIEW),
    **api_acts("exchangerate", Permission.CALL_PUBLISH, ["end"]),
    "api:chargingrule-list": api_public(Permission.MACHINE_VIEW)
    | api_write(Permission.MACHINE_PUBLISH),
    "api:chargingrule-detail": api_public(Permission.MACHINE_VIEW),
}

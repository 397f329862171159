"""Who may call which route of the programme's rules. Whoever has to do with grants reads them."""

from compute_grants.access.rules import api_read, api_write, both
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:programme_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:programme_kind": page(Permission.ALLOCATION_VIEW),
    "compute_grants:programme_publish": both(Permission.CALL_PUBLISH),
}
API: Table = {
    "api:programme-list": api_read(Permission.ALLOCATION_VIEW) | api_write(Permission.CALL_PUBLISH),
    "api:programme-versions": api_read(Permission.ALLOCATION_VIEW),
}

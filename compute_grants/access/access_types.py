"""Who may call which route of access types."""

from compute_grants.access.rules import api_public, api_write, both
from consortium.access import Table, public_page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:access_type_list": public_page(Permission.CALL_VIEW),
    "compute_grants:access_type": public_page(Permission.CALL_VIEW),
    "compute_grants:access_type_create": both(Permission.CALL_PUBLISH),
    "compute_grants:access_type_revise": both(Permission.CALL_PUBLISH),
}
API: Table = {
    "api:accesstype-list": api_public(Permission.CALL_VIEW) | api_write(Permission.CALL_PUBLISH),
    "api:accesstype-detail": api_public(Permission.CALL_VIEW)
    | api_write(Permission.CALL_PUBLISH, "PATCH"),
}

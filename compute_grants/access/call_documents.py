"""Who may call which route of documents of calls."""

from compute_grants.access.rules import api_acts, api_public, api_write, both, only_post
from consortium.access import Table, public_page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:call_attach": both(Permission.CALL_PUBLISH),
    "compute_grants:call_document": public_page(Permission.CALL_VIEW),
    "compute_grants:call_document_remove": only_post(Permission.CALL_PUBLISH),
}
API: Table = {
    "api:calldocument-list": api_public(Permission.CALL_VIEW) | api_write(Permission.CALL_PUBLISH),
    "api:calldocument-detail": api_public(Permission.CALL_VIEW),
    "api:calldocument-file": api_public(Permission.CALL_VIEW),
    **api_acts("calldocument", Permission.CALL_PUBLISH, ["remove"]),
}

"""Who may call which route of readings of usage."""

from compute_grants.access.rules import api_read, both
from consortium.access import Table, api, page
from consortium.models import Scope
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:usage_import_list": page(Permission.USAGE_VIEW),
    "compute_grants:usage_import": page(Permission.USAGE_VIEW),
    "compute_grants:usage_import_create": both(Permission.USAGE_IMPORT),
}
API: Table = {
    "api:usageimport-list": {
        **api_read(Permission.USAGE_VIEW),
        **api("POST", Permission.USAGE_IMPORT, Scope.USAGE_WRITE),
    },
    "api:usageimport-detail": api_read(Permission.USAGE_VIEW),
}

"""Who may call which route of machines."""

from compute_grants.access.rules import api_acts, api_public, api_write, both, only_post
from consortium.access import Table, public_page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:machine_list": public_page(Permission.MACHINE_VIEW),
    "compute_grants:machine": public_page(Permission.MACHINE_VIEW),
    "compute_grants:machine_months": public_page(Permission.MACHINE_VIEW),
    "compute_grants:machine_create": both(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_edit": both(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_publish": both(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_state": only_post(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_capacity": both(Permission.MACHINE_PUBLISH),
    "compute_grants:resource_create": both(Permission.MACHINE_PUBLISH),
    "compute_grants:partition_create": both(Permission.MACHINE_PUBLISH),
    "compute_grants:partition_change": both(Permission.MACHINE_PUBLISH),
    "compute_grants:partition_peaks": both(Permission.MACHINE_PUBLISH),
    "compute_grants:partition_remove": only_post(Permission.MACHINE_PUBLISH),
}
API: Table = {
    "api:machine-list": api_public(Permission.MACHINE_VIEW) | api_write(Permission.MACHINE_PUBLISH),
    "api:machine-detail": api_public(Permission.MACHINE_VIEW)
    | api_write(Permission.MACHINE_PUBLISH, "PATCH"),
    "api:machine-months": api_public(Permission.MACHINE_VIEW),
    **api_acts(
        "machine",
        Permission.MACHINE_PUBLISH,
        ["partitions", "change-partition", "peaks", "resources", "certify", "publish", "set-state"],
    ),
}

"""Who may call which route of planned stops."""

from compute_grants.access.rules import api_acts, api_public, api_write, both, only_post
from consortium.access import Table, public_page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:maintenance_list": public_page(Permission.MACHINE_VIEW),
    "compute_grants:maintenance_plan": both(Permission.MACHINE_PUBLISH),
    "compute_grants:maintenance_change": both(Permission.MACHINE_PUBLISH),
    "compute_grants:maintenance_cancel": only_post(Permission.MACHINE_PUBLISH),
    "compute_grants:maintenance_finish": only_post(Permission.MACHINE_PUBLISH),
}
API: Table = {
    "api:maintenancewindow-list": api_public(Permission.MACHINE_VIEW)
    | api_write(Permission.MACHINE_PUBLISH),
    "api:maintenancewindow-detail": api_public(Permission.MACHINE_VIEW)
    | api_write(Permission.MACHINE_PUBLISH, "PATCH"),
    **api_acts("maintenancewindow", Permission.MACHINE_PUBLISH, ["cancel", "finish"]),
}

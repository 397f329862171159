"""Who may call which route of the award optimiser's runs."""

from compute_grants.access.rules import api_acts, api_read, api_write, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:award_run_list": page(Permission.AWARD_PROPOSE),
    "compute_grants:award_run_create": both(Permission.AWARD_PROPOSE),
    "compute_grants:award_run_compare": page(Permission.AWARD_PROPOSE),
    "compute_grants:award_run": page(Permission.AWARD_PROPOSE),
    "compute_grants:award_run_progress": page(Permission.AWARD_PROPOSE),
    "compute_grants:award_run_stop": only_post(Permission.AWARD_PROPOSE),
    "compute_grants:award_run_adopt": both(Permission.PANEL_DECIDE),
    "compute_grants:award_run_csv": page(Permission.AWARD_PROPOSE),
}
API: Table = {
    "api:awardrun-list": api_read(Permission.AWARD_PROPOSE) | api_write(Permission.AWARD_PROPOSE),
    "api:awardrun-detail": api_read(Permission.AWARD_PROPOSE),
    "api:awardrun-result": api_read(Permission.AWARD_PROPOSE),
    "api:awardrun-compare": api_read(Permission.AWARD_PROPOSE),
    **api_acts("awardrun", Permission.PANEL_DECIDE, ["adopt"]),
    **api_acts("awardrun", Permission.AWARD_PROPOSE, ["stop"]),
}

"""Who may call which route of this app."""

from compute_grants.api_access import TABLE as API
from consortium.access import Auth, Rule, Table, api, page, public_page
from consortium.models import Scope
from consortium.roles import Permission


def _only_post(permission: Permission) -> dict[str, Rule]:
    return {"POST": Rule(permission, Auth.SESSION)}


def _both(permission: Permission) -> dict[str, Rule]:
    """A form's page: who may see it may send it."""
    return page(permission, permission)


MACHINES: Table = {
    "compute_grants:machine_list": public_page(Permission.MACHINE_VIEW),
    "compute_grants:machine": public_page(Permission.MACHINE_VIEW),
    "compute_grants:machine_create": _both(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_edit": _both(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_publish": _both(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_state": _only_post(Permission.MACHINE_PUBLISH),
    "compute_grants:machine_capacity": _both(Permission.MACHINE_PUBLISH),
    "compute_grants:resource_create": _both(Permission.MACHINE_PUBLISH),
    "compute_grants:partition_create": _both(Permission.MACHINE_PUBLISH),
    "compute_grants:partition_peaks": _both(Permission.MACHINE_PUBLISH),
    "compute_grants:partition_remove": _only_post(Permission.MACHINE_PUBLISH),
}
CALLS: Table = {
    "compute_grants:call_list": public_page(Permission.CALL_VIEW),
    "compute_grants:call": public_page(Permission.CALL_VIEW),
    "compute_grants:call_create": _both(Permission.CALL_PUBLISH),
    "compute_grants:call_edit": _both(Permission.CALL_PUBLISH),
    "compute_grants:call_rubric": _both(Permission.CALL_PUBLISH),
    "compute_grants:call_budget": _both(Permission.CALL_PUBLISH),
    "compute_grants:call_panel": _both(Permission.CALL_PUBLISH),
    "compute_grants:call_publish": _both(Permission.CALL_PUBLISH),
    "compute_grants:call_state": _only_post(Permission.CALL_PUBLISH),
    "compute_grants:call_apply": _both(Permission.PROPOSAL_WRITE),
    "compute_grants:board": page(Permission.PROPOSAL_VIEW),
    "compute_grants:call_rank": _only_post(Permission.PANEL_DECIDE),
}
PROPOSALS: Table = {
    "compute_grants:proposal_list": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal_edit": _both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_resources": _both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_resource_remove": _only_post(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_check": _both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_receipt": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal_withdraw": _both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_return": _both(Permission.REVIEW_ASSIGN),
    "compute_grants:proposal_send_on": _only_post(Permission.REVIEW_ASSIGN),
    "compute_grants:proposal_infeasible": _both(Permission.REVIEW_ASSIGN),
    "compute_grants:technical_review": _both(Permission.FEASIBILITY_DECIDE),
    "compute_grants:assignment_list": _both(Permission.REVIEW_ASSIGN),
    "compute_grants:decide": _both(Permission.PANEL_DECIDE),
    "compute_grants:decision_receipt": page(Permission.PROPOSAL_VIEW),
}
REVIEWS: Table = {
    "compute_grants:review_list": page(Permission.REVIEW_WRITE),
    "compute_grants:review": _both(Permission.REVIEW_WRITE),
    "compute_grants:review_declare": _both(Permission.REVIEW_WRITE),
}
ALLOCATIONS: Table = {
    "compute_grants:allocation_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation_usage_csv": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation_ledger_csv": page(Permission.ALLOCATION_VIEW),
    "compute_grants:allocation_burn_csv": page(Permission.ALLOCATION_VIEW),
    # The lead or those who manage grants: the policy says who, of those who may see it.
    "compute_grants:member_add": _both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:member_remove": _only_post(Permission.ALLOCATION_MEMBERS),
    "compute_grants:allocation_change": _both(Permission.ALLOCATION_MANAGE),
    "compute_grants:allocation_resume": _only_post(Permission.ALLOCATION_MANAGE),
}
USAGE: Table = {
    "compute_grants:usage_import_list": page(Permission.USAGE_VIEW),
    "compute_grants:usage_import": page(Permission.USAGE_VIEW),
    "compute_grants:usage_import_create": _both(Permission.USAGE_IMPORT),
}
_READ, _WRITE = Scope.GRANTS_READ, Scope.GRANTS_WRITE
ALLOCATIONS_API: Table = {
    "api:allocation-list": api("GET", Permission.ALLOCATION_VIEW, _READ),
    "api:allocation-detail": api("GET", Permission.ALLOCATION_VIEW, _READ),
    "api:allocation-usage": api("GET", Permission.ALLOCATION_VIEW, _READ),
    "api:allocation-usage-csv": api("GET", Permission.ALLOCATION_VIEW, _READ),
    "api:allocation-members": api("GET", Permission.ALLOCATION_VIEW, _READ),
    "api:allocation-burn-down": api("GET", Permission.ALLOCATION_VIEW, _READ),
    "api:allocation-add-member": api("POST", Permission.ALLOCATION_MEMBERS, _WRITE),
    "api:allocation-remove-member": api("POST", Permission.ALLOCATION_MEMBERS, _WRITE),
    "api:allocation-suspend": api("POST", Permission.ALLOCATION_MANAGE, _WRITE),
    "api:allocation-resume": api("POST", Permission.ALLOCATION_MANAGE, _WRITE),
    "api:allocation-close": api("POST", Permission.ALLOCATION_MANAGE, _WRITE),
    "api:usageimport-list": {
        **api("GET", Permission.USAGE_VIEW, _READ),
        **api("POST", Permission.USAGE_IMPORT, Scope.USAGE_WRITE),
    },
    "api:usageimport-detail": api("GET", Permission.USAGE_VIEW, _READ),
}
TABLE: Table = {
    **MACHINES,
    **CALLS,
    **PROPOSALS,
    **REVIEWS,
    **API,
    **ALLOCATIONS,
    **USAGE,
    **ALLOCATIONS_API,
}

"""Who may call which route of plans of reviewers."""

from compute_grants.access.rules import api_acts, api_read, api_write, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:matching": page(Permission.PROPOSAL_VIEW, Permission.REVIEW_ASSIGN),
    "compute_grants:reviewer_pool": page(Permission.PROPOSAL_VIEW),
    "compute_grants:assignment_plan": page(Permission.PROPOSAL_VIEW),
    "compute_grants:plan_csv": page(Permission.PROPOSAL_VIEW),
    "compute_grants:plan_stop": only_post(Permission.REVIEW_ASSIGN),
    "compute_grants:plan_again": only_post(Permission.REVIEW_ASSIGN),
    "compute_grants:plan_apply": both(Permission.REVIEW_ASSIGN),
    "compute_grants:plan_proposal": both(Permission.REVIEW_ASSIGN),
}
API: Table = {
    "api:plan-list": api_read(Permission.PROPOSAL_VIEW) | api_write(Permission.REVIEW_ASSIGN),
    "api:plan-detail": api_read(Permission.PROPOSAL_VIEW),
    "api:plan-pairs": api_read(Permission.PROPOSAL_VIEW),
    **api_acts(
        "plan",
        Permission.REVIEW_ASSIGN,
        ["preview", "stop", "add", "remove", "swap", "lock", "apply"],
    ),
}

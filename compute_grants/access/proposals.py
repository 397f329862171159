"""Who may call which route of proposals."""

from compute_grants.access.rules import api_acts, api_read, api_write, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:proposal_list": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal_sections": page(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_edit": both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_resources": both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_access": only_post(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_resource_remove": only_post(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_check": both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_receipt": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal_receipt_pdf": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal_versions": page(Permission.PROPOSAL_VIEW),
    "compute_grants:proposal_clone": both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_withdraw": both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_return": both(Permission.REVIEW_ASSIGN),
    "compute_grants:proposal_send_on": only_post(Permission.REVIEW_ASSIGN),
    "compute_grants:proposal_infeasible": both(Permission.REVIEW_ASSIGN),
}
API: Table = {
    "api:proposal-list": api_read(Permission.PROPOSAL_VIEW) | api_write(Permission.PROPOSAL_WRITE),
    "api:proposal-detail": api_read(Permission.PROPOSAL_VIEW)
    | api_write(Permission.PROPOSAL_WRITE, "PATCH"),
    "api:proposal-checks": api_read(Permission.PROPOSAL_VIEW),
    "api:proposal-machines": api_read(Permission.PROPOSAL_VIEW),
    "api:proposal-submissions": api_read(Permission.PROPOSAL_VIEW),
    "api:proposal-compare": api_read(Permission.PROPOSAL_VIEW),
    "api:proposal-sections": api_read(Permission.PROPOSAL_VIEW),
    **api_acts(
        "proposal",
        Permission.PROPOSAL_WRITE,
        ["ask", "access", "drop", "submit", "withdraw", "clone"],
    ),
    **api_acts(
        "proposal",
        Permission.REVIEW_ASSIGN,
        ["return", "send-to-centres", "reject-infeasible", "assign"],
    ),
    **api_acts("proposal", Permission.FEASIBILITY_DECIDE, ["technical-review"]),
}

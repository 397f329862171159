"""Who may call which route of technical and peer reviews."""

from compute_grants.access.rules import api_acts, api_read, both
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:technical_review": both(Permission.FEASIBILITY_DECIDE),
    "compute_grants:assignment_list": both(Permission.REVIEW_ASSIGN),
    "compute_grants:review_list": page(Permission.REVIEW_WRITE),
    "compute_grants:review": both(Permission.REVIEW_WRITE),
    "compute_grants:review_declare": both(Permission.REVIEW_WRITE),
}
API: Table = {
    "api:review-list": api_read(Permission.PROPOSAL_VIEW),
    "api:review-detail": api_read(Permission.PROPOSAL_VIEW),
    "api:review-reviews": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("review", Permission.REVIEW_WRITE, ["declare", "submit"]),
}

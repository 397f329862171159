"""Who may call which route of technical and peer reviews."""

from compute_grants.access.rules import api_acts, api_read, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:technical_review": both(Permission.FEASIBILITY_DECIDE),
    "compute_grants:assignment_list": both(Permission.REVIEW_ASSIGN),
    "compute_grants:call_reviews": page(Permission.REVIEW_ASSIGN),
    "compute_grants:assignment": both(Permission.REVIEW_ASSIGN),
    "compute_grants:rebuttal_open": both(Permission.REVIEW_ASSIGN),
    # The lead: the policy says who, of those who may see the proposal.
    "compute_grants:rebuttal": both(Permission.PROPOSAL_WRITE),
    "compute_grants:review_list": page(Permission.REVIEW_WRITE),
    "compute_grants:review": both(Permission.REVIEW_WRITE),
    "compute_grants:review_declare": both(Permission.REVIEW_WRITE),
    "compute_grants:review_decline": both(Permission.REVIEW_WRITE),
    "compute_grants:review_revise": only_post(Permission.REVIEW_WRITE),
    "compute_grants:review_keep": only_post(Permission.REVIEW_WRITE),
}
API: Table = {
    "api:review-list": api_read(Permission.PROPOSAL_VIEW),
    "api:review-detail": api_read(Permission.PROPOSAL_VIEW),
    "api:review-reviews": api_read(Permission.PROPOSAL_VIEW),
    **api_acts(
        "review",
        Permission.REVIEW_WRITE,
        ["declare", "decline", "draft", "submit", "revise", "keep"],
    ),
    **api_acts("review", Permission.REVIEW_ASSIGN, ["extend", "take-back", "replace", "reopen"]),
    "api:rebuttal-list": api_read(Permission.PROPOSAL_VIEW),
    "api:rebuttal-detail": api_read(Permission.PROPOSAL_VIEW),
    "api:rebuttal-reviews": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("rebuttal", Permission.REVIEW_ASSIGN, ["open"]),
    **api_acts("rebuttal", Permission.PROPOSAL_WRITE, ["answer"]),
}

"""Who may call which route of ties, waivers and the windows of conflicts."""

from compute_grants.access.rules import api_acts, api_read, api_write, both
from consortium.access import Table, page
from consortium.roles import Permission

# Whoever has to do with proposals keeps ties: leads and team members as well as reviewers.
PAGES: Table = {
    "compute_grants:tie_list": page(Permission.PROPOSAL_VIEW, Permission.TIE_KEEP),
    "compute_grants:tie_retract": both(Permission.TIE_KEEP),
    "compute_grants:person_ties": both(Permission.REVIEW_ASSIGN),
    "compute_grants:tie_dispute": both(Permission.TIE_KEEP),
    "compute_grants:tie_dispute_answer": page(Permission.PROPOSAL_VIEW, Permission.REVIEW_ASSIGN),
    "compute_grants:review_policy": both(Permission.REVIEW_ASSIGN),
    "compute_grants:waiver_list": page(Permission.PROPOSAL_VIEW),
    "compute_grants:waiver_ask": both(Permission.REVIEW_ASSIGN),
    "compute_grants:waiver": page(Permission.PROPOSAL_VIEW, Permission.REVIEW_ASSIGN),
}
API: Table = {
    "api:tie-list": api_read(Permission.PROPOSAL_VIEW) | api_write(Permission.TIE_KEEP),
    "api:tie-detail": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("tie", Permission.TIE_KEEP, ["retract", "dispute"]),
    "api:tiedispute-list": api_read(Permission.PROPOSAL_VIEW),
    "api:tiedispute-detail": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("tiedispute", Permission.REVIEW_ASSIGN, ["accept", "refuse"]),
    "api:waiver-list": api_read(Permission.PROPOSAL_VIEW) | api_write(Permission.REVIEW_ASSIGN),
    "api:waiver-detail": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("waiver", Permission.REVIEW_ASSIGN, ["approve", "refuse", "revoke"]),
    "api:reviewpolicy-list": api_read(Permission.PROPOSAL_VIEW)
    | api_write(Permission.REVIEW_ASSIGN),
}

"""Who may call which route of reviewers' expertise and of topics."""

from compute_grants.access.rules import api_acts, api_read, api_write, both, only_post
from consortium.access import Table
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:expertise": both(Permission.REVIEW_WRITE),
    "compute_grants:person_expertise": both(Permission.REVIEW_ASSIGN),
    "compute_grants:topic_list": both(Permission.REVIEW_ASSIGN),
    "compute_grants:topic_retire": only_post(Permission.REVIEW_ASSIGN),
}
API: Table = {
    "api:topic-list": api_read(Permission.PROPOSAL_VIEW) | api_write(Permission.REVIEW_ASSIGN),
    **api_acts("topic", Permission.REVIEW_ASSIGN, ["retire"]),
    # The object's policy decides whose; both reviewers and the office keep ties.
    "api:expertise-list": api_read(Permission.PROPOSAL_VIEW) | api_write(Permission.TIE_KEEP),
    "api:expertise-detail": api_read(Permission.PROPOSAL_VIEW),
}

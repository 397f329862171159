"""Who may call which route of a proposal's files and measurements."""

from compute_grants.access.rules import api_acts, api_read, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:proposal_attachments": both(Permission.PROPOSAL_WRITE),
    "compute_grants:attachment": page(Permission.PROPOSAL_VIEW),
    "compute_grants:attachment_remove": only_post(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_scaling": both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_scaling_csv": page(Permission.PROPOSAL_VIEW),
}
API: Table = {
    "api:proposal-attachments": api_read(Permission.PROPOSAL_VIEW),
    "api:proposal-scaling": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("proposal", Permission.PROPOSAL_WRITE, ["attach", "detach", "set-scaling"]),
}

"""Who may call which route of outputs of grants."""

from compute_grants.access.rules import api_acts, api_read, api_write, both, only_post
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:output_list": page(Permission.ALLOCATION_VIEW),
    "compute_grants:outputs_csv": page(Permission.ALLOCATION_VIEW),
    "compute_grants:outputs_bibtex": page(Permission.ALLOCATION_VIEW),
    "compute_grants:output": page(Permission.ALLOCATION_VIEW),
    # The grant's own people: the policy says so to everybody else who sees it.
    "compute_grants:output_add": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:output_edit": both(Permission.ALLOCATION_MEMBERS),
    "compute_grants:output_remove": only_post(Permission.ALLOCATION_MEMBERS),
}
API: Table = {
    "api:output-list": api_read(Permission.ALLOCATION_VIEW)
    | api_write(Permission.ALLOCATION_MEMBERS),
    "api:output-detail": api_read(Permission.ALLOCATION_VIEW)
    | api_write(Permission.ALLOCATION_MEMBERS, "PUT"),
    **api_acts("output", Permission.ALLOCATION_MEMBERS, ["remove"]),
}

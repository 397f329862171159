"""Who may call which route of letters about decisions."""

from compute_grants.access.rules import api_read
from consortium.access import Table, page, public_page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:decision_letter": page(Permission.PROPOSAL_VIEW),
    "compute_grants:decision_letter_pdf": page(Permission.PROPOSAL_VIEW),
    # Whoever is shown a letter may check it, account or none.
    "compute_grants:letter_check": public_page(Permission.CALL_VIEW),
}
API: Table = {
    "api:decisionletter-list": api_read(Permission.PROPOSAL_VIEW),
    "api:decisionletter-detail": api_read(Permission.PROPOSAL_VIEW),
}

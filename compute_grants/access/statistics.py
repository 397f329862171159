"""Who may call which route of statistics. How far one sees is the policy's to say."""

from compute_grants.access.rules import api_read
from consortium.access import Table, page
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:statistics_index": page(Permission.STATISTICS_VIEW),
    "compute_grants:statistics": page(Permission.STATISTICS_VIEW),
    "compute_grants:statistics_csv": page(Permission.STATISTICS_VIEW),
}
API: Table = {
    "api:statistics-list": api_read(Permission.STATISTICS_VIEW),
    "api:statistics-detail": api_read(Permission.STATISTICS_VIEW),
}

"""How many SQL queries a page takes."""

from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries_of(client, url: str) -> int:
    """Of one visit that succeeds."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return len(queries)


def at_two_sizes(client, url: str, grow, *, small: int = 10, large: int = 200) -> tuple[int, int]:
    """Queries with `small` and with `large` rows; `grow(n)` makes n rows more."""
    grow(small)
    client.get(url)  # what is read once a process is read
    few = queries_of(client, url)
    grow(large - small)
    return few, queries_of(client, url)

"""What the planner of a test's database knows."""

from django.db import connection


def fresh_statistics() -> None:
    """Analyse every table inside the test's own transaction.

    The tables of a worker have seen thousands of rows come and go, uncommitted. With what it
    remembers of them, the planner may take minutes of nested loops for a page of fifty rows.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

"""Record numbers that people quote: C-2026-01, P-2026-0001, NCC-2026-0001."""

from django.db import connection

_NEXT = """
    INSERT INTO consortium_numberseries (series, year, last) VALUES (%s, %s, 1)
    ON CONFLICT (series, year) DO UPDATE SET last = consortium_numberseries.last + 1
    RETURNING last
"""


def next_number(series: str, year: int) -> int:
    """The next number of `series` in `year`, from 1.

    Call it in the transaction that creates the record. Until that ends, others who want a
    number of the same series and year wait; a transaction that rolls back gives its number
    back, so two records never share one and a gap says that a record was deleted.
    """
    assert connection.in_atomic_block, "a number must commit with the record that bears it"
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [series, year])
        row: tuple[int] = cursor.fetchone()
    return row[0]


def numbered(series: str, year: int, *, width: int = 4) -> str:
    """The next number of `series` in its written form: "P-2026-0001"."""
    return f"{series}-{year}-{next_number(series, year):0{width}d}"

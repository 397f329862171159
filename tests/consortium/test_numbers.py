from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from consortium.numbers import next_number, numbered


def test_numbers_count_up_by_series_and_year(db):
    with transaction.atomic():
        assert [next_number("P", 2026) for _ in range(3)] == [1, 2, 3]
        assert next_number("C", 2026) == 1
        assert next_number("P", 2027) == 1


def test_written_form(db):
    with transaction.atomic():
        assert numbered("P", 2026) == "P-2026-0001"
        assert numbered("C", 2026, width=2) == "C-2026-01"


@pytest.mark.django_db(transaction=True)
def test_a_number_is_given_only_with_the_record_that_bears_it():
    with pytest.raises(AssertionError, match="must commit with"):
        next_number("P", 2026)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_share_a_number():
    def take(_i: int) -> int:
        try:
            with transaction.atomic():
                return next_number("P", 2026)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(40))) == list(range(1, 41))

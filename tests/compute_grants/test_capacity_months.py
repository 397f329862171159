"""Whether promises can be kept, against a search that tries to."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from compute_grants.capacity import Promise, Shortfall, first_day, month_of, shortfall


def test_months_are_counted_and_back():
    assert first_day(month_of(date(2026, 12, 31))) == date(2026, 12, 1)
    assert month_of(date(2027, 1, 1)) - month_of(date(2026, 12, 31)) == 1


@pytest.mark.parametrize(
    ("certified", "promises", "found"),
    [
        ({}, [], None),
        ({1: 10}, [Promise(10)], None),
        ({1: 10}, [Promise(11)], Shortfall(10, 11)),
        ({1: 10, 2: 10}, [Promise(20, 1, 2)], None),
        ({1: 10, 2: 10}, [Promise(11, 1, 1)], Shortfall(10, 11, 1, 1)),
        ({1: 10, 2: 10}, [Promise(8, 2, 2), Promise(12, 1, 2)], None),
        (
            {1: 10, 2: 10},
            [Promise(8, 2, 2), Promise(8, 1, 1), Promise(5, 1, 2)],
            Shortfall(20, 21, 1, 2),
        ),
        ({1: 10, 3: 10}, [Promise(1, 2, 2)], Shortfall(0, 1, 2, 2)),
        ({1: 10, 2: 5, 3: 5}, [Promise(11, 2, 3), Promise(1)], Shortfall(10, 11, 2, 3)),
    ],
)
def test_the_worst_run_of_months(certified, promises, found):
    assert shortfall(certified, promises) == found


promise = st.tuples(st.integers(1, 20), st.integers(0, 4), st.integers(0, 4)).map(
    lambda t: Promise(t[0], min(t[1:]), max(t[1:]))
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.integers(0, 4), st.integers(0, 20), max_size=5),
    st.lists(promise | st.integers(1, 20).map(Promise), max_size=5),
)
def test_it_agrees_with_a_linear_program(certified, promises):
    assert (shortfall(certified, promises) is None) == _can_be_kept(certified, promises)


def _can_be_kept(certified, promises):
    """Place each promise in its months, no month above what is certified: solved as an LP."""
    if not promises:
        return True
    months = sorted(certified)
    if not months:
        return False
    k, m = len(promises), len(months)
    places = np.zeros((k, k * m))
    fills = np.zeros((m, k * m))
    bounds = []
    for i, each in enumerate(promises):
        places[i, i * m : (i + 1) * m] = 1
        for j, month in enumerate(months):
            fills[j, i * m + j] = 1
            inside = each.first is None or each.first <= month <= each.last
            bounds.append((0, None if inside else 0))
    solved = linprog(
        np.zeros(k * m),
        A_ub=fills,
        b_ub=[certified[month] for month in months],
        A_eq=places,
        b_eq=[each.seconds for each in promises],
        bounds=bounds,
    )
    return solved.status == 0

"""The charging formulas, with figures anybody can check by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute_grants.charging import Shares, charge, units

GB = 10**9
CORES = Shares(counts_cards=False, memory_bytes_per_unit=2 * GB)
CARDS = Shares(counts_cards=True, cores_per_card=8, memory_bytes_per_unit=64 * GB)


@pytest.mark.parametrize(
    ("cores", "memory", "units_"),
    [(10, 0, 10), (10, 20 * GB, 10), (10, 20 * GB + 1, 11), (1, 7 * GB, 4), (0, 1, 1), (0, 0, 0)],
)
def test_core_hours_are_the_larger_of_cores_and_memory(cores, memory, units_):
    assert charge(CORES, 0, cores, memory, 3600) == units_ * 3600


@pytest.mark.parametrize(
    ("cards", "cores", "memory", "units_"),
    [
        (4, 32, 256 * GB, 4),
        (4, 33, 0, 5),
        (4, 1, 257 * GB, 5),
        (1, 64, 0, 8),
        (0, 8, 0, 1),
        (0, 0, 1, 1),
        (100_000, 0, 0, 100_000),
    ],
)
def test_card_hours_are_the_largest_of_three(cards, cores, memory, units_):
    assert charge(CARDS, cards, cores, memory, 60) == units_ * 60


def test_without_shares_what_was_allocated_counts():
    assert charge(Shares(counts_cards=True), 3, 999, 10**15, 10) == 30
    assert charge(Shares(counts_cards=False), 3, 999, 10**15, 10) == 9990


def test_a_hundred_thousand_cards_for_a_year_are_exact():
    year = 366 * 86_400
    assert charge(CARDS, 100_000, 1_600_000, 0, year) == 200_000 * year


@pytest.mark.parametrize("bad", [(-1, 0, 0, 0), (0, -1, 0, 0), (0, 0, -1, 0), (0, 0, 0, -1)])
def test_nothing_is_negative(bad):
    with pytest.raises(ValueError, match="never negative"):
        charge(CARDS, *bad)


counts = st.integers(0, 10**6)


@given(counts, counts, st.integers(0, 10**15))
def test_no_share_is_ever_charged_for_less(cards, cores, memory):
    """Each share fits into the units charged, and one unit less would not hold the largest."""
    charged = units(CARDS, cards, cores, memory)
    assert cards <= charged
    assert cores <= 8 * charged
    assert memory <= 64 * GB * charged
    if charged:
        less = charged - 1
        assert cards > less or cores > 8 * less or memory > 64 * GB * less

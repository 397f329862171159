"""The ladder of use it or lose it, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute_grants import programme
from compute_grants.reclaim_rules import Standing, rung_of, share, verdict

HOUR = 3600
START = date(2026, 1, 1)
RULE = programme.Reclaim()


def standing(used: int = 0, granted: int = 1000, **fields) -> Standing:
    given_fields = {
        "starts_on": START,
        "began_on": START,
        "ends_on": START + timedelta(days=364),
        "granted": granted * HOUR,
        "used": used * HOUR,
        "free": (granted - used) * HOUR,
    }
    return Standing(**given_fields | fields)


def on(day: int) -> date:
    return START + timedelta(days=day)


@pytest.mark.parametrize(
    ("day", "used", "hours"),
    [
        (105, 0, None),  # notice has not begun
        (106, 0, 300),  # 30 percent of all that is left
        (106, 99, 270),  # 30 percent of 901, whole hours
        (106, 100, 135),  # not below 10 percent any more: 15 percent
        (106, 149, 127),
        (106, 150, None),
        (150, 0, 300),  # late notice: the same step
        (226, 0, 750),
        (226, 99, 675),
        (226, 100, 450),
        (226, 330, 221),
        (226, 499, 165),
        (226, 500, None),
    ],
)
def test_the_ladder(day, used, hours):
    found = verdict(standing(used), RULE, on(day))
    assert (found and found.seconds // HOUR) == hours


def test_the_days_of_notice_count_from_the_day_it_is_given():
    assert verdict(standing(), RULE, on(106)).due_on == on(120)
    assert verdict(standing(), RULE, on(150)).due_on == on(164)


def test_a_young_grant_is_left_alone():
    late = standing(began_on=on(100))
    assert verdict(late, RULE, on(120)) is None
    assert verdict(late, RULE, on(146)) is not None


def test_each_day_of_the_ladder_once_and_only_the_last():
    assert verdict(standing(settled=frozenset({120})), RULE, on(150)) is None
    assert verdict(standing(settled=frozenset({120})), RULE, on(226)).rung.by_day == 240
    assert verdict(standing(settled=frozenset({240})), RULE, on(300)) is None
    assert verdict(standing(), RULE, on(300)).rung.by_day == 240


def test_nothing_is_taken_after_the_end():
    assert verdict(standing(ends_on=on(119)), RULE, on(106)) is None


def test_what_is_held_is_not_taken():
    assert verdict(standing(free=10 * HOUR), RULE, on(106)).seconds == 3 * HOUR
    assert verdict(standing(free=0), RULE, on(106)) is None


def test_an_empty_ladder_takes_nothing():
    assert verdict(standing(), programme.Reclaim(rungs=()), on(300)) is None


@given(
    used=st.integers(0, 10**9),
    more=st.integers(0, 10**9),
    granted=st.integers(1, 10**9),
    day=st.sampled_from([120, 240]),
)
def test_who_uses_more_never_loses_more(used, more, granted, day):
    first = rung_of(used, granted, RULE, day)
    second = rung_of(used + more, granted, RULE, day)
    left, rest = max(granted - used, 0), max(granted - used - more, 0)
    lost = share(left, first) if first else 0
    assert (share(rest, second) if second else 0) <= lost <= left
    assert lost % HOUR == 0

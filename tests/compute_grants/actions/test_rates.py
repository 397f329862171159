from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.utils import timezone
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from compute_grants.actions import rates
from compute_grants.charging import Shares
from compute_grants.exchange import change
from compute_grants.models import ExchangeRate
from compute_grants.queries.rates import (
    NoRate,
    RateExpired,
    credit_seconds,
    rate_on,
    rates_on,
    rule_on,
)
from consortium.errors import Invalid
from consortium.models import AuditEvent
from tests.factories import compute_grants as make
from tests.factories import offers
from tests.factories.consortium import member, operator, principal, research_officer

DAY = timedelta(days=1)


@pytest.fixture
def today(db):
    return timezone.localdate()


@pytest.fixture
def resource(db):
    return make.machine().resources.get()


@pytest.fixture
def office(db):
    return research_officer()


def put(resource, by, since, until=None, ppm=1_000_000) -> ExchangeRate:
    return rates.set_rate(
        resource, since=since, until=until, parts_per_million=ppm, reason="Council", by=by
    )


def test_a_rate_holds_on_its_days_both_ends_included(resource, office, today):
    put(resource, office, today + DAY, today + 3 * DAY, ppm=1_250_000)
    assert rate_on(resource, today + DAY) == Decimal("1.25")
    assert rate_on(resource, today + 3 * DAY) == Decimal("1.25")
    assert (
        AuditEvent.objects.get(action="machine.rate_set").detail["parts_per_million"] == 1_250_000
    )


def test_no_rate_yet_and_an_expired_one_say_which(resource, office, today):
    with pytest.raises(NoRate, match="has no exchange rate"):
        rate_on(resource, today)
    put(resource, office, today, today + DAY)
    end, day = date_format(today + DAY), date_format(today + 2 * DAY)
    with pytest.raises(RateExpired, match=f"expired on {end}.* none on {day}"):
        rate_on(resource, today + 2 * DAY)


def test_many_rates_in_one_query(resource, office, today, django_assert_num_queries):
    other = make.machine().resources.get()
    put(resource, office, today)
    put(other, office, today, ppm=2_000_000)
    with django_assert_num_queries(1):
        found = rates_on([resource, other], today)
    assert found == {resource.pk: Decimal(1), other.pk: Decimal(2)}
    with pytest.raises(NoRate):
        rates_on([resource, make.machine().resources.get()], today)


@pytest.mark.parametrize("shift", [(0, None), (0, 0), (-1, 0), (2, None), (3, 5)])
def test_rates_of_a_resource_never_overlap(resource, office, today, shift):
    begin = today + 10 * DAY
    put(resource, office, begin, begin + 3 * DAY)
    since, until = shift
    with pytest.raises(rates.RatesOverlap, match=f"from {begin} through {begin + 3 * DAY}"):
        put(resource, office, begin + since * DAY, until if until is None else begin + until * DAY)
    put(resource, office, begin - 3 * DAY, begin - DAY)
    put(resource, office, begin + 4 * DAY)
    put(make.machine().resources.get(), office, begin)
    assert ExchangeRate.objects.count() == 4


def test_the_database_refuses_overlap_by_itself(resource, today):
    offers.rate(resource, since=today, until=today + DAY)
    with pytest.raises(IntegrityError, match="exchange_rates_do_not_overlap"):
        offers.rate(resource, since=today + DAY)


def test_an_open_rate_is_ended_before_the_next(resource, office, today):
    first = put(resource, office, today)
    with pytest.raises(rates.RatesOverlap, match="End it first"):
        put(resource, office, today + 5 * DAY)
    rates.end_rate(first, until=today + 4 * DAY, by=office)
    put(resource, office, today + 5 * DAY, ppm=2_000_000)
    assert rate_on(resource, today + 4 * DAY) == 1
    assert rate_on(resource, today + 5 * DAY) == 2


def test_the_past_is_settled(resource, office, today):
    with pytest.raises(rates.InThePast):
        put(resource, office, today - DAY)
    old = offers.rate(resource)
    with pytest.raises(rates.InThePast):
        rates.end_rate(old, until=today - DAY, by=office)
    rates.end_rate(old, until=today, by=office)
    with pytest.raises(Invalid):
        rates.end_rate(old, until=today + DAY, by=office)


def test_ending_twice_on_one_day_is_told_once(resource, office, today):
    old = offers.rate(resource)
    for _ in range(2):
        rates.end_rate(old, until=today, by=office)
    assert AuditEvent.objects.filter(action="machine.rate_ended").count() == 1


@pytest.mark.parametrize("who", [member, principal, operator])
def test_no_centre_sets_what_its_own_hours_are_worth(resource, today, who):
    with pytest.raises(PermissionDenied, match="R&D office"):
        put(resource, who(), today)


def test_centre_states_how_it_charges(resource, today):
    by = make.operator_of(resource.machine.centre)
    assert rule_on(resource, today) == Shares(counts_cards=True)
    rates.state_charging(
        resource, since=today + DAY, cores_per_card=8, memory_bytes_per_unit=64, by=by
    )
    assert rule_on(resource, today) == Shares(counts_cards=True)
    assert rule_on(resource, today + DAY) == Shares(
        counts_cards=True, cores_per_card=8, memory_bytes_per_unit=64
    )


def test_charging_is_the_centres_and_not_of_the_past(resource, today):
    given = {"cores_per_card": None, "memory_bytes_per_unit": 1}
    with pytest.raises(PermissionDenied):
        rates.state_charging(resource, since=today, by=operator(), **given)
    by = make.operator_of(resource.machine.centre)
    with pytest.raises(rates.InThePast):
        rates.state_charging(resource, since=today - DAY, by=by, **given)
    rates.state_charging(resource, since=today, by=by, **given)
    with pytest.raises(Invalid, match="begins on that day"):
        rates.state_charging(resource, since=today, by=by, **given)


def test_only_cards_have_cores(resource, today):
    by = make.operator_of(resource.machine.centre)
    cores = make.ResourceFactory.create(machine=resource.machine, tres="cpu")
    with pytest.raises(Invalid) as caught:
        rates.state_charging(
            cores, since=today, cores_per_card=8, memory_bytes_per_unit=None, by=by
        )
    assert "cores_per_card" in caught.value.errors


ppm = st.integers(1, 10**12).map(lambda n: Decimal(n) / 10**6)


@given(st.integers(0, 4 * 10**15), ppm, ppm)
def test_an_exchange_never_makes_value(seconds, given_rate, taken_rate):
    """Worth the same after as before; what cannot be changed exactly stays with the giver."""
    given_, taken_ = Fraction(given_rate), Fraction(taken_rate)
    made = change(seconds, given_, taken_)
    assert taken_ * made.receives == given_ * made.gives <= given_ * seconds
    assert made.gives + made.rest == seconds
    assert credit_seconds(seconds, given_rate) <= given_ * seconds

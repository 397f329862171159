"""The charging rule of the machine, on every run."""

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from compute_grants import charging, charging_sql
from compute_grants.actions import allocations, usage
from compute_grants.models import ChargingRule, Resource, UsageRecord
from consortium.models import Transfer
from tests.compute_grants.importing import LATER, clean, load, used
from tests.factories.allocations import SUBMIT, active, awarded, row
from tests.factories.compute_grants import HOUR, ResourceFactory, machine
from tests.factories.consortium import operator

pytestmark = pytest.mark.django_db
GIB = 2**30
NODE = "cpu=64,mem=512G,node=1,gres/gpu=2,gres/gpu:h100=2"


def rule(allocation, since=date(2026, 1, 1), cores=8, memory=64 * GIB) -> ChargingRule:
    return ChargingRule.objects.create(
        resource=allocation.resource,
        since=since,
        cores_per_card=cores,
        memory_bytes_per_unit=memory,
        stated_by=operator(allocation.resource.machine.centre),
    )


def charged() -> list[int]:
    return list(UsageRecord.objects.order_by("job_id_raw").values_list("charged", flat=True))


def test_the_largest_share_counts():
    allocation = active()
    stated = rule(allocation)
    load(
        allocation,
        row(allocation, job=1, elapsed=10, AllocTRES="cpu=8,mem=64G,gres/gpu=2"),
        row(allocation, job=2, elapsed=10, AllocTRES="cpu=33,mem=64G,gres/gpu=2"),
        row(allocation, job=3, elapsed=10, AllocTRES=NODE),
        row(allocation, job=4, elapsed=10, AllocTRES="cpu=1,mem=65G"),
    )
    assert charged() == [20, 50, 80, 20]
    assert used(allocation) == 170
    record = UsageRecord.objects.get(job_id_raw=3)
    assert (record.charging_rule, record.charged_units, record.card_seconds) == (stated, 8, 20)
    assert (record.given_cards, record.given_cores, record.memory_bytes) == (2, 64, 512 * GIB)
    assert clean()


def test_cores_are_charged_by_their_memory_too():
    cores = ResourceFactory.create(machine=machine(), tres=Resource.Tres.CORES, unit="core_seconds")
    allocation = active(resource=cores)
    rule(allocation, cores=None, memory=2 * GIB)
    load(
        allocation,
        row(allocation, job=1, elapsed=10, AllocTRES="cpu=4,mem=8G"),
        row(allocation, job=2, elapsed=10, AllocTRES="cpu=4,mem=9G"),
    )
    assert charged() == [40, 50]
    assert clean()


def test_a_run_is_charged_by_the_rule_of_the_day_it_began():
    """Days are the portal's own: 2026-11-20 17:00 UTC is the 21st in Beijing."""
    allocation = active()
    first, second = rule(allocation), rule(allocation, since=date(2026, 11, 21), cores=4)
    evening = SUBMIT.replace(hour=16, minute=30)
    load(
        allocation,
        row(allocation, job=1, elapsed=86_400, AllocTRES="cpu=64,gres/gpu=2"),
        row(allocation, job=2, submit=evening, elapsed=10, AllocTRES="cpu=64,gres/gpu=2"),
        row(allocation, job=3, submit=LATER, elapsed=10, AllocTRES="cpu=64,gres/gpu=2"),
    )
    assert charged() == [8 * 86_400, 160, 160]
    rules = UsageRecord.objects.order_by("job_id_raw").values_list("charging_rule", flat=True)
    assert list(rules) == [first.pk, second.pk, second.pk]
    assert clean()


def test_another_machines_rule_and_none_at_all_change_nothing():
    allocation, elsewhere = active(), active()
    rule(elsewhere)
    rule(allocation, since=date(2027, 1, 1))
    load(allocation, row(allocation, elapsed=10, AllocTRES=NODE))
    assert charged() == [20]
    assert UsageRecord.objects.get().charging_rule is None


def test_a_run_that_waited_for_its_grant_is_charged_by_the_rule_too():
    waiting = awarded()
    rule(waiting)
    load(waiting, row(waiting, elapsed=10, AllocTRES=NODE))
    allocations.record_applied(waiting.number, waiting.account_name)
    assert usage.charge_waiting() == 1
    assert charged() == [80]
    assert clean()


def test_what_is_charged_otherwise_than_by_its_rule_is_found():
    allocation = active()
    load(allocation, row(allocation, elapsed=10, AllocTRES=NODE))
    assert clean()
    UsageRecord.objects.update(charging_rule=rule(allocation))
    assert not clean()


# One transfer for each grant and batch


def test_a_batch_posts_one_transfer_for_each_grant_with_the_runs_as_its_lines(monkeypatch):
    monkeypatch.setattr(usage, "BATCH", 4)
    first = active()
    second = active(resource=first.resource)
    load(first, *[row(g, job=10 * n + k) for n in range(4) for k, g in enumerate((first, second))])
    assert Transfer.objects.filter(code="usage").count() == 2 * 2
    for grant in (first, second):
        rows = UsageRecord.objects.filter(allocation=grant)
        keys = {record.transfers[0] for record in rows}
        posted = Transfer.objects.filter(pk__in=keys)
        assert sum(t.amount for t in posted) == sum(r.amounts[0] for r in rows) == 32 * HOUR
    assert clean()


def test_corrections_up_and_down_in_one_batch_are_two_transfers():
    allocation = active()
    load(allocation, row(allocation, job=1), row(allocation, job=2), row(allocation, job=3))
    load(
        allocation,
        row(allocation, job=1, elapsed=HOUR + 10),
        row(allocation, job=2, elapsed=HOUR - 10),
        row(allocation, job=3, elapsed=HOUR - 20),
    )
    latest = Transfer.objects.filter(code__startswith="usage").order_by("-created", "code")[:2]
    assert {(t.code, t.amount) for t in latest} == {("usage", 80), ("usage-correction", 240)}
    parts = UsageRecord.objects.order_by("job_id_raw").values_list("amounts", flat=True)
    assert [part[1] for part in parts] == [80, -80, -160]
    assert clean()


def test_the_same_batch_is_not_charged_twice_even_when_its_records_are_lost():
    allocation = active()
    rows = [row(allocation, job=n) for n in range(3)]
    load(allocation, *rows)
    UsageRecord.objects.all().delete()
    load(allocation, *rows)
    assert used(allocation) == 24 * HOUR
    assert clean()


# The formula is stated in Python and in SQL

counts = st.integers(0, 50_000_000)


@given(
    cards=counts,
    cores=counts,
    memory=st.integers(0, 2**60),
    counts_cards=st.booleans(),
    per_card=st.none() | st.integers(1, 2**31 - 1),
    per_unit=st.none() | st.integers(1, 2**62),
)
def test_both_statements_of_the_formula_agree(  # noqa: PLR0917
    cards, cores, memory, counts_cards, per_card, per_unit
):
    stated = charging.Shares(counts_cards, per_card, per_unit)
    expression = charging_sql.units(unit="unit", rule="r", cards="n", cores="c", memory="m")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {expression} FROM (SELECT %s::text AS unit, %s::bigint AS n,"  # noqa: S608
            " %s::bigint AS c, %s::bigint AS m) j,"
            " (SELECT %s::integer AS cores_per_card, %s::bigint AS memory_bytes_per_unit) r",
            [
                "card_seconds" if counts_cards else "core_seconds",
                *(cards, cores, memory, per_card, per_unit),
            ],
        )
        assert cursor.fetchone()[0] == charging.units(stated, cards, cores, memory)


def test_a_long_wait_in_the_queue_does_not_matter():
    """Unstarted runs have no cost; the run's first moment is its start, not its submission."""
    allocation = active()
    stated = rule(allocation, since=date(2026, 11, 22))
    begin = f"{SUBMIT + timedelta(days=3):%Y-%m-%dT%H:%M:%S}"
    load(allocation, row(allocation, elapsed=10, Start=begin, End="Unknown", AllocTRES=NODE))
    assert UsageRecord.objects.get().charging_rule == stated

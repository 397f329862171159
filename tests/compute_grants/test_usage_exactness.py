"""Usage cut off, out of order, and reconciled."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from compute_grants.actions import usage, usage_charging
from compute_grants.models import UsageImport, UsageRecord
from compute_grants.queries.usage import compare_with_file
from consortium.reconciliation import differences
from tests.compute_grants.importing import LATER, clean, load, used
from tests.factories.allocations import SUBMIT, active, row, sacct
from tests.factories.compute_grants import HOUR
from tests.intruder import triggers_off

pytestmark = pytest.mark.django_db


# Cut off


class Killed(BaseException):
    pass


@pytest.mark.parametrize("dies_at", [1, 2, 3, 4])
def test_an_import_that_dies_half_way_is_finished_by_reading_again(dies_at, monkeypatch):
    allocation = active()
    rows = [row(allocation, job=n) for n in range(10)]
    monkeypatch.setattr(usage, "BATCH", 3)
    calls = 0
    real = usage_charging.record_runs

    def dying(imported, after, upto):
        nonlocal calls
        calls += 1
        if calls == dies_at:
            raise Killed
        return real(imported, after, upto)

    monkeypatch.setattr(usage, "record_runs", dying)
    with pytest.raises(Killed):
        load(allocation, *rows)
    assert used(allocation) == (dies_at - 1) * 3 * 8 * HOUR
    assert UsageImport.objects.get().state == "interrupted"
    assert clean()
    monkeypatch.setattr(usage, "record_runs", real)
    done = load(allocation, *rows)
    assert used(allocation) == 80 * HOUR
    assert done.unchanged == (dies_at - 1) * 3
    assert clean()


def test_a_batch_that_fails_leaves_neither_records_nor_postings(monkeypatch):
    allocation = active()

    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(usage_charging, "_note_overuse", broken)
    with pytest.raises(RuntimeError):
        load(allocation, row(allocation))
    assert not UsageRecord.objects.exists()
    assert used(allocation) == 0


def test_the_sweep_marks_imports_whose_process_died():
    allocation = active()
    done = load(allocation, row(allocation))
    long_ago = timezone.now() - timedelta(hours=1)
    UsageImport.objects.filter(pk=done.pk).update(
        state="running", finished_at=None, changed_at=long_ago
    )
    assert usage.interrupt_stale() == 1
    assert usage.interrupt_stale() == 0
    done.refresh_from_db()
    assert done.state == "interrupted"


# Order


@st.composite
def readings(draw):
    """(runs, files): what each of six runs came to, and files that tell it.

    The files hold every final reading, and earlier readings of running jobs, in any order, any
    split, with overlaps.
    """
    runs = [(draw(st.integers(1, 5000)), draw(st.integers(0, 16))) for _ in range(6)]
    told = [(run, None) for run in range(6)]
    for run, (final, _) in enumerate(runs):
        told += [(run, s) for s in draw(st.lists(st.integers(1, final), max_size=2))]
    order = draw(st.permutations(told))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=3)))
    files = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return runs, [*files, draw(st.lists(st.sampled_from(told), max_size=5))]


@settings(max_examples=60, deadline=None)
@given(plan=readings())
def test_any_split_overlap_and_order_of_the_same_rows_gives_the_same_ledger(plan):
    runs, files = plan
    with transaction.atomic():
        allocation = active()
        for told in files:
            lines = []
            for run, seen in told:
                final, cards = runs[run]
                lines.append(
                    row(
                        allocation,
                        job=1 + run // 2,
                        elapsed=seen or final,
                        cards=cards,
                        submit=SUBMIT + timedelta(hours=run),
                        state="RUNNING" if seen else "COMPLETED",
                    )
                )
            load(allocation, sacct(lines))
        assert used(allocation) == sum(final * cards for final, cards in runs)
        charged = UsageRecord.objects.order_by("submit_at").values_list("charged", flat=True)
        assert list(charged) == [final * cards for final, cards in runs]
        assert clean()
        transaction.set_rollback(True)


# Reconciliation


def test_a_file_and_the_portal_agree_by_day():
    allocation = active()
    rows = [
        row(allocation, job=1),
        row(allocation, job=2, submit=LATER, elapsed=60),
        row(allocation, job=3, submit=LATER, elapsed=60, state="RUNNING"),
    ]
    load(allocation, *rows)
    cluster = allocation.resource.machine.cluster
    days = compare_with_file(cluster, sacct(rows))
    assert [(day.day.isoformat(), day.agrees) for day in days] == [
        ("2026-11-20", True),
        ("2026-11-21", True),
    ]
    missing = compare_with_file(cluster, sacct([*rows, row(allocation, job=4)]))
    assert [day.agrees for day in missing] == [False, True]
    assert missing[0].file_card_seconds - missing[0].card_seconds == 8 * HOUR


def names():
    return {name for name, _ in differences()}


def test_every_difference_between_jobs_and_ledger_is_found():
    allocation = active()
    load(allocation, row(allocation))
    with triggers_off():
        UsageRecord.objects.update(charged=7)
    assert names() == {"usage.without_transfer", "usage.charged_wrongly"}
    with triggers_off():
        UsageRecord.objects.update(charged=8 * HOUR, transfers=[], amounts=[])
    assert names() == {"usage.without_transfer", "usage.transfer_without_job"}


def test_runs_that_swap_parts_of_a_posting_are_found():
    """Each run's parts make its charge; all runs' parts make the posting."""
    allocation = active()
    load(allocation, row(allocation, job=1), row(allocation, job=2))
    with triggers_off():
        more = 8 * HOUR + 1
        UsageRecord.objects.filter(job_id_raw=1).update(charged=more, amounts=[more])
    assert names() == {"usage.transfer_without_job", "usage.charged_wrongly"}


def test_an_award_or_a_desired_state_that_was_touched_is_found():
    allocation = active()
    type(allocation).objects.update(seconds=1)
    assert names() == {"allocation.granted", "allocation.desired"}


def test_a_run_that_names_what_is_not_there_is_found():
    allocation = active()
    load(allocation, row(allocation))
    UsageRecord.objects.update(read_by_id=0)
    assert names() == {"usage.of_nothing"}

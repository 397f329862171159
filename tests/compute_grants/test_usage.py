"""Charging real accounting rows: once, whatever happens."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import translation

from compute_grants.actions import allocations, usage
from compute_grants.models import Resource, UsageImport, UsageRecord
from compute_grants.queries.usage import explain, usage_totals
from consortium import audit
from consortium.errors import Invalid
from consortium.models import Transfer
from tests.compute_grants.importing import LATER, clean, left, load, used
from tests.factories.allocations import SUBMIT, active, awarded, operator_for, row, sacct
from tests.factories.compute_grants import HOUR, ResourceFactory, machine
from tests.factories.consortium import deployment_officer, member, operator, research_officer

pytestmark = pytest.mark.django_db


# Once


def test_a_run_is_charged_its_cards_times_its_time():
    allocation = active()
    done = load(allocation, row(allocation, elapsed=600, cards=8))
    assert used(allocation) == 4800
    record = UsageRecord.objects.get()
    assert (record.charged, record.card_seconds, record.core_seconds) == (4800, 4800, 76800)
    assert record.allocation == allocation
    transfer = Transfer.objects.get(pk=record.transfers[0])
    assert (transfer.code, transfer.amount, transfer.unit) == ("usage", 4800, "card_seconds")
    assert (done.state, done.runs, done.recorded) == ("done", 1, 1)
    assert done.card_seconds == 4800
    assert clean()


def test_core_time_is_charged_where_cores_were_granted():
    cores = ResourceFactory.create(machine=machine(), tres=Resource.Tres.CORES, unit="core_seconds")
    allocation = active(resource=cores)
    done = load(allocation, row(allocation, elapsed=600, cards=0))
    assert used(allocation) == 9600
    assert (done.card_seconds, done.core_seconds) == (0, 9600)
    assert clean()


def test_reading_again_changes_nothing():
    allocation = active()
    rows = [row(allocation, job=n) for n in range(5)]
    load(allocation, *rows)
    before = list(Transfer.objects.values_list("pk", flat=True).order_by("pk"))
    again = load(allocation, *rows)
    assert (again.recorded, again.corrected, again.unchanged) == (0, 0, 5)
    assert again.card_seconds == 0
    assert list(Transfer.objects.values_list("pk", flat=True).order_by("pk")) == before
    assert explain(again) == ["Every run was known already; nothing changed."]


def test_each_run_of_a_requeued_job_is_charged():
    allocation = active()
    load(
        allocation,
        row(allocation, elapsed=100, state="REQUEUED"),
        row(allocation, elapsed=200, submit=LATER, state="NODE_FAIL"),
        row(allocation, elapsed=300, submit=LATER + timedelta(hours=1)),
    )
    assert used(allocation) == 600 * 8
    assert UsageRecord.objects.count() == 3


def test_rows_that_come_twice_in_one_file_are_one_run():
    allocation = active()
    done = load(allocation, row(allocation), row(allocation))
    assert used(allocation) == 8 * HOUR
    assert UsageRecord.objects.count() == 1
    assert done.recorded == 1


def test_a_correction_posts_the_difference_and_keeps_what_was_posted():
    allocation = active()
    load(allocation, row(allocation, elapsed=3600))
    more = load(allocation, row(allocation, elapsed=4000))
    assert used(allocation) == 4000 * 8
    less = load(allocation, row(allocation, elapsed=1000))
    assert used(allocation) == 1000 * 8
    assert (more.corrected, less.corrected) == (1, 1)
    assert less.card_seconds == -3000 * 8
    record = UsageRecord.objects.get()
    codes = [Transfer.objects.get(pk=key).code for key in record.transfers]
    assert codes == ["usage", "usage", "usage-correction"]
    assert record.revision == 3
    assert clean()


def test_going_back_and_forth_between_two_readings_stays_exact():
    allocation = active()
    for elapsed in (3600, 1000, 3600, 1000, 3600):
        load(allocation, row(allocation, elapsed=elapsed))
        assert used(allocation) == elapsed * 8
    assert clean()


def test_a_change_that_costs_nothing_posts_nothing():
    allocation = active()
    load(allocation, row(allocation))
    done = load(allocation, row(allocation, state="FAILED", JobName="renamed"))
    assert done.corrected == 1
    assert UsageRecord.objects.get().job_state == "FAILED"
    assert Transfer.objects.filter(code__startswith="usage").count() == 1


def test_a_job_moved_to_another_account_is_given_back_and_charged_there():
    first = active()
    second = active(resource=first.resource)
    load(first, row(first))
    load(first, row(first, Account=second.account_name))
    assert (used(first), used(second)) == (0, 8 * HOUR)
    assert clean()


# Running and waiting


def test_a_running_job_is_charged_as_it_goes():
    allocation = active()
    load(allocation, row(allocation, elapsed=100, state="RUNNING"))
    assert used(allocation) == 800
    load(allocation, row(allocation, elapsed=250))
    assert used(allocation) == 2000
    assert UsageRecord.objects.get().used_at == SUBMIT + timedelta(minutes=1, seconds=250)


def test_an_older_export_never_takes_back_what_a_newer_one_told():
    allocation = active()
    load(allocation, row(allocation, elapsed=250))
    stale = load(allocation, row(allocation, elapsed=100, state="RUNNING"))
    assert used(allocation) == 2000
    assert stale.unchanged == 1
    load(allocation, row(allocation, job=7, elapsed=90, state="RUNNING"))
    load(allocation, row(allocation, job=7, elapsed=30, state="RUNNING"))
    assert UsageRecord.objects.get(job_id_raw=7).elapsed_seconds == 90


def test_jobs_that_have_not_started_are_only_counted():
    allocation = active()
    done = load(allocation, row(allocation, elapsed=0, state="PENDING", Start="Unknown"))
    assert (done.waiting, done.runs) == (1, 0)
    assert not UsageRecord.objects.exists()
    assert "None of the jobs has started" in explain(done)[0]


def test_a_job_cancelled_before_it_started_costs_nothing():
    allocation = active()
    load(allocation, row(allocation, elapsed=0, state="CANCELLED by 0", Start="None", AllocTRES=""))
    assert UsageRecord.objects.get().job_state == "CANCELLED"
    assert used(allocation) == 0


# Unknown accounts


def test_runs_of_an_unknown_account_are_kept_and_charged_once_the_account_is_known():
    waiting = awarded()
    done = load(waiting, row(waiting, job=1), row(waiting, job=2))
    assert (done.recorded, done.unmatched) == (2, 2)
    assert done.unknown_accounts == {waiting.account_name: 2}
    assert "kept uncharged" in explain(done)[0]
    assert used(waiting) == 0
    allocations.record_applied(waiting.number, waiting.account_name)
    assert usage.charge_waiting() == 2
    assert used(waiting) == 16 * HOUR
    assert usage.charge_waiting() == 0
    assert clean()


def test_the_next_import_charges_them_too():
    waiting = awarded()
    load(waiting, row(waiting, job=1))
    allocations.record_applied(waiting.number, waiting.account_name)
    done = load(waiting, row(waiting, job=2))
    assert used(waiting) == 16 * HOUR
    assert done.card_seconds == 16 * HOUR


def test_an_account_of_another_machine_is_unknown_here():
    here, elsewhere = active(), active()
    load(here, row(here, Account=elsewhere.account_name))
    assert (used(here), used(elsewhere)) == (0, 0)


# Over the award


def test_use_beyond_the_award_is_posted_and_noted_once():
    allocation = active(hours=10)
    load(allocation, row(allocation, job=1, elapsed=HOUR))
    assert "allocation.overused" not in events(allocation)
    load(allocation, row(allocation, job=2, elapsed=HOUR))
    assert left(allocation) == -6 * HOUR
    load(allocation, row(allocation, job=3, elapsed=HOUR))
    assert events(allocation).count("allocation.overused") == 1
    assert clean()


def events(target):
    return [event.action for event in audit.history(target)]


# Energy


def test_energy_is_measured_or_else_estimated_from_the_machines_power():
    allocation = active()  # 2048 cards in 2 MW
    load(
        allocation,
        row(allocation, job=1, ConsumedEnergyRaw="5000"),
        row(allocation, job=2, elapsed=1024, cards=2),
        row(allocation, job=3, cards=0),
        row(allocation, job=4, ConsumedEnergyRaw="0", elapsed=1024, cards=2),
    )
    found = dict(UsageRecord.objects.values_list("job_id_raw", "energy_joules"))
    sources = dict(UsageRecord.objects.values_list("job_id_raw", "energy_source"))
    assert found == {1: 5000, 2: 2_000_000, 3: None, 4: 2_000_000}
    assert sources == {1: "measured", 2: "estimated", 3: "none", 4: "estimated"}
    totals = usage_totals(UsageRecord.objects.all())
    assert (totals.runs, totals.energy_joules, totals.measured_joules) == (4, 4_005_000, 5000)


def test_an_export_without_steps_does_not_erase_a_measurement():
    allocation = active()
    batch = row(allocation, JobIDRaw="100.batch", ConsumedEnergyRaw="900")
    load(allocation, row(allocation), batch)
    done = load(allocation, row(allocation))
    assert done.unchanged == 1
    assert UsageRecord.objects.get().energy_joules == 900


def test_totals_of_nothing():
    totals = usage_totals(UsageRecord.objects.none())
    assert (totals.runs, totals.card_seconds, totals.energy_joules) == (0, 0, None)


# Bad files


def test_a_bad_row_stops_the_file_and_nothing_is_written():
    allocation = active()
    bad = row(allocation, job=2, ElapsedRaw="soon")
    with pytest.raises(Invalid) as refused:
        load(allocation, row(allocation), bad)
    assert refused.value.errors["file"] == [
        "Line 3: ElapsedRaw “soon” is not a plausible whole number."
    ]
    assert not UsageImport.objects.exists()
    assert used(allocation) == 0


def test_bad_rows_can_be_left_out_and_are_listed():
    allocation = active()
    done = load(allocation, row(allocation), row(allocation, job=2, State="BROKEN"), skip_bad=True)
    assert (done.skipped_rows, done.runs) == (1, 1)
    assert done.skipped[0]["line"] == 3
    assert "Line 3: State “BROKEN” is not a Slurm job state." in explain(done)


def test_many_bad_rows_are_counted_not_all_shown():
    allocation = active()
    with pytest.raises(Invalid) as refused:
        load(allocation, *[row(allocation, job=n, State="X") for n in range(1, 151)])
    assert len(refused.value.errors["file"]) == usage.SHOWN_PROBLEMS + 1
    assert refused.value.errors["file"][-1] == "And 130 more bad rows."


def test_messages_come_in_the_readers_language():
    allocation = active()
    with translation.override("zh-hans"), pytest.raises(Invalid) as refused:
        load(allocation, row(allocation, State="X"))
    assert refused.value.errors["file"][0]


def test_a_cut_file_is_refused_as_a_whole():
    allocation = active()
    cut = BytesIO(sacct([row(allocation), row(allocation, job=2)]).getvalue()[:-5])
    with pytest.raises(Invalid):
        load(allocation, cut)
    assert not UsageRecord.objects.exists()


def test_a_file_with_nothing_in_it_says_what_to_look_at():
    allocation = active()
    done = load(allocation, sacct([]))
    assert done.state == "done"
    assert "no rows" in explain(done)[0]


# Who


def test_only_operators_of_the_machines_centre_import():
    allocation = active()
    for by in (operator(), member(), research_officer(), deployment_officer()):
        with pytest.raises(PermissionDenied):
            load(allocation, row(allocation), by=by)
    by = operator_for(allocation)
    done = load(allocation, row(allocation), by=by)
    assert done.by == by
    assert Transfer.objects.get(code="usage").actor == by
    assert events(done) == ["usage.imported", "usage.import_started"]


def test_unmatched_runs_are_the_centres_business_alone():
    waiting = awarded()
    load(waiting, row(waiting))
    assert UsageRecord.objects.visible_to(operator_for(waiting)).count() == 1
    for person in (waiting.proposal.lead, operator(), deployment_officer()):
        assert not UsageRecord.objects.visible_to(person).exists()

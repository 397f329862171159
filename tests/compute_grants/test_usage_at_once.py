"""Two imports at once, and a large file: with real commits."""

import threading
import time
from io import BytesIO

import pytest
from django.db import connections

from compute_grants.actions import usage
from compute_grants.models import UsageImport, UsageRecord
from consortium.actions import ledger
from consortium.models import Transfer
from consortium.reconciliation import differences
from tests.factories.allocations import active, row, sacct
from tests.factories.compute_grants import HOUR

pytestmark = pytest.mark.django_db(transaction=True)


def load(allocation, data: bytes):
    return usage.import_sacct(
        machine=allocation.resource.machine, stream=BytesIO(data), source="x", by=None
    )


def at_once(*jobs):
    """Run each in a thread with its own connection; raise the first error."""
    errors = []
    gate = threading.Barrier(len(jobs))

    def run(job):
        try:
            gate.wait()
            job()
        except Exception as error:  # noqa: BLE001  raised below, in the test's thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_the_same_file_four_times_at_once_charges_each_run_once(monkeypatch):
    monkeypatch.setattr(usage, "BATCH", 20)
    allocation = active()
    data = sacct([row(allocation, job=n, elapsed=10 + n) for n in range(200)]).getvalue()
    at_once(*[lambda: load(allocation, data)] * 4)
    expected = sum((10 + n) * 8 for n in range(200))
    assert allocation.seconds - ledger.balance(allocation.account).available == expected
    assert Transfer.objects.filter(code="usage").count() == 200 / 20  # one for each batch
    imports = UsageImport.objects.all()
    assert sum(i.recorded for i in imports) == 200
    assert sum(i.unchanged for i in imports) == 600
    assert list(differences()) == []


def test_overlapping_files_of_two_accounts_at_once_do_not_block_each_other(monkeypatch):
    monkeypatch.setattr(usage, "BATCH", 10)
    first = active()
    second = active(resource=first.resource)
    rows = [row(a, job=2 * n + k) for n in range(50) for k, a in enumerate((first, second))]
    forward, backward = sacct(rows).getvalue(), sacct(rows[::-1]).getvalue()
    at_once(lambda: load(first, forward), lambda: load(second, backward))
    for allocation in (first, second):
        spent = allocation.seconds - ledger.balance(allocation.account).available
        assert spent == 50 * 8 * HOUR
    assert list(differences()) == []


@pytest.mark.bench
@pytest.mark.slow
def test_a_hundred_thousand_rows_load_at_five_thousand_a_second():
    allocation = active()
    rows = []
    for n in range(34_000):
        rows += [
            row(allocation, job=n, elapsed=60 + n % 7),
            row(allocation, JobIDRaw=f"{n}.batch", ConsumedEnergyRaw="606"),
            row(allocation, JobIDRaw=f"{n}.0"),
        ]
    data = sacct(rows).getvalue()
    began, cpu0 = time.monotonic(), time.process_time()
    load(allocation, data)
    speed = len(rows) / (time.monotonic() - began)
    began, cpu0 = time.monotonic(), time.process_time()
    load(allocation, data)
    cpu = time.process_time() - cpu0
    again = len(rows) / (time.monotonic() - began)
    print(f"{speed:,.0f} rows/s first, {again:,.0f} again; {cpu:.1f} s of CPU here")  # noqa: T201
    assert UsageRecord.objects.count() == 34_000
    assert speed > 5000

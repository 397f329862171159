"""How fast a day of a 100,000-card machine's accounting is read and charged, and read again.

The peer is PostgreSQL's own COPY of the same file into a bare table of text: no check, no key,
no index, no ledger. `into_the_same_table` is COPY of the finished records into a table with
the same columns and indexes as theirs. Both in the same run.
"""

from __future__ import annotations

import resource
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connection

from bench import rows, usage_day
from bench.result import Failed, Peer, Result
from compute_grants.actions.usage import import_sacct
from compute_grants.models import Allocation, Machine, UsageImport, UsageRecord
from consortium.actions import ledger
from consortium.models import Account, Transfer
from consortium.reconciliation import differences
from portal.runtime.postgres import Postgres

ROWS, QUICK_ROWS, WARM_ROWS = 1_000_000, 5_000, 100_000
GRANTS = 200
ENOUGH = 10**12  # seconds: nobody comes near an end
FLOOR = 25_000  # rows a second
MOST_GROWTH = 24 * 1024  # KiB of this process, from a tenth of the day to the whole day
TABLE = "compute_grants_usagerecord"


def day(_server: Postgres, _database: str, quick: bool) -> Iterator[Result]:
    """The day, then the day again, which must change nothing."""
    count = QUICK_ROWS if quick else ROWS
    people = rows.cast("usage")
    machine = people.resource.machine
    accounts = _accounts(people)
    Allocation.objects.filter(slurm_account__in=accounts).update(seconds=ENOUGH)
    with tempfile.TemporaryDirectory() as folder:
        warm = _written(folder, machine, accounts, WARM_ROWS if not quick else 500, seed=1)
        file = _written(folder, machine, accounts, count, seed=7)
        raw = count / _timed(lambda: _copy_file(file))
        _read(machine, warm)
        small = _peak_kib()
        _forget(machine)
        taken = _timed(lambda: _read(machine, file))
        growth = _peak_kib() - small
        posted = Transfer.objects.count()
        again = _timed(lambda: _read(machine, file))
    _must_be_right(machine, count, posted, growth, quick=quick)
    same = count / _timed(_copy_records)
    facts = {
        "rows": count,
        "grants": GRANTS,
        "transfers": posted,
        "memory_growth_kib": growth,
        "into_the_same_table": round(same),
    }
    peer = Peer("COPY of the same file into bare text", raw)
    yield Result("usage_day", count / taken, "rows/s", peer, FLOOR, facts)
    yield Result("usage_day_again", count / again, "rows/s", peer, FLOOR, {"changed": 0})


def _accounts(people: rows.Cast) -> list[str]:
    """Names of the cluster's accounts of so many grants; one in fifty runs has none."""
    made = rows.allocations(people, GRANTS)
    for n, grant in enumerate(made):
        grant.slurm_account = f"ncc2030_{n:04}"
    Allocation.objects.bulk_update(made, ["slurm_account"])
    source = ledger.open_account(
        unit=people.resource.unit, kind=Account.Kind.SOURCE, owner="usage_day", capped=False
    )
    ledger.post_many(
        [
            ledger.Posting(uuid.uuid4(), source.pk, grant.account_id, ENOUGH, "bench")
            for grant in made
            if grant.account_id is not None
        ]
    )
    return [*(grant.slurm_account or "" for grant in made), "other", "other2", "other3", "other4"]


def _written(folder: str, machine: Machine, accounts: list[str], count: int, *, seed: int) -> Path:
    path = Path(folder) / f"{seed}.psv"
    with path.open("wb") as out, usage_day.day(machine.cluster, accounts, count, seed) as day:
        while block := day.read(1 << 18):
            out.write(block)
    return path


def _read(machine: Machine, path: Path) -> UsageImport:
    with path.open("rb") as stream:
        return import_sacct(machine=machine, stream=stream, source=path.name, by=None)


def _forget(machine: Machine) -> None:
    """The small day is another day's jobs: it only warmed what is warm in a worker."""
    UsageRecord.objects.filter(cluster=machine.cluster).update(cluster="another")
    _sql(f"VACUUM ANALYZE {TABLE}")


def _must_be_right(machine: Machine, count: int, posted: int, growth: int, *, quick: bool) -> None:
    first, second = UsageImport.objects.filter(machine=machine).order_by("-pk")[:2][::-1]
    told = (first.recorded, first.skipped_rows, second.unchanged, second.corrected)
    if told != (count, 0, count, 0):
        raise Failed(f"of {count} rows: recorded, bad, unchanged, corrected again: {told}")
    if Transfer.objects.count() != posted or second.card_seconds or second.core_seconds:
        raise Failed("reading the day again moved time")
    if growth > MOST_GROWTH and not quick:
        raise Failed(f"the process grew by {growth} KiB with the file")
    wrong = [line for name, line in differences() if name.startswith("usage.")]
    if wrong:
        raise Failed("\n".join(wrong[:10]))


def _copy_file(path: Path) -> None:
    columns = ", ".join(f'"{name}" text' for name in usage_day.HEADER.split("|"))
    _sql(f"DROP TABLE IF EXISTS bare_usage; CREATE TABLE bare_usage ({columns})")
    command = "COPY bare_usage FROM STDIN (FORMAT csv, DELIMITER '|', QUOTE E'\\b', HEADER)"
    with path.open("rb") as stream, connection.cursor() as cursor, cursor.copy(command) as copy:
        while block := stream.read(1 << 18):
            copy.write(block)


def _copy_records() -> None:
    """Out of the records' table and into one like it; most of the time is the second half."""
    _sql(f"DROP TABLE IF EXISTS same_usage; CREATE TABLE same_usage (LIKE {TABLE} INCLUDING ALL)")
    with tempfile.TemporaryFile() as file:
        with connection.cursor() as cursor:
            day_only = f"(SELECT * FROM {TABLE} WHERE cluster <> 'another')"  # noqa: S608  a name of ours
            with cursor.copy(f"COPY {day_only} TO STDOUT (FORMAT binary)") as out:
                for block in out:
                    file.write(block)
        file.seek(0)
        command = "COPY same_usage FROM STDIN (FORMAT binary)"
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            while block := file.read(1 << 18):
                copy.write(block)


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)

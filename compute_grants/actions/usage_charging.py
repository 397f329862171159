"""Charging job runs to the ledger, each exactly once.

A run's record and its postings are written in one transaction, under a lock on the machine,
so that two imports of the same rows take turns. What is due follows from the record alone;
only the difference to what was charged before is posted. A posting's key follows from the run,
the round and the allocation, so that even a lost record could not charge twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from compute_grants.models import Allocation, Machine, UsageImport, UsageRecord
from compute_grants.sacct import JobRun
from consortium import audit
from consortium.actions import ledger
from consortium.models import Account, Unit

KEYS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:portal:usage")
CODE, BACK = "usage", "usage-correction"
# What an accounting row says of a run; the rest of a record is ours.
FACTS = (
    *("account", "job_id", "cluster_user", "partition", "job_state", "job_name", "stage"),
    *("start_at", "end_at", "used_at", "elapsed_seconds", "card_seconds", "core_seconds"),
    *("energy_joules", "energy_source"),
)


@dataclass(slots=True)
class Tally:
    """What a batch came to. Seconds are net; they fall where a correction gives time back."""

    recorded: int = 0
    corrected: int = 0
    unchanged: int = 0
    unmatched: int = 0
    card_seconds: int = 0
    core_seconds: int = 0
    unknown: dict[str, int] = field(default_factory=dict)

    def add(self, unit: str, seconds: int) -> None:
        if unit == Unit.CARD_SECONDS:
            self.card_seconds += seconds
        else:
            self.core_seconds += seconds


@transaction.atomic
def record_runs(imported: UsageImport, runs: Iterable[JobRun]) -> Tally:
    """Record and charge a batch (hundreds at a time are best), and count it on the import."""
    machine = _lock(imported.machine_id)
    newest = _fold(runs)
    known = _existing(machine, newest)
    allocations = _allocations(machine, {run.account for run in newest.values()})
    tally = Tally()
    changed = []
    for key, run in newest.items():
        record = known.get(key)
        facts = _kept_reading(_facts(run, machine), record)
        allocation = allocations.get(run.account)
        if allocation is None:
            tally.unmatched += 1
            tally.unknown[run.account] = tally.unknown.get(run.account, 0) + 1
        if record is None:
            record = UsageRecord(
                cluster=machine.cluster, job_id_raw=run.job_id_raw, submit_at=run.submit_at
            )
            tally.recorded += 1
        elif _older(facts, record) or not _differs(facts, record, allocation):
            tally.unchanged += 1
            continue
        else:
            tally.corrected += 1
        for name, value in facts.items():
            setattr(record, name, value)
        changed.append((record, allocation))
    _charge(changed, imported, tally)
    _count(imported, tally)
    return tally


@transaction.atomic
def charge_known(machine: Machine, imported: UsageImport | None = None, limit: int = 1000) -> int:
    """Charge recorded runs whose account an allocation has meanwhile; returns how many."""
    machine = _lock(machine.pk)
    accounts = Allocation.objects.filter(
        resource__machine=machine, slurm_account__isnull=False
    ).values("slurm_account")
    waiting = UsageRecord.objects.filter(
        allocation__isnull=True, cluster=machine.cluster, account__in=accounts
    )
    records = list(waiting.order_by("pk")[:limit])
    allocations = _allocations(machine, {record.account for record in records})
    tally = Tally(corrected=len(records))
    _charge([(record, allocations[record.account]) for record in records], imported, tally)
    if imported is not None:
        _count(imported, tally)
    return len(records)


def due(allocation: Allocation | None, record: UsageRecord) -> int:
    """What the run costs, in the allocation's unit: what it was allocated, times how long."""
    if allocation is None:
        return 0
    if allocation.resource.unit == Unit.CARD_SECONDS:
        return record.card_seconds
    return record.core_seconds


def _lock(machine_id: int) -> Machine:
    return Machine.objects.select_for_update(no_key=True).get(pk=machine_id)


def _fold(runs: Iterable[JobRun]) -> dict[tuple[int, datetime], JobRun]:
    """The newest reading of each run: files that overlap tell some runs twice."""
    newest: dict[tuple[int, datetime], JobRun] = {}
    for run in runs:
        before = newest.get(run.key)
        if before is None or _progress(run) >= _progress(before):
            newest[run.key] = run
    return newest


def _progress(run: JobRun) -> tuple[bool, int]:
    """How far a reading had come. Among ended ones the last read wins: records are corrected."""
    ended = run.end_at is not None
    return ended, 0 if ended else run.elapsed_seconds


def _existing(
    machine: Machine, runs: dict[tuple[int, datetime], JobRun]
) -> dict[tuple[int, datetime], UsageRecord]:
    ids = {job_id for job_id, _ in runs}
    rows = UsageRecord.objects.filter(cluster=machine.cluster, job_id_raw__in=ids)
    return {(row.job_id_raw, row.submit_at): row for row in rows}


def _allocations(machine: Machine, accounts: set[str]) -> dict[str, Allocation]:
    rows = Allocation.objects.filter(resource__machine=machine, slurm_account__in=accounts)
    return {row.slurm_account or "": row for row in rows.select_related("resource", "account")}


def _facts(run: JobRun, machine: Machine) -> dict[str, object]:
    joules, source = _energy(run, machine)
    began = run.start_at or run.submit_at
    return {
        "account": run.account,
        "job_id": run.job_id,
        "cluster_user": run.user,
        "partition": run.partition,
        "job_state": run.state,
        "job_name": run.job_name,
        "stage": run.stage,
        "start_at": run.start_at,
        "end_at": run.end_at,
        "used_at": run.end_at or began + timedelta(seconds=run.elapsed_seconds),
        "elapsed_seconds": run.elapsed_seconds,
        "card_seconds": run.card_seconds,
        "core_seconds": run.core_seconds,
        "energy_joules": joules,
        "energy_source": source,
    }


def _energy(run: JobRun, machine: Machine) -> tuple[int | None, str]:
    """The cluster's reading, else an estimate from the machine's stated power, else nothing.

    Zero joules of a run that took time is a sensor that did not answer. The estimate gives a
    card (a core, where the machine has no cards) its share of the whole machine's power.
    """
    if run.energy_joules or (run.energy_joules == 0 and run.elapsed_seconds == 0):
        return run.energy_joules, UsageRecord.EnergySource.MEASURED
    if machine.cards:
        share, whole = run.card_seconds, machine.cards
    else:
        share, whole = run.core_seconds, machine.cores
    if not machine.power_watts or not whole or not share:
        return None, UsageRecord.EnergySource.NONE
    return share * machine.power_watts // whole, UsageRecord.EnergySource.ESTIMATED


def _older(facts: dict[str, object], record: UsageRecord) -> bool:
    """Whether the file was exported before what we know already."""
    ended = facts["end_at"] is not None
    if record.end_at is not None:
        return not ended
    elapsed = facts["elapsed_seconds"]
    assert isinstance(elapsed, int)
    return not ended and elapsed < record.elapsed_seconds


def _kept_reading(facts: dict[str, object], record: UsageRecord | None) -> dict[str, object]:
    """An export without steps has no energy for batch-only jobs: keep what was measured."""
    measured = UsageRecord.EnergySource.MEASURED
    if record is None or record.energy_source != measured or facts["energy_source"] == measured:
        return facts
    return facts | {"energy_joules": record.energy_joules, "energy_source": measured}


def _differs(facts: dict[str, object], record: UsageRecord, allocation: Allocation | None) -> bool:
    if record.allocation_id != (allocation.pk if allocation else None):
        return True
    return any(getattr(record, name) != value for name, value in facts.items())


def _charge(
    changed: Sequence[tuple[UsageRecord, Allocation | None]],
    imported: UsageImport | None,
    tally: Tally,
) -> None:
    """Post what each record owes now, and write the records."""
    if not changed:
        return
    known = {allocation.pk: allocation for _, allocation in changed if allocation is not None}
    known |= _by_id({r.allocation_id for r, _ in changed if r.allocation_id} - known.keys())
    sinks = {a.resource_id: _sink(a) for a in known.values()}
    actor_id = imported.by_id if imported else None
    postings: list[ledger.Posting] = []
    for record, allocation in changed:
        moves = _moves(record, allocation, known)
        record.revision += bool(moves)
        for owner, seconds in moves:
            postings.append(_posting(record, owner, sinks[owner.resource_id], seconds, actor_id))
            record.transfers = [*record.transfers, postings[-1].key]
            tally.add(owner.resource.unit, seconds)
        record.allocation, record.charged = allocation, due(allocation, record)
        if imported is not None:
            record.read_by, record.read_at = imported, timezone.now()
    ledger.post_many(postings)
    UsageRecord.objects.write([record for record, _ in changed])
    _note_overuse(known.values())


def _moves(
    record: UsageRecord, allocation: Allocation | None, known: dict[int, Allocation]
) -> list[tuple[Allocation, int]]:
    """(allocation, seconds to take; negative: to give back), without the zeros."""
    owed = due(allocation, record)
    if allocation is not None and record.allocation_id == allocation.pk:
        moves = [(allocation, owed - record.charged)]
    else:
        moves = [(allocation, owed)] if allocation is not None else []
        if record.allocation_id is not None:
            moves.insert(0, (known[record.allocation_id], -record.charged))
    return [(owner, seconds) for owner, seconds in moves if seconds]


def _posting(
    record: UsageRecord, owner: Allocation, sink: Account, seconds: int, actor_id: int | None
) -> ledger.Posting:
    run = f"{record.cluster}|{record.job_id_raw}|{int(record.submit_at.timestamp())}"
    assert owner.account_id is not None, "an allocation has its account from the award on"
    taking = seconds > 0
    return ledger.Posting(
        key=uuid.uuid5(KEYS, f"{run}|{record.revision}|{owner.number}"),
        debit_id=owner.account_id if taking else sink.pk,
        credit_id=sink.pk if taking else owner.account_id,
        amount=abs(seconds),
        code=CODE if taking else BACK,
        actor_id=actor_id,
        reason=f"{record.cluster} {record.job_id}",
    )


def _by_id(ids: set[int]) -> dict[int, Allocation]:
    if not ids:
        return {}
    return Allocation.objects.select_related("resource", "account").in_bulk(ids)


def _sink(allocation: Allocation) -> Account:
    """Where used time of a resource goes."""
    return ledger.open_account(
        unit=allocation.resource.unit,
        kind=Account.Kind.USAGE,
        owner=ledger.owner_of(allocation.resource),
        capped=False,
    )


def _note_overuse(touched: Iterable[Allocation]) -> None:
    """An event when an allocation's time runs out: once, at the posting that did it.

    `touched` carries the balances from before; imports of one machine take turns, so nobody
    else posted usage in between.
    """
    had = {a.pk: a.account.available for a in touched if a.account is not None}
    spent = Allocation.objects.filter(pk__in=[pk for pk, left in had.items() if left >= 0])
    for allocation in spent.filter(account__available__lt=0).select_related("account"):
        assert allocation.account is not None
        audit.record(
            "allocation.overused",
            allocation,
            by=None,
            over_seconds=-allocation.account.available,
            granted_seconds=allocation.seconds,
        )


def _count(imported: UsageImport, tally: Tally) -> None:
    """Add a batch to the import's figures, in the batch's own transaction."""
    imported.recorded += tally.recorded
    imported.corrected += tally.corrected
    imported.unchanged += tally.unchanged
    imported.unmatched += tally.unmatched
    imported.card_seconds += tally.card_seconds
    imported.core_seconds += tally.core_seconds
    for account, runs in tally.unknown.items():
        imported.unknown_accounts[account] = imported.unknown_accounts.get(account, 0) + runs
    imported.save(
        update_fields=[
            *("runs", "waiting", "recorded", "corrected", "unchanged", "unmatched"),
            *("card_seconds", "core_seconds", "unknown_accounts", "changed_at"),
        ]
    )

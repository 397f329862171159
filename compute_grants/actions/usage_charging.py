"""Charging job runs to the ledger, each exactly once.

A batch's records and its postings are written in one transaction, under a lock on the machine,
so that two imports of the same rows take turns. What is due follows from the run and the
machine's charging rule alone; only the difference to what was charged before is posted: one
transfer for each grant and direction, with the runs as its lines (ADR 26). Its key follows from
those lines, so that the same batch could not be charged twice even if its records were lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from compute_grants.actions import usage_sql as sql
from compute_grants.models import Allocation, Machine, UsageImport
from consortium import audit
from consortium.actions import ledger
from consortium.models import Account, Unit

KEYS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:portal:usage")
CODE, BACK = "usage", "usage-correction"
NAMED_UNKNOWN = 500  # accounts without a grant that an import names


@dataclass(slots=True)
class Tally:
    """What a batch came to. Seconds are net; they fall where a correction gives time back."""

    runs: int = 0
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


class _Move(NamedTuple):
    """What the runs of one grant take of it (seconds > 0), or give back to it, together."""

    owner: int
    taking: bool
    seconds: int
    runs: int
    first_job: str
    lines: str


@transaction.atomic
def record_runs(imported: UsageImport, after: int, upto: int) -> Tally:
    """Record and charge the staged runs after `after`, through `upto`; count them.

    The commit does not wait for the disk: what a crash takes is read again, whole batches at a
    time, and the commit that ends the import waits for all before it.
    """
    _run("SET LOCAL synchronous_commit = off")
    machine = _lock(imported.machine_id)
    _run(sql.TABLE)
    _run("TRUNCATE usage_changed")
    _run(sql.JUDGE, _facts_of(machine) | {"after": after, "upto": upto})
    found, new, changed, unmatched = _rows(sql.COUNTS)[0]
    tally = Tally(
        runs=upto - after,
        recorded=new,
        corrected=changed,
        unchanged=found - new - changed,
        unmatched=unmatched,
        unknown=dict(_rows(sql.UNKNOWN, [NAMED_UNKNOWN])) if unmatched else {},
    )
    _charge(machine, imported, tally)
    _count(imported, tally)
    return tally


@transaction.atomic
def charge_known(machine: Machine, imported: UsageImport | None = None, limit: int = 1000) -> int:
    """Charge recorded runs whose account an allocation has meanwhile; returns how many."""
    machine = _lock(machine.pk)
    _run(sql.TABLE)
    _run("TRUNCATE usage_changed")
    _run(sql.JUDGE_KNOWN, _facts_of(machine) | {"limit": limit})
    found: int = _rows(sql.COUNTS)[0][0]
    tally = Tally(corrected=found)
    _charge(machine, imported, tally)
    if imported is not None:
        _count(imported, tally)
    return found


def _lock(machine_id: int) -> Machine:
    return Machine.objects.select_for_update(no_key=True).get(pk=machine_id)


def _facts_of(machine: Machine) -> dict[str, Any]:
    return {
        "machine": machine.pk,
        "cluster": machine.cluster,
        "zone": settings.TIME_ZONE,
        "machine_cards": machine.cards,
        "watts": machine.power_watts,
        "units": machine.cards or machine.cores,
    }


def _charge(machine: Machine, imported: UsageImport | None, tally: Tally) -> None:
    """Post what the judged runs owe now, and write their records."""
    if not tally.recorded and not tally.corrected:
        return
    moves = [_Move(*row) for row in _rows(sql.MOVES)]
    owners = _by_id({move.owner for move in moves})
    sinks = {a.resource_id: _sink(a) for a in owners.values()}
    actor_id = imported.by_id if imported else None
    postings: list[ledger.Posting] = []
    for move in moves:
        owner = owners[move.owner]
        postings.append(_posting(machine, move, owner, sinks[owner.resource_id], actor_id))
        tally.add(owner.resource.unit, move.seconds)
    ledger.post_many(postings)
    _write(machine, imported, moves, postings)
    _note_overuse(owners.values())


def _write(
    machine: Machine,
    imported: UsageImport | None,
    moves: Sequence[_Move],
    postings: Sequence[ledger.Posting],
) -> None:
    values: dict[str, Any] = {
        "cluster": machine.cluster,
        "read_by": imported.pk if imported else None,
        "owners": [move.owner for move in moves],
        "taking": [move.taking for move in moves],
        "keys": [posting.key for posting in postings],
    }
    _run(sql.INSERT, values | {"verdict": "new"})
    _run(sql.UPDATE, values | {"verdict": "changed"})


def _posting(
    machine: Machine, move: _Move, owner: Allocation, sink: Account, actor_id: int | None
) -> ledger.Posting:
    assert owner.account_id is not None, "an allocation has its account from the award on"
    of = move.first_job if move.runs == 1 else f"{move.first_job} +{move.runs - 1}"
    return ledger.Posting(
        key=uuid.uuid5(KEYS, f"{machine.cluster}|{move.lines}|{owner.number}"),
        debit_id=owner.account_id if move.taking else sink.pk,
        credit_id=sink.pk if move.taking else owner.account_id,
        amount=abs(move.seconds),
        code=CODE if move.taking else BACK,
        actor_id=actor_id,
        reason=f"{machine.cluster} {of}",
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
    imported.runs += tally.runs
    imported.recorded += tally.recorded
    imported.corrected += tally.corrected
    imported.unchanged += tally.unchanged
    imported.unmatched += tally.unmatched
    imported.card_seconds += tally.card_seconds
    imported.core_seconds += tally.core_seconds
    known = imported.unknown_accounts
    for account, runs in tally.unknown.items():
        if account in known or len(known) < NAMED_UNKNOWN:
            known[account] = known.get(account, 0) + runs
    imported.save(
        update_fields=[
            *("runs", "waiting", "recorded", "corrected", "unchanged", "unmatched"),
            *("card_seconds", "core_seconds", "unknown_accounts", "changed_at"),
        ]
    )


def _run(statement: str, values: Mapping[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _rows(statement: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())

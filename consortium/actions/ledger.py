"""The only way to move time or money. Each call is one SQL function of `ledger_posting`.

Every request carries its key: sending it twice moves nothing twice. Reason and actor are not
part of what a key stands for.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import DatabaseError, connection, models, transaction
from django.db.models import Sum

from consortium import audit
from consortium.actions import ledger_errors
from consortium.actions.ledger_errors import (
    AccountMissing,
    AmountNotPositive,
    AmountTooLarge,
    HoldOver,
    KeyReused,
    LedgerRefusal,
    NotReversible,
    Overdrawn,
    SinkCannotHold,
    UnitMismatch,
)
from consortium.models import Account, Hold, Transfer, Unit, User

__all__ = [
    "AccountMissing",
    "AmountNotPositive",
    "AmountTooLarge",
    "Balance",
    "HoldOver",
    "KeyReused",
    "LedgerRefusal",
    "NotReversible",
    "Overdrawn",
    "Posting",
    "SinkCannotHold",
    "UnitMismatch",
    "balance",
    "expire_holds",
    "hold",
    "open_account",
    "owner_of",
    "post",
    "post_hold",
    "post_many",
    "reverse",
    "void_hold",
]

# A row that another session made meanwhile; serialisation failure and deadlock.
RETRYABLE_INSIDE = frozenset({"23505"})
RETRYABLE = RETRYABLE_INSIDE | {"40001", "40P01"}
TRIES = 6
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of post_many. `amount` > 0 in the accounts' unit, from debit to credit."""

    key: uuid.UUID
    debit_id: int
    credit_id: int
    amount: int
    code: str
    actor_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """available = posted_in - posted_out - held; negative only on an uncapped account."""

    available: int
    held: int
    posted_in: int
    posted_out: int


def owner_of(obj: models.Model) -> str:
    """How an account names the row it belongs to."""
    return f"{obj._meta.label_lower}:{obj.pk}"


def open_account(*, unit: str, kind: str, owner: str, capped: bool) -> Account:
    """The account of this unit, kind and owner, made if there is none. `capped` never changes."""
    sink = not capped and kind in Account.SINK_KINDS
    account, _created = Account.objects.get_or_create(
        unit=Unit(unit),
        kind=Account.Kind(kind),
        owner=owner,
        defaults={"capped": capped, "sink": sink},
    )
    return account


def post(
    *,
    key: uuid.UUID,
    debit: Account,
    credit: Account,
    amount: int,
    code: str,
    by: User | None,
    reason: str = "",
) -> Transfer:
    """Move `amount` FROM debit TO credit, once for this key.

    Raises Overdrawn, KeyReused, UnitMismatch, AmountNotPositive, AmountTooLarge,
    AccountMissing.
    """
    transfer: Transfer = _call(
        Transfer.objects,
        "ledger_post(%s::uuid, %s, %s, %s::bigint, %s, %s::bigint, %s)",
        [key, debit.pk, credit.pk, amount, code, by and by.pk, reason],
    )
    return transfer


def post_many(postings: Sequence[Posting]) -> list[uuid.UUID]:
    """Post all or none. Returns the keys that were new; the others had been posted before.

    Raises as `post` does. Hundreds at a time are best: each call locks its accounts.
    """
    if not postings:
        return []
    columns: list[list[Any]] = [
        [p.key for p in postings],
        [p.debit_id for p in postings],
        [p.credit_id for p in postings],
        [p.amount for p in postings],
        [p.code for p in postings],
        [p.actor_id for p in postings],
        [p.reason for p in postings],
    ]
    sql = (
        "SELECT ledger_post_many(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[],"
        " %s::text[], %s::bigint[], %s::text[])"
    )

    def run() -> list[uuid.UUID]:
        with connection.cursor() as cursor:
            cursor.execute(sql, columns)
            return list(cursor.fetchone()[0])

    return _retrying(run)


@transaction.atomic
def reverse(transfer: Transfer, *, key: uuid.UUID, by: User | None, reason: str) -> Transfer:
    """Move a transfer's whole amount back, once. Raises NotReversible, Overdrawn, KeyReused."""
    back: Transfer = _call(
        Transfer.objects,
        "ledger_reverse(%s::uuid, %s::uuid, %s::bigint, %s)",
        [key, transfer.pk, by and by.pk, reason],
    )
    _record_once("transfer.reversed", transfer, by=by, reversal=str(back.pk), amount=back.amount)
    return back


@transaction.atomic
def hold(
    *,
    key: uuid.UUID,
    account: Account,
    credit: Account,
    amount: int,
    code: str,
    lasts: timedelta,
    by: User | None,
) -> Hold:
    """Set `amount` aside on `account`, meant for `credit`, for so long by the database's clock.

    Raises Overdrawn, KeyReused, UnitMismatch, SinkCannotHold, AmountNotPositive.
    """
    held: Hold = _call(
        Hold.objects,
        "ledger_hold(%s::uuid, %s, %s, %s::bigint, %s, %s::interval)",
        [key, account.pk, credit.pk, amount, code, lasts],
    )
    _record_once("hold.placed", held, by=by, amount=amount, account=account.pk)
    return held


@transaction.atomic
def post_hold(
    held: Hold, *, by: User | None, amount: int | None = None, reason: str = ""
) -> Transfer:
    """Move what a hold set aside (or less of it) to where it was meant for; the rest is freed.

    The transfer's id is the hold's. Raises HoldOver when voided, expired or asked for more.
    """
    transfer: Transfer = _call(
        Transfer.objects,
        "ledger_post_hold(%s::uuid, %s::bigint, %s::bigint, %s)",
        [held.pk, held.amount if amount is None else amount, by and by.pk, reason],
    )
    _record_once("hold.posted", held, by=by, amount=transfer.amount)
    return transfer


@transaction.atomic
def void_hold(held: Hold, *, by: User | None) -> Hold:
    """Give the amount back. Raises HoldOver when the hold was posted or has expired."""
    done: Hold = _call(Hold.objects, "ledger_void_hold(%s::uuid)", [held.pk])
    _record_once("hold.voided", held, by=by, amount=held.amount)
    return done


@transaction.atomic
def expire_holds(limit: int = 500) -> int:
    """End the holds past their expiry. Returns how many."""
    ended = list(Hold.objects.raw("SELECT * FROM ledger_expire_holds(%s)", [limit]))
    for held in ended:
        audit.record("hold.expired", held, by=None, amount=held.amount)
    return len(ended)


def balance(account: Account) -> Balance:
    """What the account has now. A sink's figures are summed from its transfers."""
    fresh = Account.objects.get(pk=account.pk)
    if not fresh.sink:
        return Balance(fresh.available, fresh.held, fresh.posted_in, fresh.posted_out)
    came, went = (
        Transfer.objects.filter(**{side: fresh}).aggregate(sum=Sum("amount", default=0))["sum"]
        for side in ("credit", "debit")
    )
    return Balance(came - went, 0, came, went)


def _record_once(action: str, target: models.Model, *, by: User | None, **detail: Any) -> None:
    """A repeated request changes nothing, so it leaves no second event.

    Whoever repeats one waits in the SQL function for the first to commit, and then sees it.
    """
    if not audit.history(target).filter(action=action).exists():
        audit.record(action, target, by=by, **detail)


def _call(rows: models.Manager[Any], function: str, params: list[Any]) -> Any:
    sql = f"SELECT * FROM {function}"  # noqa: S608  the functions are named above
    return _retrying(lambda: rows.raw(sql, params)[0])


def _retrying(run: Callable[[], Result]) -> Result:
    """Run one statement, again after a collision, and turn refusals into their errors.

    Outside a transaction the statement is one by itself. Inside one, a savepoint keeps the
    caller's usable after a refusal; a deadlock is then the caller's, who holds the locks.
    """
    inside = connection.in_atomic_block
    retryable = RETRYABLE_INSIDE if inside else RETRYABLE
    for attempt in range(TRIES):
        try:
            if not inside:
                return run()
            with transaction.atomic():
                return run()
        except DatabaseError as error:
            if _sqlstate(error) not in retryable or attempt == TRIES - 1:
                ledger_errors.raise_from(error)
            time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311  only spreads them
    raise AssertionError("the last try returns or raises")


def _sqlstate(error: DatabaseError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)

"""What must be true of the books at every instant, as queries that must return nothing.

Each app registers its checks when it is ready:

    reconciliation.register(SqlCheck("usage.transfer", "SELECT …", "job %(job)s has no transfer"))

`manage.py reconcile` runs them all, prints each difference as one line and exits 1 if there is
any. Each check is one statement, hence one snapshot: postings going on do not disturb it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from django.db import connection


class Check(Protocol):
    """One kind of difference. `find` gives a line for each; writes nothing."""

    @property
    def name(self) -> str: ...

    def find(self) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True)
class SqlCheck:
    """A SELECT of differences; `line` is filled with each row's columns, as in "%(id)s"."""

    name: str
    sql: str
    line: str

    def find(self) -> Iterator[str]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql)
            columns = [column.name for column in cursor.description]
            for row in cursor:
                yield self.line % dict(zip(columns, row, strict=True))


_checks: dict[str, Check] = {}


def register(*checks: Check) -> None:
    """Called by each app when it is ready. A name stands for one check."""
    _checks.update({check.name: check for check in checks})


def checks() -> list[Check]:
    return [_checks[name] for name in sorted(_checks)]


def differences() -> Iterator[tuple[str, str]]:
    """(check's name, line) of everything that is not as it must be."""
    for check in checks():
        for line in check.find():
            yield check.name, line


# A sweep ends holds every minute; past this much, the sweep itself is what's wrong.
OVERDUE = "interval '5 minutes'"

# What the transfers say of each account. Sinks have nothing else, and may have seen more than
# a bigint holds.
_SUMS = """
    SELECT account, sum(i) AS i, sum(o) AS o FROM (
        SELECT credit_id AS account, amount AS i, 0 AS o FROM consortium_transfer
        UNION ALL
        SELECT debit_id, 0, amount FROM consortium_transfer
    ) sides GROUP BY account
"""

LEDGER = (
    SqlCheck(
        "ledger.balance",
        f"""
        SELECT a.id, a.unit, a.posted_in, a.posted_out, a.available, a.held,
            coalesce(s.i, 0) AS i, coalesce(s.o, 0) AS o
        FROM consortium_account a LEFT JOIN ({_SUMS}) s ON s.account = a.id
        WHERE NOT a.sink AND (a.posted_in, a.posted_out, a.available) IS DISTINCT FROM
            (coalesce(s.i, 0), coalesce(s.o, 0), coalesce(s.i, 0) - coalesce(s.o, 0) - a.held)
        ORDER BY a.id
        """,  # noqa: S608  constants of this module, here and below
        "account %(id)s says %(posted_in)s in, %(posted_out)s out, %(available)s available, "
        "%(held)s held (%(unit)s); its transfers say %(i)s in and %(o)s out",
    ),
    SqlCheck(
        "ledger.conserved",
        f"""
        SELECT a.unit, sum(
            CASE WHEN a.sink THEN coalesce(s.i - s.o, 0)
                ELSE a.available::numeric + a.held END) AS sum
        FROM consortium_account a LEFT JOIN ({_SUMS}) s ON s.account = a.id
        GROUP BY a.unit HAVING sum(
            CASE WHEN a.sink THEN coalesce(s.i - s.o, 0)
                ELSE a.available::numeric + a.held END) <> 0
        ORDER BY a.unit
        """,  # noqa: S608
        "all accounts in %(unit)s together hold %(sum)s, not 0",
    ),
    SqlCheck(
        "ledger.unit",
        """
        SELECT t.id, t.unit, t.debit_id, t.credit_id, d.unit AS debit, c.unit AS credit
        FROM consortium_transfer t
        LEFT JOIN consortium_account d ON d.id = t.debit_id
        LEFT JOIN consortium_account c ON c.id = t.credit_id
        WHERE (t.unit, t.unit) IS DISTINCT FROM (d.unit, c.unit)
        ORDER BY t.id
        """,
        "transfer %(id)s is in %(unit)s, its accounts %(debit_id)s and %(credit_id)s in "
        "%(debit)s and %(credit)s",
    ),
    SqlCheck(
        "ledger.request",
        """
        SELECT id FROM consortium_transfer
        WHERE req_hash <> ledger_request(debit_id, credit_id, amount, code, reverses_id)
        ORDER BY id
        """,
        "transfer %(id)s is not what was asked for under its key",
    ),
    SqlCheck(
        "ledger.reversal",
        """
        SELECT r.id, r.amount, r.debit_id, r.credit_id, r.reverses_id, t.amount AS original
        FROM consortium_transfer r LEFT JOIN consortium_transfer t ON t.id = r.reverses_id
        WHERE r.reverses_id IS NOT NULL AND (t.id IS NULL OR r.amount > t.amount
            OR (r.debit_id, r.credit_id) <> (t.credit_id, t.debit_id))
        ORDER BY r.id
        """,
        "transfer %(id)s moves %(amount)s from %(debit_id)s to %(credit_id)s to reverse "
        "%(reverses_id)s, which moved %(original)s the other way",
    ),
    SqlCheck(
        "ledger.held",
        """
        SELECT a.id, a.held, coalesce(h.sum, 0) AS pending
        FROM consortium_account a LEFT JOIN (
            SELECT account_id, sum(amount) FROM consortium_hold
            WHERE state = 'pending' GROUP BY account_id
        ) h ON h.account_id = a.id
        WHERE a.held <> coalesce(h.sum, 0)
        ORDER BY a.id
        """,
        "account %(id)s says %(held)s held, its pending holds say %(pending)s",
    ),
    SqlCheck(
        "ledger.hold_overdue",
        f"""
        SELECT id, expires_at FROM consortium_hold
        WHERE state = 'pending' AND expires_at < clock_timestamp() - {OVERDUE}
        ORDER BY expires_at
        """,  # noqa: S608
        "hold %(id)s is pending though it expired at %(expires_at)s",
    ),
    SqlCheck(
        "ledger.hold_posted",
        """
        SELECT h.id, h.state, h.amount, t.amount AS moved
        FROM consortium_hold h LEFT JOIN consortium_transfer t ON t.id = h.id
        WHERE (h.state = 'posted') <> (t.id IS NOT NULL) OR t.amount > h.amount
            OR (t.debit_id, t.credit_id) <> (h.account_id, h.credit_id)
        ORDER BY h.id
        """,
        "hold %(id)s of %(amount)s is %(state)s, and the transfer of its key moved %(moved)s",
    ),
)

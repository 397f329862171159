"""What only tests may do: act past the append-only triggers, as a superuser could.

Two uses. Between transactional tests Django empties every table with TRUNCATE, which the
triggers refuse; `let_flush_truncate` switches them off for that one transaction. And tests of
reconciliation and of the audit seals forge rows inside `triggers_off()`.

Both need a role that may set session_replication_role; the portal's own roles may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations


@contextmanager
def triggers_off() -> Iterator[None]:
    """A transaction (or savepoint) in which no trigger and no foreign key fires."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def let_flush_truncate(patch: pytest.MonkeyPatch) -> None:
    plain = DatabaseOperations.sql_flush

    def sql_flush(self, *args, **kwargs):
        statements = plain(self, *args, **kwargs)
        # Django runs them in one transaction of their own, which ends the SET LOCAL.
        off = ["SET LOCAL session_replication_role = replica"] if statements else []
        return [*off, *statements]

    patch.setattr(DatabaseOperations, "sql_flush", sql_flush)

"""The database itself refuses to change what is written once."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from consortium import append_only, audit
from consortium.actions import ledger
from consortium.models import Account, AuditLeaf, AuditSeal
from tests.intruder import triggers_off

TABLES = [
    "consortium_transfer",
    "consortium_auditevent",
    "consortium_auditseal",
    "consortium_auditleaf",
]


def _execute(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount


@pytest.fixture
def row_in_each(person):
    source, budget = (
        ledger.open_account(unit="fen", kind=kind, owner="test:1", capped=False)
        for kind in (Account.Kind.SOURCE, Account.Kind.SHARE)
    )
    ledger.post(key=uuid.uuid4(), debit=source, credit=budget, amount=1, code="t", by=None)
    with transaction.atomic():
        audit.record("person.created", person, by=None)
    seal = AuditSeal.objects.create(number=1, sealed_at=timezone.now(), count=1, horizon=1)
    AuditLeaf.objects.create(event_id=1, seal=seal, position=0)
    _execute("SET CONSTRAINTS ALL IMMEDIATE")  # a waiting check would itself stop a TRUNCATE


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_change_is_refused(row_in_each, table, statement):
    column = "event_id" if table == "consortium_auditleaf" else "id"
    with pytest.raises(
        DatabaseError, match=f"is append-only: {statement.split()[0]} is refused"
    ) as e:
        _execute(statement.format(table, column, column))
    assert e.value.__cause__.sqlstate == append_only.SQLSTATE
    with triggers_off():  # it was the trigger, and nothing else, that stood in the way
        assert _execute(f"UPDATE {table} SET {column} = {column}") == 1  # noqa: S608


def test_an_account_is_never_deleted(row_in_each):
    with pytest.raises(DatabaseError, match="consortium_account"):
        _execute("DELETE FROM consortium_account")


@pytest.mark.django_db(transaction=True)
class TestFlush:
    """Tests that commit: each starts with empty tables, append-only ones included."""

    @pytest.mark.parametrize("time", [1, 2])
    def test_starts_empty(self, time, person):
        assert _execute("SELECT FROM consortium_auditevent") == 0
        with transaction.atomic():
            audit.record("person.created", person, by=None)

    def test_triggers_are_back_after_it(self, person):
        with transaction.atomic():
            audit.record("person.created", person, by=None)
        with pytest.raises(DatabaseError, match="append-only"):
            _execute("TRUNCATE consortium_auditevent")

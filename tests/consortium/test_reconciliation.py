"""Every kind of difference, made by somebody past the triggers, is found and said."""

import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from consortium import reconciliation
from consortium.actions import ledger
from consortium.models import Account, Hold, Transfer, Unit
from consortium.reconciliation import SqlCheck
from tests.factories.ledger import Kind, account, differences, post
from tests.intruder import triggers_off

pytestmark = pytest.mark.django_db


class Books:
    """A budget that awarded to a grant, which used some; a reversal; a hold of each fate."""

    def __init__(self) -> None:
        self.budget, self.grant = account(holding=1000), account(Kind.ALLOCATION)
        self.usage = account(Kind.USAGE)
        self.award = post(self.budget, self.grant, 300)
        self.used = post(self.grant, self.usage, 120)
        wrong = post(self.budget, self.grant, 50)
        self.back = ledger.reverse(wrong, key=uuid.uuid4(), by=None, reason="wrong")
        self.pending, self.posted = self.hold(40), self.hold(30)
        ledger.post_hold(self.posted, by=None)

    def hold(self, amount: int) -> Hold:
        return ledger.hold(
            key=uuid.uuid4(),
            account=self.budget,
            credit=self.grant,
            amount=amount,
            code="award",
            lasts=timedelta(hours=1),
            by=None,
        )


@pytest.fixture
def books() -> Books:
    made = Books()
    assert differences() == []
    return made


def _found() -> set[str]:
    return {line.split(":")[0] for line in differences()}


def _row(model, obj, **changes):
    with triggers_off():
        assert model.objects.filter(pk=obj.pk).update(**changes) == 1


def test_a_balance_that_was_edited(books):
    _row(Account, books.grant, available=F("available") + 5, posted_in=F("posted_in") + 5)
    assert _found() == {"ledger.balance", "ledger.conserved"}


def test_a_transfer_that_was_edited(books):
    _row(Transfer, books.used, amount=119)
    assert _found() == {"ledger.balance", "ledger.conserved", "ledger.request"}


def test_a_transfer_that_was_deleted(books):
    with triggers_off():
        books.used.delete()
    assert _found() == {"ledger.balance", "ledger.conserved"}


def test_a_transfer_that_was_slipped_in(books):
    books.used.pk = uuid.uuid4()
    with triggers_off():
        books.used.save(force_insert=True)
    assert _found() == {"ledger.balance", "ledger.conserved"}


def test_a_transfer_whose_code_was_edited(books):
    _row(Transfer, books.used, code="gift")
    assert _found() == {"ledger.request"}


def test_a_transfer_in_another_unit(books):
    _row(Transfer, books.used, unit=Unit.FEN)
    assert _found() == {"ledger.unit"}


def test_a_transfer_to_an_account_that_is_gone(books):
    with triggers_off():
        Account.objects.filter(pk=books.usage.pk)._raw_delete("default")
    assert _found() == {"ledger.unit", "ledger.conserved"}


def test_a_reversal_of_more_than_the_original(books):
    _row(Transfer, books.back, amount=51)
    assert "ledger.reversal" in _found()


def test_a_reversal_that_goes_elsewhere(books):
    _row(Transfer, books.back, credit=books.usage.pk)
    assert "ledger.reversal" in _found()


def test_a_reversal_of_nothing(books):
    _row(Transfer, books.back, reverses=uuid.uuid4())
    assert "ledger.reversal" in _found()


def test_held_that_no_hold_explains(books):
    _row(Account, books.budget, held=F("held") + 1, available=F("available") - 1)
    assert _found() == {"ledger.held"}


def test_a_pending_hold_that_was_deleted(books):
    with triggers_off():
        books.pending.delete()
    assert _found() == {"ledger.held"}


def test_a_hold_the_sweep_forgot(books):
    _row(Hold, books.pending, expires_at=timezone.now() - timedelta(minutes=6))
    assert _found() == {"ledger.hold_overdue"}
    ledger.expire_holds()
    assert _found() == set()


def test_a_hold_just_past_its_time_is_the_sweeps_business(books):
    _row(Hold, books.pending, expires_at=timezone.now() - timedelta(minutes=1))
    assert _found() == set()


def test_a_posted_hold_without_its_transfer(books):
    with triggers_off():
        Transfer.objects.filter(pk=books.posted.pk).delete()
    assert "ledger.hold_posted" in _found()


def test_a_hold_that_moved_more_than_it_held(books):
    _row(Hold, books.posted, amount=29)
    assert _found() == {"ledger.hold_posted"}


def test_every_check_has_a_test_that_makes_it_speak():
    """The names above are those of the ledger's checks."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [c.name for c in reconciliation.LEDGER if f'"{c.name}"' not in text] == []


class TestCommand:
    def test_clean(self, books):
        out = StringIO()
        call_command("reconcile", stdout=out)
        assert out.getvalue().startswith("Clean: ")

    def test_one_line_a_difference_and_exit_one(self, books):
        _row(Transfer, books.used, unit=Unit.FEN)
        out = StringIO()
        with pytest.raises(CommandError, match="1 difference") as stop:
            call_command("reconcile", stdout=out)
        assert stop.value.returncode == 1
        (line,) = out.getvalue().splitlines()
        assert line.startswith("ledger.unit: transfer ") and "fen" in line

    def test_other_apps_add_theirs(self, monkeypatch):
        monkeypatch.setattr(reconciliation, "_checks", {})
        reconciliation.register(SqlCheck("mine.one", "SELECT 7 AS day", "day %(day)s is odd"))
        assert list(reconciliation.differences()) == [("mine.one", "day 7 is odd")]

    def test_nothing_is_written(self, books):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET TRANSACTION READ ONLY")
        assert differences() == []

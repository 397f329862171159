"""Moving time and money: what is posted, what is refused, and what a refusal says."""

import uuid
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError

from consortium import audit
from consortium.actions import ledger
from consortium.actions.ledger import Balance, Posting
from consortium.models import Account, Hold, Transfer, Unit
from tests.factories.ledger import Kind, account, differences, post

pytestmark = pytest.mark.django_db
SOON = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _books_balance():
    yield
    assert differences() == []


class TestAccounts:
    def test_opening_twice_gives_the_same(self):
        one, two = (
            ledger.open_account(unit="fen", kind="share", owner="x:1", capped=False)
            for _ in range(2)
        )
        assert one == two

    @pytest.mark.parametrize(
        ("kind", "capped", "sink"),
        [
            (Kind.SOURCE, False, True),
            (Kind.USAGE, False, True),
            (Kind.CLEARING, False, True),
            (Kind.CLEARING, True, False),
            (Kind.ALLOCATION, False, False),
            (Kind.SHARE, False, False),
            (Kind.BUDGET, True, False),
        ],
    )
    def test_only_uncapped_ends_are_sinks(self, kind, capped, sink):
        made = ledger.open_account(unit="fen", kind=kind, owner="x:1", capped=capped)
        assert made.sink is sink

    def test_owner_names_the_row(self, person):
        assert ledger.owner_of(person) == f"consortium.user:{person.pk}"


class TestPost:
    def test_moves_from_debit_to_credit(self, person):
        budget, grant = account(holding=100), account(Kind.ALLOCATION)
        done = ledger.post(
            key=(key := uuid.uuid4()),
            debit=budget,
            credit=grant,
            amount=30,
            code="award",
            by=person,
            reason="awarded by the panel",
        )
        assert (done.pk, done.unit, done.actor, done.reason) == (
            key,
            Unit.CARD_SECONDS,
            person,
            "awarded by the panel",
        )
        assert ledger.balance(budget) == Balance(70, 0, 100, 30)
        assert ledger.balance(grant) == Balance(30, 0, 30, 0)

    def test_works_whichever_account_is_older(self):
        grant, budget = account(Kind.ALLOCATION), account(holding=100)
        post(budget, grant, 30)
        assert ledger.balance(budget).available == 70
        assert ledger.balance(grant).available == 30

    def test_same_key_and_body_is_posted_once(self, person):
        budget, grant = account(holding=100), account(Kind.ALLOCATION)
        body = {"key": uuid.uuid4(), "debit": budget, "credit": grant, "amount": 30, "code": "a"}
        first = ledger.post(**body, by=person, reason="once")
        again = ledger.post(**body, by=None, reason="repeated by the sweep")
        assert again == first and again.reason == "once"
        assert ledger.balance(budget).available == 70

    @pytest.mark.parametrize("change", [{"amount": 31}, {"code": "b"}, {"credit": "other"}])
    def test_same_key_other_body_is_refused(self, change):
        budget, grant = account(holding=100), account(Kind.ALLOCATION)
        body = {"key": uuid.uuid4(), "debit": budget, "credit": grant, "amount": 30, "code": "a"}
        ledger.post(**body, by=None)
        if "credit" in change:
            change = {"credit": account(Kind.ALLOCATION)}
        with pytest.raises(ledger.KeyReused):
            ledger.post(**{**body, **change}, by=None)

    def test_a_capped_account_is_not_overdrawn(self):
        budget, grant = account(holding=100), account(Kind.ALLOCATION)
        with pytest.raises(ledger.Overdrawn) as refusal:
            post(budget, grant, 101)
        assert (refusal.value.available, refusal.value.needed) == (100, 101)
        assert "100 card-seconds" in str(refusal.value) and "101" in str(refusal.value)
        assert ledger.balance(budget) == Balance(100, 0, 100, 0)
        post(budget, grant, 100)

    def test_late_usage_takes_an_allocation_below_zero(self):
        grant, usage = account(Kind.ALLOCATION, holding=10), account(Kind.USAGE)
        post(grant, usage, 25)
        assert ledger.balance(grant).available == -15
        assert ledger.balance(usage) == Balance(25, 0, 25, 0)

    def test_a_sink_keeps_no_balance_in_its_row(self):
        grant, usage = account(Kind.ALLOCATION, holding=10), account(Kind.USAGE)
        post(grant, usage, 5)
        usage.refresh_from_db()
        assert (usage.available, usage.posted_in, usage.posted_out) == (0, 0, 0)

    def test_units_must_match(self):
        with pytest.raises(ledger.UnitMismatch):
            post(account(holding=9), account(Kind.SHARE, unit=Unit.FEN), 1)

    @pytest.mark.parametrize("amount", [0, -1])
    def test_amount_must_be_positive(self, amount):
        with pytest.raises(ledger.AmountNotPositive):
            post(account(holding=9), account(Kind.ALLOCATION), amount)

    def test_amount_must_fit(self):
        source, share = (account(kind, unit=Unit.FEN) for kind in (Kind.CLEARING, Kind.SHARE))
        with pytest.raises(ledger.AmountTooLarge):
            post(source, share, 2**63)
        post(source, share, 2**63 - 1)
        with pytest.raises(ledger.AmountTooLarge):
            post(source, share, 1)

    def test_accounts_must_exist_and_differ(self):
        budget = account(holding=9)
        with pytest.raises(ledger.AccountMissing):
            post(budget, budget, 1)
        with pytest.raises(ledger.AccountMissing):
            post(budget, Account(pk=10**15), 1)

    def test_a_refusal_leaves_the_callers_transaction_usable(self):
        budget, grant = account(holding=1), account(Kind.ALLOCATION)
        with pytest.raises(ledger.Overdrawn):
            post(budget, grant, 2)
        post(budget, grant, 1)

    def test_every_refusal_is_a_whole_sentence(self):
        refusals = [
            ledger.Overdrawn(2, 1, Unit.FEN),
            ledger.KeyReused(),
            ledger.UnitMismatch(),
            ledger.AccountMissing(),
            ledger.AmountNotPositive(),
            ledger.AmountTooLarge(),
            ledger.NotReversible(),
            ledger.HoldOver(),
            ledger.SinkCannotHold(),
        ]
        for refusal in refusals:
            english = str(refusal)
            assert english[0].isupper() and english.endswith(".")


class TestPostMany:
    @staticmethod
    def _lines(count, grants, usage):
        return [
            Posting(uuid.uuid4(), grants[n % len(grants)].pk, usage.pk, 10 + n, "usage")
            for n in range(count)
        ]

    def test_posts_all_and_says_which_were_new(self):
        grants, usage = [account(Kind.ALLOCATION) for _ in range(3)], account(Kind.USAGE)
        lines = self._lines(9, grants, usage)
        assert set(ledger.post_many(lines[:6])) == {line.key for line in lines[:6]}
        assert set(ledger.post_many(lines)) == {line.key for line in lines[6:]}
        assert ledger.balance(usage).available == sum(line.amount for line in lines)
        assert ledger.balance(grants[0]).available == -(10 + 13 + 16)

    def test_nothing_to_post(self):
        assert ledger.post_many([]) == []

    def test_a_key_twice_in_one_batch_is_posted_once(self):
        grant, usage = account(Kind.ALLOCATION), account(Kind.USAGE)
        (line,) = self._lines(1, [grant], usage)
        assert ledger.post_many([line, line]) == [line.key]
        assert ledger.balance(grant).available == -10

    def test_a_single_posting_and_a_batch_know_each_other(self):
        grant, usage = account(Kind.ALLOCATION), account(Kind.USAGE)
        (line,) = self._lines(1, [grant], usage)
        ledger.post(
            key=line.key, debit=grant, credit=usage, amount=line.amount, code=line.code, by=None
        )
        assert ledger.post_many([line]) == []

    def test_capped_accounts_move_both_ways_in_one_batch(self):
        budget, grant = account(holding=10), account(Kind.ALLOCATION, holding=5)
        ledger.post_many(
            [
                Posting(uuid.uuid4(), budget.pk, grant.pk, 12, "award"),
                Posting(uuid.uuid4(), grant.pk, budget.pk, 4, "reclaim"),
            ]
        )
        assert ledger.balance(budget).available == 2
        assert ledger.balance(grant).available == 13

    @pytest.mark.parametrize(
        ("bad", "refusal"),
        [
            ({"amount": 0}, ledger.AmountNotPositive),
            ({"debit_id": 10**15}, ledger.AccountMissing),
            ({"credit_id": "fen"}, ledger.UnitMismatch),
            ({"key": "used"}, ledger.KeyReused),
            ({"debit_id": "empty budget"}, ledger.Overdrawn),
        ],
    )
    def test_all_or_none(self, bad, refusal):
        grant, usage = account(Kind.ALLOCATION), account(Kind.USAGE)
        good, line = self._lines(2, [grant], usage)
        others = {
            "fen": lambda: account(Kind.SHARE, unit=Unit.FEN).pk,
            "used": lambda: post(grant, usage, 7).pk,
            "empty budget": lambda: account().pk,
        }
        ((name, value),) = bad.items()
        value = others[value]() if value in others else value
        fields = {f: getattr(line, f) for f in Posting.__slots__} | {name: value}
        before = Transfer.objects.count()
        with pytest.raises(refusal):
            ledger.post_many([good, Posting(**fields)])
        assert Transfer.objects.count() == before


class TestReverse:
    def test_moves_everything_back_once(self, person):
        budget, grant = account(holding=100), account(Kind.ALLOCATION)
        award = post(budget, grant, 30)
        back = ledger.reverse(award, key=uuid.uuid4(), by=person, reason="wrong call")
        assert (back.reverses, back.amount) == (award, 30)
        assert ledger.balance(budget).available == 100
        with pytest.raises(ledger.NotReversible):
            ledger.reverse(award, key=uuid.uuid4(), by=person, reason="again")
        assert [e.action for e in audit.history(award)] == ["transfer.reversed"]

    def test_the_same_reversal_twice_is_one(self, person):
        award = post(account(holding=100), account(Kind.ALLOCATION), 30)
        request = {"key": uuid.uuid4(), "by": person, "reason": "wrong call"}
        assert ledger.reverse(award, **request) == ledger.reverse(award, **request)
        assert audit.history(award).count() == 1

    def test_a_reversal_is_not_reversed(self):
        award = post(account(holding=100), account(Kind.ALLOCATION), 30)
        back = ledger.reverse(award, key=uuid.uuid4(), by=None, reason="r")
        with pytest.raises(ledger.NotReversible):
            ledger.reverse(back, key=uuid.uuid4(), by=None, reason="r")

    def test_what_is_spent_does_not_come_back(self):
        one, two, three = account(holding=100), account(), account()
        moved = post(one, two, 100)
        post(two, three, 60)
        with pytest.raises(ledger.Overdrawn):
            ledger.reverse(moved, key=uuid.uuid4(), by=None, reason="r")


class TestHolds:
    @staticmethod
    def _hold(budget, grant, amount=40, lasts=SOON, key=None):
        return ledger.hold(
            key=key or uuid.uuid4(),
            account=budget,
            credit=grant,
            amount=amount,
            code="award",
            lasts=lasts,
            by=None,
        )

    @pytest.fixture
    def pair(self):
        return account(holding=100), account(Kind.ALLOCATION)

    def test_sets_aside_what_nobody_else_can_use(self, pair):
        self._hold(*pair)
        assert ledger.balance(pair[0]) == Balance(60, 40, 100, 0)
        with pytest.raises(ledger.Overdrawn):
            post(*pair, 61)
        with pytest.raises(ledger.Overdrawn):
            self._hold(*pair, amount=61)

    def test_posting_moves_it_under_the_holds_key(self, pair, person):
        held = self._hold(*pair)
        moved = ledger.post_hold(held, by=person)
        assert (moved.pk, moved.amount) == (held.pk, 40)
        assert ledger.balance(pair[0]) == Balance(60, 0, 100, 40)
        assert ledger.post_hold(held, by=person) == moved
        assert [e.action for e in audit.history(held)] == ["hold.posted", "hold.placed"]

    def test_posting_less_frees_the_rest(self, pair):
        ledger.post_hold(self._hold(*pair), by=None, amount=15)
        assert ledger.balance(pair[0]) == Balance(85, 0, 100, 15)

    @pytest.mark.parametrize("amount", [41, 10**12])
    def test_posting_more_is_refused(self, pair, amount):
        with pytest.raises(ledger.HoldOver):
            ledger.post_hold(self._hold(*pair), by=None, amount=amount)

    def test_voiding_gives_it_back_once(self, pair):
        held = self._hold(*pair)
        for _ in range(2):
            assert ledger.void_hold(held, by=None).state == Hold.State.VOIDED
        assert ledger.balance(pair[0]) == Balance(100, 0, 100, 0)
        with pytest.raises(ledger.HoldOver):
            ledger.post_hold(held, by=None)

    def test_a_posted_hold_is_not_voided(self, pair):
        held = self._hold(*pair)
        ledger.post_hold(held, by=None)
        with pytest.raises(ledger.HoldOver):
            ledger.void_hold(held, by=None)

    def test_past_its_time_it_can_only_expire(self, pair):
        held, other = self._hold(*pair, lasts=timedelta(0)), self._hold(*pair)
        with pytest.raises(ledger.HoldOver):
            ledger.post_hold(held, by=None)
        assert ledger.expire_holds() == 1
        assert ledger.expire_holds() == 0
        states = Hold.objects.in_bulk([held.pk, other.pk])
        assert states[held.pk].state == Hold.State.EXPIRED
        assert states[other.pk].state == Hold.State.PENDING
        assert ledger.balance(pair[0]) == Balance(60, 40, 100, 0)

    def test_the_same_hold_twice_is_one(self, pair):
        key = uuid.uuid4()
        assert self._hold(*pair, key=key) == self._hold(*pair, key=key)
        with pytest.raises(ledger.KeyReused):
            self._hold(*pair, key=key, amount=41)
        assert ledger.balance(pair[0]).held == 40

    def test_a_transfers_key_cannot_be_a_holds(self, pair):
        with pytest.raises(ledger.KeyReused):
            self._hold(*pair, key=post(*pair, 1).pk)

    def test_a_sink_has_nothing_to_hold(self, pair):
        with pytest.raises(ledger.SinkCannotHold):
            self._hold(account(Kind.USAGE), pair[1])


class TestRetry:
    """A collision with another session is tried again; anything else is not."""

    @staticmethod
    def _failing(*states):
        left = list(states)

        def run():
            if left:
                cause = psycopg.Error()
                cause.sqlstate = left.pop(0)
                raise DatabaseError from cause
            return "posted"

        return run

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("state", ["40001", "40P01", "23505"])
    def test_outside_a_transaction(self, state):
        assert ledger._retrying(self._failing(state, state)) == "posted"

    @pytest.mark.django_db(transaction=True)
    def test_not_for_ever_and_not_for_all(self):
        with pytest.raises(DatabaseError):
            ledger._retrying(self._failing(*["40001"] * ledger.TRIES))
        with pytest.raises(DatabaseError):
            ledger._retrying(self._failing("57014"))

    def test_inside_one_a_deadlock_is_the_callers(self):
        assert ledger._retrying(self._failing("23505")) == "posted"
        with pytest.raises(DatabaseError):
            ledger._retrying(self._failing("40P01"))

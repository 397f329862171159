"""64 clients at once: nothing overdrawn, nothing twice, nothing lost.

Each claim is made beside a naive control in the same harness, which must fail: a harness in
which doing it wrong goes unnoticed shows nothing.
"""

import random
import uuid
from datetime import timedelta

import pytest

from consortium.actions import ledger
from consortium.actions.ledger import Posting
from consortium.models import Account, Hold, Transfer
from tests.consortium.clients import CLIENTS, refused, run_clients
from tests.factories.ledger import Kind, account, differences, post

pytestmark = pytest.mark.django_db(transaction=True)

HOT = 4
EACH = 250  # what each hot account holds
TRIES = 20  # debits of one a client: 1,280 in all, for 1,000 there are


def _naive_post(budget: Account, usage: Account) -> None:
    """What one writes without thinking: read, decide, write."""
    fresh = Account.objects.get(pk=budget.pk)
    if fresh.available < 1:
        raise ledger.Overdrawn(1, fresh.available, fresh.unit)
    fresh.available -= 1
    fresh.posted_out += 1
    fresh.save()
    Transfer.objects.create(
        debit=budget, credit=usage, amount=1, unit=fresh.unit, code="naive", req_hash=""
    )


def _debits(posting, hot: list[Account], usage: Account) -> int:
    """Every client tries TRIES debits of one; returns how many were accepted."""

    def client(number: int) -> int:
        draw = random.Random(number)  # noqa: S311
        return sum(
            not refused(lambda: posting(draw.choice(hot), usage), ledger.Overdrawn)
            for _ in range(TRIES)
        )

    return sum(run_clients(client))


@pytest.fixture
def hot(db) -> list[Account]:
    return [account(holding=EACH) for _ in range(HOT)]


def test_no_account_is_overdrawn_and_all_there_is_can_be_had(hot):
    usage = account(Kind.USAGE)
    accepted = _debits(lambda a, b: post(a, b, 1), hot, usage)
    # Whoever meets an empty account is refused, so what is left over is exact too.
    left = sum(ledger.balance(a).available for a in hot)
    assert accepted + left == HOT * EACH
    assert min(ledger.balance(a).available for a in hot) == 0
    assert Transfer.objects.filter(credit=usage).count() == accepted
    assert differences() == []


def test_the_naive_way_overdraws_in_this_harness(hot):
    usage = account(Kind.USAGE)
    accepted = _debits(_naive_post, hot, usage)
    left = sum(ledger.balance(a).available for a in hot)
    assert accepted + left > HOT * EACH
    assert any(line.startswith("ledger.balance") for line in differences())


def _shuffled(keys: list[uuid.UUID], seed: int) -> list[uuid.UUID]:
    return random.Random(seed).sample(keys, len(keys))  # noqa: S311


def test_a_key_sent_by_many_is_posted_once(db):
    keys, budget, usage = (
        [uuid.uuid4() for _ in range(30)],
        account(holding=30),
        account(Kind.USAGE),
    )
    body = {"debit": budget, "credit": usage, "amount": 1, "code": "t", "by": None}

    def client(number: int) -> None:
        for key in _shuffled(keys, number):
            assert ledger.post(key=key, **body).pk == key

    run_clients(client)
    assert ledger.balance(budget) == ledger.Balance(0, 0, 30, 30)
    assert Transfer.objects.filter(debit=budget).count() == 30


def test_without_keys_the_same_harness_posts_many_times(db):
    budget, usage = account(holding=10**6), account(Kind.USAGE)
    run_clients(lambda _: [post(budget, usage, 1) for _key in range(5)])
    assert ledger.balance(budget).posted_out == CLIENTS * 5 > 5


def test_of_two_requests_under_one_key_one_wins(db):
    keys, budget, usage = (
        [uuid.uuid4() for _ in range(20)],
        account(holding=99),
        account(Kind.USAGE),
    )

    def client(number: int) -> list[bool]:
        amount = 1 + number % 2
        return [
            not refused(
                lambda key=key: ledger.post(
                    key=key, debit=budget, credit=usage, amount=amount, code="t", by=None
                ),
                ledger.KeyReused,
            )
            for key in keys
        ]

    answers = run_clients(client)
    moved = dict(Transfer.objects.filter(pk__in=keys).values_list("pk", "amount"))
    for number, answer in enumerate(answers):
        assert answer == [moved[key] == 1 + number % 2 for key in keys]
    assert ledger.balance(budget).posted_out == sum(moved.values())


def test_every_kind_of_movement_at_once_leaves_the_books_clean(db):
    """Transfers both ways, overlapping batches in any order, reversals, holds, the sweep."""
    pots = [account(holding=500) for _ in range(3)]
    pots += [account(Kind.ALLOCATION, holding=500) for _ in range(3)]
    usage = account(Kind.USAGE)
    batch = [Posting(uuid.uuid4(), pots[n % 6].pk, usage.pk, 1, "t") for n in range(60)]
    refusals = (ledger.Overdrawn, ledger.NotReversible, ledger.HoldOver)

    def client(number: int) -> None:
        draw = random.Random(number)  # noqa: S311

        def hold(lasts: int) -> Hold:
            one, other = draw.sample(pots, 2)
            return ledger.hold(
                key=uuid.uuid4(),
                account=one,
                credit=other,
                amount=draw.randint(1, 40),
                code="t",
                lasts=timedelta(seconds=lasts),
                by=None,
            )

        moves = [
            lambda: post(*draw.sample(pots, 2), draw.randint(1, 60)),
            lambda: ledger.post_many(draw.sample(batch, 20)),
            lambda: ledger.reverse(
                post(*draw.sample(pots, 2), 5), key=uuid.uuid4(), by=None, reason="t"
            ),
            lambda: ledger.post_hold(hold(60), by=None),
            lambda: ledger.void_hold(hold(60), by=None),
            lambda: hold(0),
            ledger.expire_holds,
        ]
        for move in draw.sample(moves, len(moves)):
            refused(move, *refusals)

    run_clients(client)
    ledger.expire_holds()
    assert differences() == []
    assert all(ledger.balance(p).available >= 0 for p in pots if p.capped)
    assert Hold.objects.filter(state=Hold.State.PENDING).count() == 0

"""Whatever is done to the ledger, in whatever order, the books agree with themselves."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from consortium.actions import ledger
from consortium.actions.ledger import LedgerRefusal, Posting
from consortium.models import Account, Hold, Transfer
from tests.factories.ledger import Kind, account, differences

pytestmark = pytest.mark.django_db

KINDS = [Kind.SOURCE, Kind.BUDGET, Kind.BUDGET, Kind.ALLOCATION, Kind.ALLOCATION, Kind.USAGE]
accounts = st.integers(0, len(KINDS) - 1)
amounts = st.integers(-1, 60) | st.sampled_from([2**62, 2**63 - 1, 2**63])
keys = st.integers(0, 9)  # few, so that they meet again
posting = st.tuples(keys, accounts, accounts, amounts)
step = st.one_of(
    st.tuples(st.just("post"), posting),
    st.tuples(st.just("batch"), st.lists(posting, max_size=5)),
    st.tuples(st.just("reverse"), keys, keys),
    st.tuples(st.just("hold"), posting, st.sampled_from([0, 60])),
    st.tuples(st.just("post hold"), keys, amounts),
    st.tuples(st.just("void"), keys),
    st.tuples(st.just("expire")),
)


class Books:
    """The ledger under test, beside the plainest model of it: what each account must have."""

    def __init__(self) -> None:
        self.accounts = [account(kind) for kind in KINDS]
        self.keys = [uuid.uuid4() for _ in range(10)]
        self.capped = {n for n, kind in enumerate(KINDS) if kind == Kind.BUDGET}

    def post(self, posting) -> None:
        key, debit, credit, amount = posting
        ledger.post(
            key=self.keys[key],
            debit=self.accounts[debit],
            credit=self.accounts[credit],
            amount=amount,
            code="t",
            by=None,
        )

    def batch(self, postings) -> None:
        ledger.post_many(
            [
                Posting(self.keys[k], self.accounts[d].pk, self.accounts[c].pk, amount, "t")
                for k, d, c, amount in postings
            ]
        )

    def reverse(self, original: int, key: int) -> None:
        found = Transfer.objects.filter(pk=self.keys[original]).first()
        if found:
            ledger.reverse(found, key=self.keys[key], by=None, reason="t")

    def hold(self, posting, lasts: int) -> None:
        key, debit, credit, amount = posting
        ledger.hold(
            key=self.keys[key],
            account=self.accounts[debit],
            credit=self.accounts[credit],
            amount=amount,
            code="t",
            lasts=timedelta(seconds=lasts),
            by=None,
        )

    def post_hold(self, key: int, amount: int) -> None:
        if found := Hold.objects.filter(pk=self.keys[key]).first():
            ledger.post_hold(found, by=None, amount=amount)

    def void(self, key: int) -> None:
        if found := Hold.objects.filter(pk=self.keys[key]).first():
            ledger.void_hold(found, by=None)

    def expire(self) -> None:
        ledger.expire_holds()

    def rows(self) -> tuple[object, ...]:
        """Everything a movement would change, read quickly."""
        balances = Account.objects.order_by("pk").values_list("available", "held")
        return (*balances, Transfer.objects.count(), Hold.objects.filter(state="pending").count())

    def available(self) -> list[int]:
        return [ledger.balance(a).available for a in self.accounts]


def _expected(books: Books) -> list[int]:
    """From the transfers and pending holds alone, in Python."""
    place = {a.pk: n for n, a in enumerate(books.accounts)}
    sums = [0] * len(KINDS)
    for debit, credit, amount in Transfer.objects.values_list("debit", "credit", "amount"):
        if debit in place:
            sums[place[debit]] -= amount
            sums[place[credit]] += amount
    for where, amount in Hold.objects.filter(state="pending").values_list("account", "amount"):
        sums[place[where]] -= amount
    return sums


@settings(
    max_examples=40,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(step, max_size=15))
@example(steps=[("post", (n, 0, 5, 2**63 - 1)) for n in range(2)])  # more than a bigint in a sink
@example(steps=[("post", (1, 0, 3, 9)), ("hold", (0, 3, 0, 1), 60), ("post", (0, 0, 3, 1))])
@example(steps=[("hold", (0, 3, 0, 1), 60), ("void", 0), ("batch", [(0, 0, 3, 1)])])
def test_the_books_agree_after_any_sequence(db, steps):
    with transaction.atomic():
        books = Books()
        for name, *given_ in steps:
            before = books.rows()
            try:
                getattr(books, name.replace(" ", "_"))(*given_)
            except LedgerRefusal:
                assert books.rows() == before  # a refusal moves nothing
        available = books.available()
        assert available == _expected(books)
        assert all(available[n] >= 0 for n in books.capped)
        assert sum(available) + sum(a.held for a in Account.objects.all()) == 0
        assert differences() == []
        transaction.set_rollback(True)

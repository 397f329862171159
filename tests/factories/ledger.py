"""Accounts as the portal keeps them, with time in them."""

from __future__ import annotations

import itertools
import uuid

from consortium import reconciliation
from consortium.actions import ledger
from consortium.models import Account, Transfer, Unit

_owners = itertools.count(1)
Kind = Account.Kind
# kind -> capped, as the domains open them
CAPPED = {Kind.BUDGET: True}


def account(kind: str = Kind.BUDGET, *, holding: int = 0, unit: str = Unit.CARD_SECONDS) -> Account:
    """A new account of `kind`; `holding` comes from a source of its own."""
    owner = f"test.thing:{next(_owners)}-{uuid.uuid4().hex[:8]}"
    capped = CAPPED.get(Kind(kind), False)
    made = ledger.open_account(unit=unit, kind=kind, owner=owner, capped=capped)
    if holding:
        source = ledger.open_account(unit=unit, kind=Kind.SOURCE, owner=owner, capped=False)
        post(source, made, holding)
        made.refresh_from_db()
    return made


def post(debit: Account, credit: Account, amount: int, *, code: str = "test") -> Transfer:
    return ledger.post(
        key=uuid.uuid4(), debit=debit, credit=credit, amount=amount, code=code, by=None
    )


def differences() -> list[str]:
    """What the ledger's own checks find wrong, one line each."""
    return [f"{c.name}: {line}" for c in reconciliation.LEDGER for line in c.find()]

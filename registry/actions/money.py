"""Receipts and how they are shared: the waterfall, posted to the ledger exactly."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.actions import ledger
from consortium.errors import DomainError, Invalid
from consortium.models import Account, Institution, Unit, User
from consortium.numbers import numbered
from registry import waterfall
from registry.actions.licences import locked
from registry.models import (
    Licence,
    Receipt,
    RevenueStatement,
    StatementLine,
)
from registry.policies import licences as policies
from registry.queries.income import nodes_behind
from registry.waterfall import Part, Party, Policy

NAMESPACE = uuid.UUID("b4f6a0a2-3f0e-5d2f-9d53-6a0c6c1f7a10")
Kind = Account.Kind


class ReceiptKnown(DomainError):
    """The same payment was recorded before, with other figures."""


@transaction.atomic
def record_receipt(
    licence: Licence,
    *,
    amount_fen: int,
    tax_fen: int,
    third_party_fen: int,
    received_on: date,
    bank_reference: str,
    by: User,
) -> RevenueStatement:
    """Record a payment under a licence, share it, and post every share.

    The same bank reference with the same figures returns the first statement.
    Raises PermissionDenied, Invalid, ReceiptKnown.
    """
    licence = locked(licence)  # receipts of one licence are shared one after another
    policies.can_record_receipt(by, licence).require()
    amounts = {"amount_fen": amount_fen, "tax_fen": tax_fen, "third_party_fen": third_party_fen}
    _check_amounts(amounts, received_on)
    known = licence.receipts.filter(bank_reference=bank_reference).first()
    if known is not None:
        return _again(known, amounts)
    year = timezone.localdate().year
    receipt = Receipt.objects.create(
        number=numbered("RCP", year),
        licence=licence,
        received_on=received_on,
        bank_reference=bank_reference,
        recorded_by=by,
        **amounts,
    )
    audit.record("receipt.recorded", receipt, by=by, licence=licence.number, **amounts)
    statement = RevenueStatement.objects.create(
        number=numbered("RS", year), receipt=receipt, net_fen=receipt.net_fen
    )
    _share(statement, by=by)
    audit.record("statement.issued", statement, by=by, receipt=receipt.number)
    return statement


def _check_amounts(amounts: Mapping[str, int], received_on: date) -> None:
    errors = {
        name: [_("Enter an amount of zero or more.")] for name, fen in amounts.items() if fen < 0
    }
    if not errors and amounts["amount_fen"] <= amounts["tax_fen"] + amounts["third_party_fen"]:
        errors["amount_fen"] = [_("After tax and third-party cost nothing would be left.")]
    if received_on > timezone.localdate():
        errors["received_on"] = [_("A payment cannot have come in the future.")]
    if errors:
        raise Invalid(errors)


def _again(known: Receipt, amounts: Mapping[str, int]) -> RevenueStatement:
    if any(getattr(known, name) != fen for name, fen in amounts.items()):
        message = _("This payment is recorded as %(number)s with other figures. Check them.")
        raise ReceiptKnown(message % {"number": known.number})
    return known.statement


def _share(statement: RevenueStatement, *, by: User) -> None:
    licence = statement.licence
    parts = parts_of(licence, statement.net_fen)
    now = waterfall.by_party(parts)
    entitled, paid = _to_date(licence)
    for party, share in now.items():
        entitled[party] += share
    amounts = waterfall.payments(entitled, paid)
    _post_income(statement.receipt, by=by)
    for party, amount in sorted(amounts.items(), key=lambda row: row[1]):  # takings back first
        if party not in now and amount == 0:
            continue
        StatementLine.objects.create(
            statement=statement,
            party=party.kind,
            institution_id=party.id or None,
            parts=[_part_row(part) for part in parts if part.party == party],
            entitled=str(now.get(party, Fraction(0))),
            amount_fen=amount,
            transfer=_post_share(statement, party, amount, by=by),
        )


def parts_of(licence: Licence, net_fen: int) -> list[Part]:
    """Every party's entitlement, from the policy and the snapshots that the licence pins."""
    assert licence.policy is not None, "a policy is pinned with the agreement"
    nodes = nodes_behind(licence.offering.gate)
    policy = Policy.from_json(licence.policy.rules)
    return waterfall.entitlements(net_fen, policy, nodes, licence.offering.gate.checkpoint.number)


def _part_row(part: Part) -> dict[str, str]:
    return {
        "basis": part.basis,
        "checkpoint": part.checkpoint,
        "entitled": str(part.entitled),
    }


def _to_date(licence: Licence) -> tuple[dict[Party, Fraction], dict[Party, int]]:
    """What each party was entitled to and paid under this licence before."""
    entitled: dict[Party, Fraction] = defaultdict(Fraction)
    paid: dict[Party, int] = defaultdict(int)
    for line in StatementLine.objects.filter(statement__receipt__licence=licence):
        party = Party(line.party, line.institution_id or 0)
        entitled[party] += line.exact
        paid[party] += line.amount_fen
    return entitled, paid


def clearing_account(licence: Licence) -> Account:
    """Where a licence's income comes in and goes out; empty after each statement."""
    owner = ledger.owner_of(licence)
    return ledger.open_account(unit=Unit.FEN, kind=Kind.CLEARING, owner=owner, capped=True)


def share_account(party: Party) -> Account:
    owner = (
        ledger.owner_of(Institution(pk=party.id))
        if party.kind == waterfall.INSTITUTION
        else f"registry.{party.kind}"
    )
    return ledger.open_account(unit=Unit.FEN, kind=Kind.SHARE, owner=owner, capped=True)


def key_of(number: str, what: str) -> uuid.UUID:
    """The idempotency key of one posting of one receipt or statement."""
    return uuid.uuid5(NAMESPACE, f"{number}/{what}")


def _post_income(receipt: Receipt, *, by: User) -> None:
    """The gross comes in from the licensee; tax and third-party cost go out again."""
    licensee = ledger.owner_of(receipt.licence.licensee)
    source = ledger.open_account(unit=Unit.FEN, kind=Kind.SOURCE, owner=licensee, capped=False)
    clearing = clearing_account(receipt.licence)
    ledger.post(
        key=key_of(receipt.number, "gross"),
        debit=source,
        credit=clearing,
        amount=receipt.amount_fen,
        code="receipt",
        by=by,
        reason=receipt.number,
    )
    for what, amount in (("tax", receipt.tax_fen), ("third_party", receipt.third_party_fen)):
        if amount:
            ledger.post(
                key=key_of(receipt.number, what),
                debit=clearing,
                credit=share_account(Party(what)),
                amount=amount,
                code=what,
                by=by,
                reason=receipt.number,
            )


def _post_share(
    statement: RevenueStatement, party: Party, amount: int, *, by: User
) -> uuid.UUID | None:
    if amount == 0:
        return None
    clearing, share = clearing_account(statement.licence), share_account(party)
    debit, credit = (clearing, share) if amount > 0 else (share, clearing)
    transfer = ledger.post(
        key=key_of(statement.number, f"{party.kind}:{party.id}"),
        debit=debit,
        credit=credit,
        amount=abs(amount),
        code="revenue_share",
        by=by,
        reason=statement.number,
    )
    return transfer.pk

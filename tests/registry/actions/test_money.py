"""Receipts: shared by the waterfall, posted to the ledger, exact to the fen, once."""

from datetime import date
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import Sum

from consortium.actions import ledger
from consortium.errors import Invalid
from consortium.models import Account, Transfer
from registry import waterfall
from registry.actions import money, revenue_policies
from registry.models import Receipt, RevenuePolicy, RevenueStatement, StatementLine
from registry.waterfall import FOUNDING, Party
from tests.factories import licensing
from tests.factories.consortium import delegate, member, operator, research_officer
from tests.factories.licensing import Crossing, Deal, receipt

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal():
    return Deal()


def amounts(statement):
    return {line.name: line.amount_fen for line in statement.lines.all()}


def test_a_receipt_is_shared_to_the_fen():
    """10,000,000 fen net: 15 % arm, 5 % fund, 8,000,000 by 2/5, 3/10, 1/5, 1/10."""
    crossing = licensing.contributed_by_three()
    statement = Deal(offering=licensing.offering(crossing.approved())).paid()
    made = crossing.release.checkpoint
    allocation = made.allocation
    by_name = amounts(statement)
    assert by_name == {
        "for-profit arm": 1_500_000,
        "mission fund": 500_000,
        allocation.proposal.institution.name: 3_200_000,
        made.model.lab.institution.name: 2_400_000,
        allocation.resource.machine.centre.name: 1_600_000,
        made.data_sets.get().origin: 800_000,
    }
    assert sum(by_name.values()) == statement.net_fen == 10_000_000


def test_income_is_passed_up_the_lineage():
    parent = licensing.checkpoint()
    Crossing(licensing.released(parent)).approved()
    child = Crossing(licensing.released(licensing.checkpoint(parents=(parent,))))
    statement = Deal(offering=licensing.offering(child.approved())).paid()
    by_name = amounts(statement)
    assert by_name[parent.model.lab.institution.name] == 2_000_000
    assert by_name[child.release.model.lab.institution.name] == 6_000_000


def test_every_line_is_posted_and_the_clearing_account_is_empty(deal):
    statement = deal.paid(third_party_fen=1_234_56)
    clearing = money.clearing_account(statement.licence)
    assert ledger.balance(clearing).available == 0
    assert ledger.balance(clearing).posted_in == statement.receipt.amount_fen
    for line in statement.lines.all():
        transfer = Transfer.objects.get(pk=line.transfer)
        assert (transfer.amount, transfer.debit_id) == (line.amount_fen, clearing.pk)
        account = money.share_account(Party(line.party, line.institution_id or 0))
        assert transfer.credit_id == account.pk
    tax = Account.objects.get(owner="registry.tax")
    assert ledger.balance(tax).available == statement.receipt.tax_fen


def test_the_same_payment_twice_is_one_receipt(deal):
    licence = deal.active()
    first = receipt(licence, by=deal.officer, bank_reference="B-1")
    again = receipt(licence, by=deal.officer, bank_reference="B-1")
    assert again == first
    assert Receipt.objects.count() == RevenueStatement.objects.count() == 1
    with pytest.raises(money.ReceiptKnown, match=first.receipt.number):
        receipt(licence, by=deal.officer, bank_reference="B-1", tax_fen=0)


def test_many_small_receipts_never_drift_by_a_fen():
    crossing = licensing.contributed_by_three()
    deal = Deal(offering=licensing.offering(crossing.approved()))
    licence = deal.active()
    for fen in (1, 1, 1, 2, 3, 7, 1, 1, 10, 1):
        statement = receipt(licence, by=deal.officer, amount_fen=fen, tax_fen=0)
        assert sum(line.amount_fen for line in statement.lines.all()) == fen
    nodes_net = 28
    exact = waterfall.by_party(money.parts_of(licence, nodes_net))
    for party, share in exact.items():
        paid = StatementLine.objects.filter(
            party=party.kind, institution_id=party.id or None
        ).aggregate(n=Sum("amount_fen"))["n"]
        assert abs(share - paid) < 1
        assert ledger.balance(money.share_account(party)).available == paid
    assert ledger.balance(money.clearing_account(licence)).available == 0


def test_lines_say_why(deal):
    statement = deal.paid()
    for line in statement.lines.all():
        parts = [Fraction(part["entitled"]) for part in line.parts]
        assert sum(parts) == line.exact
        assert all(part["basis"] for part in line.parts)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_fen": -1}, "amount_fen"),
        ({"tax_fen": -1}, "tax_fen"),
        ({"third_party_fen": -5}, "third_party_fen"),
        ({"amount_fen": 100, "tax_fen": 100}, "amount_fen"),
        ({"received_on": date(2999, 1, 1)}, "received_on"),
    ],
)
def test_what_cannot_be_is_refused(deal, changes, field):
    licence = deal.active()
    with pytest.raises(Invalid) as caught:
        receipt(licence, by=deal.officer, **changes)
    assert field in caught.value.errors
    assert not Receipt.objects.exists()


def test_only_the_deployment_office_records(deal):
    licence = deal.active()
    for other in (deal.buyer, deal.delegate, research_officer(), member()):
        with pytest.raises(PermissionDenied):
            receipt(licence, by=other)


def test_no_money_before_the_licence_is_signed(deal):
    with pytest.raises(PermissionDenied, match="signed"):
        receipt(deal.agreed(), by=deal.officer)


def test_a_statement_is_seen_by_those_it_pays():
    crossing = licensing.contributed_by_three()
    gate = crossing.approved()
    deal = Deal(offering=licensing.offering(gate))
    statement = deal.paid()

    def seen(user):
        return RevenueStatement.objects.visible_to(user).filter(pk=statement.pk).exists()

    for institution in licensing.contributors(gate):
        assert seen(delegate(institution)) and seen(member(institution))
    assert seen(operator(gate.checkpoint.allocation.resource.machine.centre))
    assert seen(deal.officer) and seen(research_officer())
    assert not seen(member()) and not seen(deal.buyer)


def test_money_rows_are_only_added(deal):
    deal.paid()
    for model in (Receipt, RevenueStatement, StatementLine, RevenuePolicy):
        rows = model.objects.all()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows._raw_delete(rows.db)


def test_a_licence_keeps_the_policy_it_was_agreed_under(deal):
    licence = deal.active()
    generous = waterfall.Policy(
        Fraction(0), None, Fraction(1, 2), FOUNDING.pass_up, FOUNDING.weights
    )
    newer = revenue_policies.adopt_policy(generous, by=None)
    assert newer.version == 2
    assert amounts(receipt(licence, by=deal.officer))["mission fund"] == 500_000
    later = Deal(offering=deal.offering)
    assert amounts(later.paid())["mission fund"] == 5_000_000


def test_the_founding_policy_is_adopted_once():
    first = revenue_policies.policy_in_force()
    assert revenue_policies.policy_in_force() == first
    assert first.document_sha256 == revenue_policies.policy_digest(first.rules)

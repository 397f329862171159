"""From an offering to terms that both sides agreed."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from consortium.errors import Invalid, Stale
from registry import agreements
from registry.actions import licences, offerings
from registry.models import CommercialOffering, Licence, LicenceTerms
from tests.factories.consortium import (
    InstitutionFactory,
    delegate,
    deployment_officer,
    member,
    research_officer,
)
from tests.factories.licensing import Deal, approved_gate, fresh, offering, terms
from tests.registry.actions.dealing import State, events_of

pytestmark = pytest.mark.django_db


# Offerings


def test_only_the_deployment_office_offers():
    gate = approved_gate()
    for other in (research_officer(), member(), delegate()):
        with pytest.raises(PermissionDenied):
            offerings.create(gate, details={"code": "x"}, by=other)


def test_only_what_passed_the_gate_is_offered():
    gate = approved_gate()
    gate.state = "deployment_review"
    with pytest.raises(PermissionDenied, match="passed the gate"):
        offering(gate)


def test_a_code_is_used_once():
    gate = approved_gate()
    offering(gate, code="eyes")
    with pytest.raises(Invalid) as caught:
        offering(gate, code="eyes")
    assert "code" in caught.value.errors


def test_an_offering_can_be_retired_and_offered_again():
    made, officer = offering(), deployment_officer()
    made = offerings.retire(made, by=officer)
    with pytest.raises(PermissionDenied):
        offerings.retire(made, by=officer)
    assert offerings.offer(made, by=officer).state == "offered"


def test_drafts_are_seen_by_the_office_alone():
    draft = offering(offered=False)
    seen = CommercialOffering.objects.visible_to
    assert draft in seen(deployment_officer())
    assert draft not in seen(member())
    assert draft not in seen(research_officer())


# Request


def test_a_request_opens_a_licence(deal):
    licence = deal.requested()
    assert licence.number.startswith("LIC-20") and licence.state == State.REQUESTED
    assert events_of(licence) == ["licence.requested"]


def test_only_people_of_an_enterprise_ask(deal):
    university = InstitutionFactory.create()
    for person, institution in (
        (member(university), university),
        (member(), deal.enterprise),
        (deal.officer, deal.enterprise),
    ):
        with pytest.raises(PermissionDenied):
            licences.request(deal.offering, institution, note="x", by=person)


def test_a_retired_offering_cannot_be_asked_for(deal):
    offerings.retire(deal.offering, by=deal.officer)
    deal.offering.refresh_from_db()
    with pytest.raises(PermissionDenied, match="not offered"):
        deal.requested()


def test_one_negotiation_at_a_time_but_again_after_it_ended(deal):
    licence = deal.requested()
    with pytest.raises(licences.AlreadyRequested):
        deal.requested()
    licences.decline(licence, reason="Too early.", by=deal.buyer)
    assert deal.requested().pk != licence.pk


def test_a_request_says_what_for(deal):
    with pytest.raises(Invalid, match="want to use"):
        licences.request(deal.offering, deal.enterprise, note=" ", by=deal.buyer)


# Turns


def test_terms_go_back_and_forth_until_accepted(deal):
    licence = deal.countered()
    licences.offer(licence, terms(cards=24), comment="Meet halfway.", by=deal.officer, answers=2)
    licence = licences.accept(fresh(licence), by=deal.buyer, revision=3)
    assert licence.state == State.AGREED
    assert [(r.revision, r.side, r.terms["cards"]) for r in licence.revisions.all()] == [
        (1, "licensor", 16),
        (2, "licensee", 32),
        (3, "licensor", 24),
    ]


def test_the_office_can_accept_a_counter_offer(deal):
    licence = licences.accept(deal.countered(), by=deal.officer, revision=2)
    assert licence.settled_terms["cards"] == 32


def test_nobody_accepts_their_own_terms(deal):
    with pytest.raises(PermissionDenied):
        licences.accept(deal.offered(), by=deal.officer, revision=1)
    other = Deal(offering=deal.offering)
    with pytest.raises(PermissionDenied):
        licences.accept(other.countered(), by=other.buyer, revision=2)


def test_turns_are_kept(deal):
    licence = deal.requested()
    with pytest.raises(PermissionDenied):
        licences.counter(licence, terms(), comment="", by=deal.buyer, answers=0)
    licences.offer(licence, terms(), comment="", by=deal.officer)
    with pytest.raises(PermissionDenied):
        licences.offer(licence, terms(), comment="", by=deal.officer, answers=1)
    with pytest.raises(PermissionDenied):
        licences.counter(licence, terms(), comment="", by=member(), answers=1)


@pytest.mark.parametrize("revision", [0, 2, 99])
def test_what_was_not_read_is_not_accepted(deal, revision):
    with pytest.raises(Stale):
        licences.accept(deal.offered(), by=deal.buyer, revision=revision)


def test_a_stale_counter_is_refused(deal):
    licence = deal.offered()
    with pytest.raises(Stale):
        licences.counter(licence, terms(), comment="", by=deal.buyer, answers=0)


def test_terms_stay_within_the_offering(deal):
    licence = deal.requested()
    with pytest.raises(Invalid, match="does not cover"):
        licences.offer(licence, terms(fields=("finance",)), comment="", by=deal.officer)


def test_an_officer_who_belongs_to_the_licensee_keeps_out(deal):
    licence = deal.requested()
    deal.officer.affiliations.create(institution=deal.enterprise, role="member", since="2026-01-01")
    officer = type(deal.officer).objects.get(pk=deal.officer.pk)
    with pytest.raises(PermissionDenied, match="belong to the licensee"):
        licences.offer(licence, terms(), comment="", by=officer)


@pytest.mark.parametrize("who", ["buyer", "officer"])
@pytest.mark.parametrize("step", ["requested", "offered", "countered", "agreed"])
def test_either_side_can_end_a_negotiation(deal, who, step):
    licence = getattr(deal, step)()
    with pytest.raises(Invalid):
        licences.decline(licence, reason="", by=getattr(deal, who))
    licence = licences.decline(licence, reason="No budget.", by=getattr(deal, who))
    assert (licence.state, licence.state_reason) == (State.DECLINED, "No budget.")


def test_not_after_a_side_has_signed(deal):
    with pytest.raises(PermissionDenied, match="signed already"):
        licences.decline(deal.half_signed(), reason="Oh.", by=deal.officer)


def test_revisions_are_only_added(deal):
    licence = deal.offered()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LicenceTerms.objects.filter(licence=licence).update(comment="never said")


# The agreement


def test_the_agreement_holds_every_term_in_both_languages(deal):
    licence = deal.agreed(public_facing=True, filing="GXB-2026-0123")
    text = licence.document
    assert licence.document_sha256 == agreements.digest(text)
    for expected in (
        licence.number,
        deal.enterprise.name_en,
        deal.enterprise.name_zh,
        licence.offering.gate.manifest_root,
        licence.offering.gate.number,
        licence.policy.document_sha256,
        "GXB-2026-0123",
        "¥100,000.00",
        "within 45 days",
        "以中文文本为准",
    ):
        assert expected in text
    assert text.count("\n3.") == 1 + len(agreements.CLAUSES)  # and the heading


def test_every_term_is_a_clause():
    assert {name for name, _label, _show in agreements.CLAUSES} == set(terms().as_json())


def test_the_agreed_document_never_changes(deal):
    licence = deal.agreed()
    with pytest.raises(DatabaseError), transaction.atomic():
        Licence.objects.filter(pk=licence.pk).update(document="cheaper")

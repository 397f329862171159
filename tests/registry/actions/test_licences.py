"""From a request to signatures, and what follows: turns, revisions, standing, the file."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from consortium.backends.signer import signer
from consortium.errors import Invalid, Stale, WrongState
from consortium.models import AuditEvent, Institution
from registry import agreements
from registry.actions import licences, offerings, signing, standing, trust
from registry.models import CommercialOffering, Licence, LicenceTerms, Side, Signature, StatusList
from registry.verifier import verify as verifier
from registry.verifier.codes import Code
from registry.verifier.memory import Memory
from registry.verifier.statuslist import Status, status_at
from registry.verifier.verify import Use
from tests.factories.consortium import (
    InstitutionFactory,
    delegate,
    deployment_officer,
    member,
    research_officer,
)
from tests.factories.licensing import Deal, approved_gate, fresh, offering, terms
from tests.intruder import triggers_off

State = Licence.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def deal():
    return Deal()


def events_of(licence):
    return list(
        AuditEvent.objects.filter(target_type="registry.licence", target_id=str(licence.pk))
        .order_by("pk")
        .values_list("action", flat=True)
    )


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


# Signatures


def test_both_sign_and_the_licence_is_in_force(deal):
    licence = deal.active()
    assert licence.state == State.ACTIVE
    assert events_of(licence)[-4:] == [
        "licence.signed_by_side",
        "licence.signed_by_side",
        "licence.signed",
        "licence.activated",
    ]
    sides = {s.side: (s.by, s.institution) for s in licence.signatures.all()}
    assert sides == {
        "licensee": (deal.delegate, deal.enterprise),
        "licensor": (deal.officer, None),
    }


def test_one_signature_is_not_enough(deal):
    licence = deal.half_signed()
    assert (licence.state, licence.token) == (State.AGREED, "")


def test_only_a_delegate_of_the_licensee_and_the_office_sign(deal):
    licence = deal.agreed()
    for side, person in (
        (Side.LICENSEE, deal.buyer),
        (Side.LICENSEE, delegate()),
        (Side.LICENSEE, deal.officer),
        (Side.LICENSOR, deal.delegate),
        (Side.LICENSOR, research_officer()),
    ):
        with pytest.raises(PermissionDenied):
            deal.sign(licence, side, person)


def test_nobody_signs_twice(deal):
    licence = deal.half_signed()
    with pytest.raises(PermissionDenied):
        deal.sign(licence, Side.LICENSEE, deal.delegate)


def test_nobody_signs_before_agreement(deal):
    with pytest.raises(PermissionDenied, match="agreed"):
        deal.sign(deal.offered(), Side.LICENSOR, deal.officer)


def test_a_signature_needs_fresh_proof_of_identity(deal):
    licence = deal.agreed()
    with pytest.raises(signing.TooLongAgo):
        signing.sign(
            licence,
            Side.LICENSEE,
            document_sha256=licence.document_sha256,
            method="password",
            reauthenticated_at=timezone.now() - timedelta(seconds=301),
            by=deal.delegate,
        )
    assert not Signature.objects.exists()


def test_only_the_document_that_was_shown_is_signed(deal):
    licence = deal.agreed()
    with pytest.raises(Stale):
        signing.sign(
            licence,
            Side.LICENSEE,
            document_sha256="0" * 64,
            method="password",
            reauthenticated_at=timezone.now(),
            by=deal.delegate,
        )


def test_signatures_are_only_added(deal):
    deal.half_signed()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Signature.objects.all().delete()


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2026, 11, 24), 12, (2027, 11, 24)),
        ((2027, 12, 31), 2, (2028, 2, 29)),
        ((2026, 6, 15), 18, (2027, 12, 15)),
    ],
)
def test_a_term_ends_on_the_same_day(start, months, end):
    begin = datetime(*start, 9, 30, tzinfo=UTC)
    assert signing.months_later(begin, months) == datetime(*end, 9, 30, tzinfo=UTC)


# The file


def judge(text, use=None, memory=None, now=None):
    return verifier.verify(
        text.encode(),
        root=signer().public_key("root"),
        now=now or trust.now_seconds(),
        memory=memory or Memory(),
        use=use,
    )


def test_the_file_verifies_and_says_what_was_agreed(deal):
    licence = deal.active(public_facing=True, filing="GXB-1", cards=64)
    verdict = judge(
        signing.licence_file(licence, by=deal.buyer),
        Use(
            manifest_root=licence.offering.gate.manifest_root,
            nodes=2,
            cards=64,
            field="manufacturing",
            region="CN",
            public_facing=True,
        ),
    )
    assert (verdict.code, verdict.warnings) == (Code.OK, [])
    claims = verdict.papers.licence
    assert claims["jti"] == licence.number
    assert claims["agr"]["sha256"] == licence.document_sha256
    assert claims["sub"] == {"id": deal.enterprise.slug, "name": deal.enterprise.name_zh}
    assert claims["exp"] == int(licence.expires_at.timestamp())


def test_the_file_is_the_same_each_time(deal):
    licence = deal.active()
    assert signing.licence_file(licence, by=deal.buyer) == signing.licence_file(
        fresh(licence), by=deal.delegate
    )


def test_nobody_else_gets_the_file(deal):
    licence = deal.active()
    for other in (member(), deal.officer, research_officer()):
        with pytest.raises(PermissionDenied):
            signing.licence_file(licence, by=other)


@pytest.mark.parametrize("step", ["requested", "agreed", "half_signed", "suspended", "revoked"])
def test_only_a_licence_in_force_has_a_file(deal, step):
    licence = getattr(deal, step)()
    with pytest.raises(PermissionDenied, match="in force"):
        signing.licence_file(licence, by=deal.buyer)


# Standing


@pytest.mark.parametrize(
    ("change", "code"),
    [(standing.suspend, Code.SUSPENDED), (standing.revoke, Code.REVOKED)],
)
def test_a_change_of_standing_reaches_the_verifier(deal, change, code):
    licence = deal.active()
    before = signing.licence_file(licence, by=deal.buyer)
    memory = judge(before).memory
    change(licence, reason="Unpaid.", by=deal.officer)
    trust_line, token, _status = before.splitlines()
    after = f"{trust_line}\n{token}\n{trust.current_list().text}\n"
    verdict = judge(after, memory=memory)
    assert verdict.code is code
    assert judge(before, memory=verdict.memory).code is Code.EPOCH_ROLLBACK


def test_a_suspension_can_end(deal):
    licence = standing.reinstate(deal.suspended(), reason="Paid.", by=deal.officer)
    assert judge(signing.licence_file(licence, by=deal.buyer)).code is Code.OK


def test_a_revocation_cannot(deal):
    with pytest.raises(WrongState):
        standing.reinstate(deal.revoked(), reason="Sorry.", by=deal.officer)


@pytest.mark.parametrize("change", [standing.suspend, standing.revoke])
def test_only_the_office_governs_and_says_why(deal, change):
    licence = deal.active()
    for other in (deal.buyer, deal.delegate, research_officer()):
        with pytest.raises(PermissionDenied):
            change(licence, reason="x", by=other)
    with pytest.raises(Invalid):
        change(licence, reason=" ", by=deal.officer)


def test_a_licence_expires_on_its_day(deal):
    licence = deal.active()
    assert standing.expire_due() == 0
    Licence.objects.filter(pk=licence.pk).update(expires_at=timezone.now())
    assert standing.expire_due() == 1
    assert fresh(licence).state == State.EXPIRED
    assert standing.expire_due() == 0
    assert events_of(licence).count("licence.expired") == 1


def test_every_licence_has_its_own_place_in_the_list():
    shared = offering()
    deals = [Deal(offering=shared) for _i in range(6)]
    made = [deal.active() for deal in deals]
    assert [licence.status_index for licence in made] == list(range(6))
    standing.revoke(made[2], reason="x", by=deals[2].officer)
    standing.suspend(made[4], reason="x", by=deals[4].officer)
    text = json.loads(verifier.jws.b64decode(trust.current_list().text.split(".")[1]))["lst"]
    expected = [Status.VALID] * 6 + [Status.REVOKED] * 2
    expected[2], expected[4] = Status.REVOKED, Status.SUSPENDED
    assert [status_at(text, index) for index in range(8)] == expected


def test_an_old_publication_is_renewed():
    trust.init_keys()
    first = trust.current_list()
    assert trust.current_list() == first
    with triggers_off():
        StatusList.objects.update(at=timezone.now() - timedelta(days=2))
    assert trust.current_list().epoch == first.epoch + 1


# Keys


def test_init_keys_twice_changes_nothing():
    assert trust.init_keys() == trust.init_keys()


def test_a_new_key_makes_a_new_version_and_old_licences_stay_valid(deal, settings):
    licence = deal.active()
    (settings.SIGNING_KEYS_DIR / "issuer.pem").unlink()
    try:
        with pytest.raises(trust.NoTrust):
            signer().ensure("issuer") and trust.signing_key("issuer")
        document = trust.init_keys()
        assert document.version == 2
        assert judge(signing.licence_file(licence, by=deal.buyer)).code is Code.OK
    finally:
        trust.init_keys()


# Who sees what


def test_a_licence_is_seen_by_its_sides(deal):
    licence = deal.active()

    def seen(user):
        return Licence.objects.visible_to(user).filter(pk=licence.pk).exists()

    assert seen(deal.buyer) and seen(deal.delegate) and seen(deal.officer)
    assert not seen(member()) and not seen(research_officer())
    home = Institution.objects.get(labs__models__checkpoints__gates=licence.offering.gate)
    assert not seen(member(home))


def test_contributors_trace_it_without_seeing_its_terms(deal):
    licence = deal.active()
    home = Institution.objects.get(labs__models__checkpoints__gates=licence.offering.gate)
    assert licence in Licence.objects.traceable_by(member(home))
    assert licence in Licence.objects.traceable_by(research_officer())
    assert licence not in Licence.objects.traceable_by(member())
    pending = Deal(offering=deal.offering).agreed()
    assert pending not in Licence.objects.traceable_by(member(home))


def test_files_are_open_to_the_licensee_in_force_alone(deal):
    licence = deal.active()
    seen = Licence.objects.downloadable_by
    assert licence in seen(deal.buyer)
    assert licence not in seen(deal.officer)
    assert licence not in seen(member())
    standing.suspend(licence, reason="x", by=deal.officer)
    assert licence not in seen(deal.buyer)

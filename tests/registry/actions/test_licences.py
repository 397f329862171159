"""From two signatures to a licence in force, its file and its standing."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from consortium.backends.signer import signer
from consortium.errors import Invalid, Stale, WrongState
from consortium.models import Institution
from registry.actions import signing, standing, trust
from registry.models import Licence, Side, Signature, StatusList
from registry.verifier import verify as verifier
from registry.verifier.codes import Code
from registry.verifier.memory import Memory
from registry.verifier.statuslist import Status, status_at
from registry.verifier.verify import Use
from tests.factories.consortium import (
    delegate,
    member,
    research_officer,
)
from tests.factories.licensing import Deal, fresh, offering
from tests.intruder import triggers_off
from tests.registry.actions.dealing import State, events_of

pytestmark = pytest.mark.django_db


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

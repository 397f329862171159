"""Offerings, negotiation, what a licensee fetches, income."""

import json

import pytest

from registry.actions import trust
from registry.models import CommercialOffering, Licence, RevenueStatement
from registry.verifier import bundle, manifest
from registry.verifier.jws import canonical
from tests.factories import licensing
from tests.factories.consortium import member
from tests.factories.licensing import Crossing, Deal, fresh
from tests.factories.registry import token
from tests.registry.views.pages import address

pytestmark = pytest.mark.django_db


# Offerings and negotiation


OFFERING = {
    "code": "eyes",
    "title_en": "Eyes",
    "title_zh": "慧眼",
    "summary_en": "Sees.",
    "summary_zh": "看见。",
    "fields_of_use": ["manufacturing"],
    "forms": ["on_premises"],
    "list_price_fen": "1200.50",
}


def test_an_offering_is_drafted_and_offered(enter, client):
    crossing = Crossing()
    gate = crossing.approved()
    enter(crossing.deployment)
    assert client.post(address("offering_create", gate.number), {}).status_code == 422
    client.post(address("offering_create", gate.number), OFFERING)
    made = CommercialOffering.objects.get()
    assert (made.list_price_fen, made.state) == (120050, "draft")
    client.post(address("offering_offer", "eyes"))
    client.logout()
    assert "Eyes" in client.get(address("offering_list")).content.decode()
    client.cookies["django_language"] = "zh-hans"
    assert "慧眼" in client.get(address("offering", "eyes")).content.decode()
    assert client.get(address("offering_list") + "?field=finance").status_code == 200


def test_the_catalogue_is_filtered_by_field(client):
    made = licensing.offering()
    yes = client.get(address("offering_list"), {"field": "energy"}).content.decode()
    no = client.get(address("offering_list"), {"field": "finance"}).content.decode()
    assert made.title in yes
    assert made.title not in no


def terms_form(**changes):
    return {
        "answers": 0,
        "fields_of_use": ["manufacturing"],
        "regions": "CN",
        "sites": "Suzhou，Wuxi",
        "nodes": 2,
        "cards": 16,
        "concurrency": 0,
        "months": 12,
        "price_fen": "100000.00",
        "royalty_basis_points": "2.50",
        "sublicense_depth": 0,
        "updates": "fixes",
        "grace_days": 30,
        "meter_unit": "none",
        "meter_period": "quarter",
        "status_days": 30,
        "status_grace_days": 15,
        "comment": "Ours.",
    } | changes


def test_from_quote_to_signatures_by_pages_alone(enter):
    trust.init_keys()
    deal = Deal()
    client = enter(deal.buyer)
    code = deal.offering.code
    assert client.post(address("licence_request", code), {}).status_code == 422
    client.post(
        address("licence_request", code), {"licensee": deal.enterprise.pk, "note": "Castings."}
    )
    licence = Licence.objects.get()
    number = licence.number

    client = enter(deal.officer)
    bad = client.post(address("licence_offer", number), terms_form(public_facing="on"))
    assert bad.status_code == 422
    assert "filing number" in bad.content.decode()
    client.post(address("licence_offer", number), terms_form())
    terms = fresh(licence).settled_terms
    assert (terms["price_fen"], terms["royalty_basis_points"]) == (10_000_000, 250)
    assert terms["sites"] == ["Suzhou", "Wuxi"]

    client = enter(deal.buyer)
    client.post(address("licence_counter", number), terms_form(answers=1, cards=32))
    page = client.get(licence.get_absolute_url()).content.decode()
    assert page.count("<mark>") == 1

    client = enter(deal.officer)
    stale = client.post(address("licence_accept_counter", number), {"revision": "1"})
    assert stale.status_code == 409
    client.post(address("licence_accept_counter", number), {"revision": "2"})
    licence = fresh(licence)
    assert licence.state == "agreed"

    for person in (deal.delegate, deal.officer):
        client = enter(person)
        review = client.get(address("licence_sign", number))
        assert licence.document_sha256 in review.content.decode()
        unread = {"document_sha256": licence.document_sha256}
        assert client.post(address("licence_sign", number), unread).status_code == 422
        wrong = {"document_sha256": "0" * 64, "read": "on"}
        assert client.post(address("licence_sign", number), wrong).status_code == 409
        signed = client.post(address("licence_sign", number), unread | {"read": "on"})
        assert signed.url == address("licence_signed", number)
        assert client.get(signed.url).status_code == 200
    assert fresh(licence).state == "active"


def test_a_signature_needs_a_fresh_proof(enter):
    deal = Deal()
    licence = deal.agreed()
    client = enter(deal.delegate, proved=False)
    form = {"document_sha256": licence.document_sha256, "read": "on"}
    answer = client.post(address("licence_sign", licence.number), form)
    assert answer.status_code == 302
    assert "reauthenticate" in answer.url
    assert not licence.signatures.exists()


def test_a_member_of_the_licensee_cannot_sign(enter):
    deal = Deal()
    licence = deal.agreed()
    answer = enter(deal.buyer).get(address("licence_sign", licence.number))
    assert answer.status_code == 403


def test_a_negotiation_is_ended_by_either_side(enter):
    deal = Deal()
    licence = deal.offered()
    client = enter(deal.buyer)
    assert client.post(address("licence_decline", licence.number), {}).status_code == 422
    client.post(address("licence_decline", licence.number), {"reason": "No budget."})
    assert fresh(licence).state == "declined"


@pytest.mark.parametrize(
    ("before", "change", "state"),
    [
        ("active", "suspend", "suspended"),
        ("suspended", "reinstate", "active"),
        ("active", "revoke", "revoked"),
        ("suspended", "revoke", "revoked"),
    ],
)
def test_the_office_changes_the_standing(enter, before, change, state):
    deal = Deal()
    licence = getattr(deal, before)()
    client = enter(deal.officer)
    where = address("licence_standing", licence.number, change)
    assert client.post(where, {"reason": ""}).status_code == 422
    client.post(where, {"reason": "So decided."})
    assert fresh(licence).state == state
    assert client.get(address("licence_standing", licence.number, "melt")).status_code == 404


# What a licensee fetches


def test_the_licensee_gets_the_file_and_the_bundle(enter):
    deal = Deal()
    licence = deal.active()
    client = enter(deal.buyer)
    text = client.get(address("licence_file", licence.number)).content
    assert bundle.read(text).licence == licence.token
    listed = client.get(address("licence_manifest", licence.number)).content
    rows = json.loads(listed)
    assert canonical(rows) == listed
    assert (
        manifest.root([manifest.File(**row) for row in rows]) == licence.offering.gate.manifest_root
    )
    for row in rows:
        answer = client.get(address("licence_bytes", licence.number, row["path"]))
        assert answer.status_code == 200
        assert answer["ETag"] == f'"{row["sha256"]}"'
        assert answer["X-Portal-Send"].startswith(row["sha256"])
    assert licence.downloads.count() == len(rows)


def test_a_cut_download_goes_on(enter):
    deal = Deal()
    licence = deal.active()
    file = licence.offering.gate.checkpoint.files.first()
    client, where = enter(deal.buyer), address("licence_bytes", licence.number, file.path)
    part = client.get(where, headers={"range": "bytes=3-"})
    assert part.status_code == 206
    assert part["Content-Range"] == f"bytes 3-{file.size - 1}/{file.size}"
    outside = client.get(where, headers={"range": f"bytes={file.size}-"})
    assert outside.status_code == 416
    row = licence.downloads.get()
    assert (row.first, row.last, row.by) == (3, file.size - 1, deal.buyer)


def test_a_token_with_the_scope_gets_the_bundle(client):
    deal = Deal()
    licence = deal.active()
    where = address("licence_manifest", licence.number)
    good, bad = token(deal.buyer, "licences:read"), token(deal.buyer, "registry:read")
    assert client.get(where, headers={"authorization": f"Bearer {good}"}).status_code == 200
    assert client.get(where, headers={"authorization": f"Bearer {bad}"}).status_code == 403
    assert client.get(where).status_code == 401


@pytest.mark.parametrize("route", ["licence_file", "licence_files", "licence_manifest"])
def test_without_a_licence_in_force_there_is_nothing(enter, route):
    deal = Deal()
    licence = deal.active()
    rival = Deal(offering=deal.offering)
    rival.agreed()
    for person in (rival.buyer, deal.officer, member()):
        assert enter(person).get(address(route, licence.number)).status_code == 404
    licensing.standing.suspend(licence, reason="Unpaid.", by=deal.officer)
    assert enter(deal.buyer).get(address(route, licence.number)).status_code == 404


def test_a_path_that_is_not_in_the_bundle_is_nothing(enter):
    deal = Deal()
    licence = deal.active()
    client = enter(deal.buyer)
    for path in ("nothing.bin", "../../secrets/root.pem", "%2e%2e/x"):
        answer = client.get(f"/licences/{licence.number}/files/{path}")
        assert answer.status_code == 404


def test_the_agreement_is_served_as_it_was_signed(enter):
    deal = Deal()
    licence = deal.agreed()
    body = enter(deal.buyer).get(address("licence_agreement", licence.number)).content
    assert body.decode() == licence.document


def test_verifiers_refresh_without_an_account(client):
    deal = Deal()
    deal.active()
    trust_line, status_line, end = client.get(address("status_list")).content.decode().split("\n")
    assert (trust_line, status_line, end) == (trust.trust_text(), trust.current_list().text, "")


def test_the_status_list_says_when_there_are_no_keys(client):
    assert client.get(address("status_list")).status_code == 409


# Income


RECEIPT = {
    "amount_fen": "106000.00",
    "tax_fen": "6000",
    "third_party_fen": "0",
    "received_on": "2026-11-01",
    "bank_reference": "ICBC-1",
}


def test_a_receipt_is_recorded_and_its_statement_shown(enter):
    deal = Deal()
    licence = deal.active()
    client = enter(deal.officer)
    where = address("receipt_create", licence.number)
    bad = client.post(where, RECEIPT | {"tax_fen": "200000"})
    assert bad.status_code == 422
    assert "nothing would be left" in bad.content.decode()
    done = client.post(where, RECEIPT)
    statement = RevenueStatement.objects.get()
    assert done.url == statement.get_absolute_url()
    assert statement.net_fen == 10_000_000
    again = client.post(where, RECEIPT | {"amount_fen": "1", "tax_fen": "0"})
    assert again.status_code == 409


def test_contributors_read_their_statement_and_its_csv(enter):
    statement = Deal().paid()
    contributor = member(licensing.contributors(statement.licence.offering.gate)[0])
    client = enter(contributor)
    page = client.get(statement.get_absolute_url()).content.decode()
    assert "¥80,000.00" in page
    rows = client.get(address("statement_csv", statement.number)).content.decode().splitlines()
    assert rows[0].startswith("party,basis")
    totals = [row.split(",") for row in rows if ",total," in row]
    assert sum(int(row[5]) for row in totals) == statement.net_fen
    assert client.get(statement.licence.get_absolute_url()).status_code == 404
    assert client.get(address("licence_provenance", statement.licence.number)).status_code == 200

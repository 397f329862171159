"""The chain from the gate to shared income over the API, each step by its own person."""

import json
import time
from datetime import date

import pytest
from django.test import Client

from consortium.models import AuditEvent, Scope
from registry.actions import trust
from registry.models import CommercialOffering, Licence, RevenueStatement, Signature, TransferGate
from registry.queries import provenance
from registry.terms import Terms
from registry.verifier import bundle
from tests.factories import licensing
from tests.factories.consortium import (
    delegate,
    deployment_officer,
    member,
    research_officer,
)
from tests.factories.licensing import STATEMENTS, Crossing, Deal, contributed_by_three
from tests.factories.registry import token

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TERMS = {
    "fields": ["manufacturing"],
    "regions": ["CN"],
    "nodes": 2,
    "cards": 16,
    "months": 12,
    "price_fen": 100_000_00,
}
PAYMENT = {
    "amount_fen": 106_000_00,
    "tax_fen": 6_000_00,
    "received_on": "2026-11-01",
    "bank_reference": "BANK-0001",
}


class Api:
    """One person's client: in a session that has just proved who it is, unless told."""

    def __init__(self, person, *, proved=True) -> None:
        if not person.has_usable_password():  # to have a way to confirm by
            person.set_password("not needed to sign in here")
            person.save()
        self.client = Client()
        self.client.force_login(person, backend=BACKEND)
        if proved:
            session = self.client.session
            session["account_authentication_methods"] = [
                {"method": "password", "at": time.time(), "reauthenticated": True}
            ]
            session["account_authentication_methods_user"] = str(person.pk)
            session.save()

    @classmethod
    def with_token(cls, person, *scopes):
        made = cls.__new__(cls)
        made.client = Client(headers={"Authorization": f"Bearer {token(person, *scopes)}"})
        return made

    def get(self, path, status=200):
        return self._checked(self.client.get(f"/api/v1/{path}"), status)

    def post(self, path, status=200, /, **body):
        sent = self.client.post(f"/api/v1/{path}", body, content_type="application/json")
        return self._checked(sent, status)

    @staticmethod
    def _checked(response, status):
        assert response.status_code == status, response.content
        is_json = "json" in response["Content-Type"]
        return response.json() if is_json else response.content.decode()


def through_the_gate(crossing) -> str:
    """From the request to the certificate. Returns the transfer's number."""
    lab = Api(crossing.requester)
    asked = lab.post(
        "transfers/", 201, release=crossing.release.pk, purpose_en="Defect inspection."
    )
    gate = f"transfers/{asked['number']}/"
    assert asked["state"] == "requested"
    assert lab.post(f"{gate}run-checks/")["state"] == "checks"
    lab.post(f"{gate}restate/", statements=STATEMENTS)
    checked = lab.post(f"{gate}run-checks/")
    assert checked["state"] == "research_review"
    assert all(check["passed"] for check in checked["checks"])
    approved = Api(crossing.research).post(f"{gate}approve-research/", note="Reproducible.")
    assert approved["state"] == "consenting"
    assert {row["verdict"] for row in approved["consents"]} == {None}
    contributing = licensing.contributors(TransferGate.objects.get())
    assert {row["institution"] for row in approved["contributions"]} == {
        institution.slug for institution in contributing
    }
    for institution in contributing:
        Api(delegate(institution)).post(
            f"{gate}consent/", institution=institution.slug, verdict="consent"
        )
    done = Api(crossing.deployment).post(f"{gate}approve-deployment/")
    assert done["state"] == "approved"
    assert [row["arm"] for row in done["approvals"]] == ["research", "deployment"]
    assert len(json.loads(done["certificate"])["signatures"]) == 2
    return str(asked["number"])


def into_the_catalogue(officer, gate) -> str:
    made = officer.post(
        "offerings/",
        201,
        gate=gate,
        code="inspect-1.5",
        title_en="Visual inspection",
        title_zh="视觉检测",
        summary_en="Finds defects.",
        summary_zh="发现缺陷。",
        fields=["manufacturing", "energy"],
        forms=["on_premises"],
        list_price_fen=120_000_00,
    )
    assert made["state"] == "draft"
    offered = officer.post("offerings/inspect-1.5/offer/")
    assert (offered["state"], offered["fields"]) == ("offered", ["manufacturing", "energy"])
    return str(made["code"])


def negotiated(officer, deal, offering) -> str:
    """Offered, countered and accepted. Returns the address of the licence."""
    buyer = Api(deal.buyer)
    asked = buyer.post(
        "licences/", 201, offering=offering, licensee=deal.enterprise.slug, note="Two plants."
    )
    licence = f"licences/{asked['number']}/"
    officer.post(f"{licence}offer/", terms=TERMS, comment="Our offer.")
    buyer.post(f"{licence}counter/", answers=1, terms=TERMS | {"cards": 32})
    officer.post(f"{licence}accept/", 409, revision=1)
    agreed = officer.post(f"{licence}accept/", revision=2)
    assert agreed["state"] == "agreed"
    assert [row["terms"]["cards"] for row in agreed["revisions"]] == [16, 32]
    assert [row["side"] for row in agreed["revisions"]] == ["licensor", "licensee"]
    return licence


def test_the_whole_chain_by_the_right_people():
    trust.init_keys()
    crossing = contributed_by_three()
    officer = Api(crossing.deployment)
    offering = into_the_catalogue(officer, through_the_gate(crossing))
    deal = Deal(offering=CommercialOffering.objects.get(code=offering), officer=crossing.deployment)
    licence = negotiated(officer, deal, offering)

    digest = Api(deal.delegate).get(licence)["document_sha256"]
    half = Api(deal.delegate).post(f"{licence}sign/", document_sha256=digest)
    assert [row["side"] for row in half["signatures"]] == ["licensee"]
    whole = officer.post(f"{licence}sign/", document_sha256=digest)
    assert whole["state"] == "active"
    assert {row.method for row in Signature.objects.all()} == {"password"}

    reader = Api.with_token(deal.buyer, Scope.LICENCES_READ)
    papers = bundle.read(reader.get(f"{licence}licence-file/").encode())
    assert papers.licence == Licence.objects.get().token
    files = reader.get(f"{licence}files/")
    assert {file["path"] for file in files} == {"model.safetensors", "README.md"}
    assert all(reader.client.get(file["href"]).status_code == 200 for file in files)

    statement = officer.post(f"{licence}receipts/", 201, **PAYMENT)
    assert statement["net_fen"] == 100_000_00
    assert sum(line["amount_fen"] for line in statement["lines"]) == statement["net_fen"]
    again = officer.post(f"{licence}receipts/", 201, **PAYMENT)
    assert again["number"] == statement["number"]
    contributor = Api(member(licensing.contributors(TransferGate.objects.get())[0]))
    assert contributor.get("statements/")["results"][0]["number"] == statement["number"]
    assert contributor.get(f"statements/{statement['number']}/") == statement

    traced = contributor.get(f"{licence}provenance/")
    assert traced["ok"] is True
    shown = provenance.provenance(Licence.objects.get())
    assert [link["code"] for link in traced["links"]] == [link.code for link in shown]
    contributor.get(licence, 404)  # the terms stay closed to it


# The gate


def test_a_checkpoint_stands_at_the_gate_once():
    crossing = Crossing()
    gate = crossing.in_review()
    lab = Api(crossing.requester)
    refused = lab.post("transfers/", 409, release=crossing.release.pk, purpose_en="Again.")
    assert refused["code"] == "AlreadyAtTheGate"
    ended = lab.post(f"transfers/{gate.number}/cancel/", reason="Not yet.")
    assert (ended["state"], ended["ended_reason"]) == ("cancelled", "Not yet.")


def test_only_the_lab_asks_and_only_who_may_see_it_reads_it():
    crossing = Crossing()
    Api(member()).post("transfers/", 403, release=crossing.release.pk, purpose_en="Mine.")
    gate = crossing.in_review()
    for stranger in (member(), deployment_officer()):
        Api(stranger).get(f"transfers/{gate.number}/", 404)
        assert Api(stranger).get("transfers/")["results"] == []
    Api(crossing.requester).post(f"transfers/{gate.number}/approve-research/", 403)
    assert Api(research_officer()).get("transfers/")["results"][0]["number"] == gate.number


@pytest.mark.parametrize(
    ("step", "officer"), [("in_review", "research"), ("consented", "deployment")]
)
def test_the_arm_whose_turn_it_is_refuses(step, officer):
    crossing = Crossing()
    gate = getattr(crossing, step)()
    address = f"transfers/{gate.number}/refuse/"
    Api(crossing.requester).post(address, 403, reason="No.")
    Api(getattr(crossing, officer)).post(address, 422, reason=" ")
    refused = Api(getattr(crossing, officer)).post(address, reason="No market.")
    assert (refused["state"], refused["ended_reason"]) == ("refused", "No market.")


def test_an_institution_objects_by_its_own_delegate_with_a_reason():
    gate = Crossing().consenting()
    home = licensing.contributors(gate)[0]
    address = f"transfers/{gate.number}/consent/"
    said = {"institution": home.slug, "verdict": "objection"}
    Api(member(home)).post(address, 403, **said)
    speaker = Api(delegate(home))
    assert "reason" in speaker.post(address, 422, **said)["errors"]
    answered = speaker.post(address, reason="Patient data.", **said)
    assert answered["state"] == "refused"
    assert answered["consents"][0]["verdict"] == "objection"


# Sensitive acts


def sensitive():
    """(path, body, who) of everything that needs a fresh proof."""
    waiting, consenting, consented = Crossing(), Crossing(), Crossing()
    first, second = waiting.in_review(), consenting.consenting()
    third = consented.consented()
    home = licensing.contributors(second)[0]
    offering = licensing.offering()
    agreed, active = Deal(offering=offering), Deal(offering=offering)
    ready, running = agreed.agreed(), active.active()
    signing = {"document_sha256": ready.document_sha256}
    return [
        (f"transfers/{first.number}/approve-research/", {}, waiting.research),
        (f"transfers/{first.number}/refuse/", {"reason": "No."}, waiting.research),
        (
            f"transfers/{second.number}/consent/",
            {"institution": home.slug, "verdict": "consent"},
            delegate(home),
        ),
        (f"transfers/{third.number}/approve-deployment/", {}, consented.deployment),
        (f"licences/{ready.number}/sign/", signing, agreed.delegate),
        (f"licences/{running.number}/suspend/", {"reason": "Unpaid."}, active.officer),
        (f"licences/{running.number}/reinstate/", {"reason": "Paid."}, active.officer),
        (f"licences/{running.number}/revoke/", {"reason": "Breach."}, active.officer),
    ]


def test_approvals_consents_and_signatures_take_no_token_and_need_fresh_proof():
    cases = sensitive()
    events = AuditEvent.objects.count()
    for path, body, person in cases:
        by_token = Api.with_token(person, *Scope).post(path, 403, **body)
        assert "API tokens" in by_token["detail"], path
        unproved = Api(person, proved=False).post(path, 403, **body)
        assert "/accounts/reauthenticate/" in unproved["detail"], path
    assert AuditEvent.objects.count() == events


def test_one_signs_for_ones_own_side_what_was_read():
    deal = Deal()
    licence = deal.agreed()
    address = f"licences/{licence.number}/sign/"
    digest = licence.document_sha256
    Api(deal.buyer).post(address, 403, document_sha256=digest)
    Api(delegate()).post(address, 404, document_sha256=digest)
    stale = Api(deal.delegate).post(address, 409, document_sha256="0" * 64)
    assert stale["code"] == "Stale"
    Api(deal.delegate).post(address, document_sha256=digest)
    Api(deal.delegate).post(address, 403, document_sha256=digest)
    assert Signature.objects.get().side == "licensee"


# Tokens


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "licences/", {}),
        ("get", "transfers/", {}),
        ("get", "statements/", {}),
        ("get", "offerings/", {}),
        ("post", "licences/", {"offering": "x", "licensee": "x", "note": "x"}),
        ("post", "transfers/", {"release": 1}),
    ],
)
def test_a_token_needs_the_scope(method, path, body):
    scope = Scope.LICENCES_READ if method == "post" else Scope.REGISTRY_READ
    refused = getattr(Api.with_token(member(), scope), method)(path, 403, **body)
    assert "scope" in refused["detail"]


def test_a_token_negotiates():
    deal = Deal()
    scopes = (Scope.LICENCES_READ, Scope.LICENCES_WRITE)
    buyer, officer = (Api.with_token(who, *scopes) for who in (deal.buyer, deal.officer))
    body = {"offering": deal.offering.code, "licensee": deal.enterprise.slug, "note": "Plants."}
    number = buyer.post("licences/", 201, **body)["number"]
    assert buyer.post("licences/", 409, **body)["code"] == "AlreadyRequested"
    officer.post(f"licences/{number}/offer/", terms=TERMS)
    officer.post(f"licences/{number}/accept/", 403, revision=1)
    declined = buyer.post(f"licences/{number}/decline/", reason="Too dear.")
    assert (declined["state"], declined["state_reason"]) == ("declined", "Too dear.")


# Input


def test_unknown_fields_are_refused_everywhere():
    deal = Deal()
    licence = deal.requested()
    buyer, officer = Api(deal.buyer), Api(deal.officer)
    crossing = Crossing()
    gate = f"transfers/{crossing.requested().number}"
    for who, path in [
        (Api(crossing.requester), "transfers/"),
        (Api(crossing.requester), f"{gate}/restate/"),
        (Api(crossing.requester), f"{gate}/cancel/"),
        (officer, "offerings/"),
        (buyer, "licences/"),
        (officer, f"licences/{licence.number}/offer/"),
        (buyer, f"licences/{licence.number}/accept/"),
        (buyer, f"licences/{licence.number}/decline/"),
        (officer, f"licences/{licence.number}/receipts/"),
    ]:
        assert "by" in who.post(path, 422, by=1)["errors"], path


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        (TERMS | {"seats": 3}, "seats"),
        (TERMS | {"nodes": "many"}, "nodes"),
        (TERMS | {"months": 0}, "months"),
        (TERMS | {"fields": ["alchemy"]}, "fields"),
        (TERMS | {"public_facing": True}, "filing"),
        ({k: v for k, v in TERMS.items() if k != "price_fen"}, "price_fen"),
    ],
)
def test_terms_are_checked_one_by_one(terms, wrong):
    deal = Deal()
    licence = deal.requested()
    answer = Api(deal.officer).post(f"licences/{licence.number}/offer/", 422, terms=terms)
    assert list(answer["errors"]["terms"]) == [wrong]


def test_terms_go_in_as_they_come_out():
    full = licensing.terms(sites=("Plant 1",), finetune=True, hosts=("a" * 64,)).as_json()
    deal = Deal()
    address = f"licences/{deal.requested().number}/offer/"
    offered = Api(deal.officer).post(address, terms=full)
    assert offered["revisions"][0]["terms"] == full
    assert Terms.from_json(full)


# Standing, files, money


def test_the_office_governs_a_licence_and_others_do_not():
    deal = Deal()
    address = f"licences/{deal.active().number}"
    officer, buyer = Api(deal.officer), Api(deal.buyer)
    buyer.post(f"{address}/suspend/", 403, reason="Mine.")
    assert officer.post(f"{address}/reinstate/", 409, reason="?")["code"] == "WrongState"
    assert officer.post(f"{address}/suspend/", reason="Unpaid.")["state"] == "suspended"
    buyer.get(f"{address}/licence-file/", 404)
    assert officer.post(f"{address}/reinstate/", reason="Paid.")["state"] == "active"
    assert officer.post(f"{address}/revoke/", reason="Breach.")["state"] == "revoked"
    assert officer.post(f"{address}/suspend/", 409, reason="Late.")["code"] == "WrongState"


def test_files_are_for_the_licensee_alone():
    deal = Deal()
    number = deal.active().number
    for person in (deal.officer, member(), delegate()):
        Api(person).get(f"licences/{number}/licence-file/", 404)
        Api(person).get(f"licences/{number}/files/", 404)
    Api(deal.buyer).get(f"licences/{number}/licence-file/")
    assert AuditEvent.objects.filter(action="licence.file_downloaded").count() == 1


def test_money_is_recorded_by_the_office_and_seen_by_those_with_a_share():
    deal = Deal()
    address = f"licences/{deal.active().number}/receipts/"
    Api(deal.buyer).post(address, 403, **PAYMENT)
    officer = Api(deal.officer)
    tomorrow = PAYMENT | {"received_on": date.max.isoformat()}
    assert "received_on" in officer.post(address, 422, **tomorrow)["errors"]
    statement = officer.post(address, 201, **PAYMENT)
    changed = officer.post(address, 409, **PAYMENT | {"amount_fen": 1_000_000})
    assert changed["code"] == "ReceiptKnown"
    Api(deal.buyer).get(f"statements/{statement['number']}/", 404)
    assert RevenueStatement.objects.count() == 1


def test_anybody_reads_the_catalogue_but_not_what_is_drafted():
    offered, draft = licensing.offering(), licensing.offering(offered=False)
    anonymous = Client()
    found = anonymous.get("/api/v1/offerings/").json()["results"]
    assert [row["code"] for row in found] == [offered.code]
    assert anonymous.get(f"/api/v1/offerings/{offered.code}/").status_code == 200
    assert anonymous.get(f"/api/v1/offerings/{draft.code}/").status_code == 404
    Api(member()).post("offerings/", 403, code="mine")
    officer = Api(deployment_officer())
    assert officer.post(f"offerings/{offered.code}/retire/")["state"] == "retired"
    officer.post(f"offerings/{offered.code}/retire/", 403)

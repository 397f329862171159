"""The chain behind a licence: it holds when all is well, and each forgery breaks its link."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from consortium.actions.seals import seal
from consortium.models import AuditEvent, Transfer
from registry.backends import store
from registry.models import (
    CheckpointFile,
    Contribution,
    Licence,
    Signature,
    StatementLine,
    TransferGate,
)
from registry.queries.provenance import holds, provenance
from tests.factories import licensing
from tests.factories.licensing import Deal
from tests.intruder import triggers_off

pytestmark = pytest.mark.django_db
CODES = [
    *("allocation", "usage", "training_run", "checkpoint", "release", "gate", "offering"),
    *("licence", "metered_use", "receipts", "audit"),
]


@pytest.fixture
def licence():
    crossing = licensing.contributed_by_three()
    return Deal(offering=licensing.offering(crossing.approved())).paid().licence


def broken(licence):
    return [link.code for link in provenance(licence) if link.ok is False]


def test_every_link_is_there_and_holds(licence):
    links = provenance(licence)
    assert [link.code for link in links] == CODES
    assert holds(links), [link.as_json() for link in links if link.ok is False]
    assert next(link for link in links if link.code == "metered_use").ok is None


def test_a_licence_without_income_says_so():
    crossing = licensing.contributed_by_three()
    licence = Deal(offering=licensing.offering(crossing.approved())).active()
    link = next(link for link in provenance(licence) if link.code == "receipts")
    assert link.ok is None
    assert link.facts[0].value == "0"


def forge(rows, **change):
    with triggers_off():
        rows.update(**change)


FORGERIES = {
    "checkpoint": lambda lic: forge(
        CheckpointFile.objects.filter(checkpoint=lic.offering.gate.checkpoint), size=1
    ),
    "gate": lambda lic: forge(Contribution.objects.all(), amount=1_000_000),
    "licence": lambda lic: forge(Licence.objects.filter(pk=lic.pk), document="Free for all."),
    "receipts": lambda lic: forge(StatementLine.objects.filter(party="mission_fund"), amount_fen=1),
    "offering": lambda lic: forge(type(lic.offering).objects.all(), state="draft"),
    "release": lambda lic: forge(type(lic.offering.gate.release).objects.all(), state="draft"),
}


@pytest.mark.parametrize("code", sorted(FORGERIES))
def test_a_forgery_breaks_its_link(licence, code):
    FORGERIES[code](licence)
    assert code in broken(licence)


def test_a_forged_certificate_breaks_the_gate(licence):
    gate = licence.offering.gate
    forge(
        TransferGate.objects.filter(pk=gate.pk),
        certificate=gate.certificate.replace("a", "b", 1),
    )
    assert broken(licence) == ["gate"]


def test_a_signature_for_another_document_does_not_count(licence):
    forge(Signature.objects.filter(side="licensee"), document_sha256="0" * 64)
    assert broken(licence) == ["licence"]


def test_a_token_of_another_licence_breaks_it(licence):
    other = Deal(offering=licence.offering).active()
    with triggers_off():
        Licence.objects.filter(pk=licence.pk).update(token=other.token)
    assert broken(licence) == ["licence"]


def test_a_posting_that_is_changed_is_found(licence):
    line = StatementLine.objects.filter(party="institution").first()
    forge(Transfer.objects.filter(pk=line.transfer), amount=1)
    assert broken(licence) == ["receipts"]


def test_bytes_that_are_changed_in_the_store_are_found(licence):
    file = licence.offering.gate.checkpoint.files.get(path="model.safetensors")
    path = store().path(file.sha256)
    path.chmod(0o600)
    path.write_bytes(b"x" * file.size)
    assert broken(licence) == ["checkpoint"]


def test_a_changed_event_under_a_seal_is_found(licence):
    seal()
    event = AuditEvent.objects.filter(action="licence.signed").get()
    with triggers_off():
        AuditEvent.objects.filter(pk=event.pk).update(actor_name="somebody else")
    facts = {f.name: f for link in provenance(licence) if link.code == "audit" for f in link.facts}
    sealed = not facts["sealed"].value.startswith("0 ")
    assert facts["unchanged"].ok is not sealed


def test_the_command_prints_json_and_fails_when_a_link_does(licence):
    out = io.StringIO()
    call_command("provenance", licence.number, "--json", stdout=out)
    body = json.loads(out.getvalue())
    assert body["ok"] is True
    assert [link["code"] for link in body["links"]] == CODES
    FORGERIES["licence"](licence)
    with pytest.raises(CommandError, match="licence"):
        call_command("provenance", licence.number, stdout=io.StringIO())


def test_an_unknown_licence_is_said():
    with pytest.raises(CommandError, match="no licence"):
        call_command("provenance", "LIC-1999-0001")
